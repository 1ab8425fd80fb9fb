"""A real server that is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx
import pytest

from tests.kit.web.serving import served

pytestmark = pytest.mark.anyio


async def test_readiness_says_so_first_and_what_has_begun_ends(anyio_backend: str) -> None:
    with served("tests.kit.web.served:app", {"WEB_DRAIN": "1"}) as (process, url):
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/health/ready")).status_code == 200
            slow = asyncio.create_task(client.get("/slow", params={"seconds": 2}))
            await asyncio.sleep(0.3)
            told = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            # Before it stops accepting: readiness is 503, and all else is as before, on new connections too.
            async with httpx.AsyncClient(base_url=url) as other:
                answer = await other.get("/health/ready")
                assert (answer.status_code, answer.json()["detail"]) == (503, "The server is stopping")
                assert (await other.get("/health/live")).status_code == 200
                assert (await other.get("/slow", params={"seconds": 0})).json() == "done"
            assert (await slow).json() == "done"
        output, _ = await asyncio.to_thread(process.communicate, timeout=10)
        assert time.monotonic() - told > 1
        assert process.returncode in {0, -signal.SIGTERM}
        assert "Traceback" not in output
        assert "Finished server process" in output


async def test_a_second_signal_does_not_wait(anyio_backend: str) -> None:
    with served("tests.kit.web.served:app", {"WEB_DRAIN": "60"}) as (process, _):
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.communicate, timeout=20)
