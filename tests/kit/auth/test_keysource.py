"""Keys are fetched once for everybody, kept through outages, and never on a stranger's demand."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from greenroom.kit.auth.download import MAX_DOCUMENT, http_client
from greenroom.kit.auth.keysource import KeySource, Timing
from greenroom.kit.problems import Unavailable
from tests.kit.auth.clock import HOUR, Clock
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import Signer

pytestmark = pytest.mark.anyio

FIRST = Signer("EdDSA", "first")
SECOND = Signer("ES256", "second")

BAD_ANSWERS = {
    "HTML": (b"<html>not json</html>", "200 OK"),
    "a list": (b"[]", "200 OK"),
    "no keys": (b"{}", "200 OK"),
    "an empty list": (b'{"keys": []}', "200 OK"),
    "only strange keys": (json.dumps({"keys": [1, None, {"kty": "oct", "k": "AA", "kid": "first"}, {"kty": "OKP"}]}).encode(), "200 OK"),
    "deep": (b"[" * 100_000, "200 OK"),
    "huge": (b" " * (MAX_DOCUMENT + 1), "200 OK"),
    "not UTF-8": (b'{"keys": "\xff"}', "200 OK"),
    "nothing": (b"", "200 OK"),
    "no content": (b"", "204 No Content"),
    "an error": (b'{"keys": []}', "500 Internal Server Error"),
    "redirected": (b"", "302 Found\r\nLocation: http://127.0.0.1:1/"),
    "compressed": (b"\x1f\x8b", "200 OK\r\nContent-Encoding: gzip"),
    "no HTTP": (b"", "xyz"),
}


@asynccontextmanager
async def source(server: KeyServer, clock: Clock | None = None, **timing: float) -> AsyncIterator[KeySource]:
    async with http_client() as client:
        keys = KeySource(server.url, client, Timing(**timing), clock or Clock())
        yield keys
        await keys.close()


async def unavailable(keys: KeySource, kid: str = "first") -> str:
    with pytest.raises(Unavailable) as caught:
        await keys.key(kid)
    assert caught.value.detail == "The keys to verify tokens with cannot be fetched now"
    return caught.value.headers["Retry-After"]


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with KeyServer.started() as server:
        server.publish(FIRST)
        yield server


async def test_many_at_once_share_one_fetch(server: KeyServer) -> None:
    server.delay = 0.05
    async with source(server) as keys:
        found = await asyncio.gather(*[keys.key("first") for _ in range(50)])
        assert all(found)
        assert await keys.key("first")
    assert server.hits == 1


async def test_who_leaves_does_not_cancel_the_fetch_for_the_others(server: KeyServer) -> None:
    server.delay = 0.05
    async with source(server) as keys:
        leaving, staying = asyncio.create_task(keys.key("first")), asyncio.create_task(keys.key("first"))
        await asyncio.sleep(0.01)
        leaving.cancel()
        assert await staying
        with pytest.raises(asyncio.CancelledError):
            await leaving
    assert server.hits == 1


async def test_unknown_keys_are_looked_for_once_in_a_while(server: KeyServer) -> None:
    clock = Clock()
    async with source(server, clock) as keys:
        await keys.key("first")
        server.delay = 0.02
        assert not any(await asyncio.gather(*[keys.key(f"invented-{n}") for n in range(100)]))
        for n in range(100):
            assert await keys.key(f"invented-{n}") is None
        assert server.hits == 2
        clock.passes(9.9)
        assert await keys.key("invented") is None
        assert server.hits == 2
        clock.passes(0.2)
        assert await keys.key("invented") is None
        assert server.hits == 3


async def test_a_new_key_is_found_at_once_and_a_withdrawn_one_forgotten(server: KeyServer) -> None:
    async with source(server) as keys:
        for signers in ([FIRST], [FIRST, SECOND], [SECOND]):
            server.publish(*signers)
            assert await keys.key(signers[-1].kid)
        assert await keys.key("first")  # fresh for an hour yet
        third = Signer("EdDSA", "third")
        server.publish(SECOND, third)
        assert await keys.key("third")
        assert await keys.key("first") is None


async def test_keys_are_fetched_again_before_anybody_must_wait(server: KeyServer) -> None:
    clock = Clock()
    async with source(server, clock, timeout=30) as keys:
        await keys.key("first")
        clock.passes(2800)
        assert await keys.key("first")
        assert server.hits == 1
        clock.passes(100)
        server.delay = 30
        server.asked.clear()
        async with asyncio.timeout(5):
            assert await keys.key("first")
            await server.asked.wait()
            assert await keys.key("first")
    assert server.hits == 2


async def test_a_withdrawn_key_is_refused_after_an_idle_night(server: KeyServer) -> None:
    clock = Clock()
    async with source(server, clock) as keys:
        await keys.key("first")
        server.publish(SECOND)
        clock.passes(8 * HOUR)
        assert await keys.key("first") is None
        assert await keys.key("second")
    assert server.hits == 2


async def test_an_outage_is_bridged_up_to_a_limit(server: KeyServer) -> None:
    clock = Clock()
    async with source(server, clock) as keys:
        await keys.key("first")
        server.say(b"", "503 Service Unavailable")
        for _ in range(25):
            clock.passes(0.99 * HOUR)
            assert await keys.key("first")
        assert await keys.key("first")
        assert int(await unavailable(keys, "second")) <= 10
        clock.passes(HOUR)
        await unavailable(keys)
        server.publish(FIRST)
        clock.passes(10)
        assert await keys.key("first")


async def test_in_a_known_outage_nobody_waits_who_has_a_key(server: KeyServer) -> None:
    clock = Clock()
    async with source(server, clock) as keys:
        await keys.key("first")
        server.say(b"", "503 Service Unavailable")
        clock.passes(HOUR)
        assert await keys.key("first")  # waits for the answer, and learns of the outage
        server.delay = 30
        clock.passes(10)
        async with asyncio.timeout(4):  # less than one fetch may take
            assert await keys.key("first")


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_replaces_nothing(server: KeyServer, name: str, caplog: pytest.LogCaptureFixture) -> None:
    body, status = BAD_ANSWERS[name]
    clock = Clock()
    async with source(server, clock) as keys:
        await keys.key("first")
        server.say(body, status)
        clock.passes(HOUR)
        with caplog.at_level(logging.WARNING):
            assert await keys.key("first")
        assert server.url in caplog.text
    async with source(server) as keys:
        assert await unavailable(keys) == "1"


async def test_failures_are_spaced_out(server: KeyServer) -> None:
    server.say(b"", "500 Internal Server Error")
    clock = Clock()
    async with source(server, clock) as keys:
        for expected in ("1", "2", "4", "8", "10", "10"):
            hits = server.hits
            for _ in range(20):
                assert await unavailable(keys) == expected
            assert server.hits == hits + 1
            clock.passes(float(expected))


@pytest.mark.parametrize("pause", [0, 0.02])
async def test_slow_answers_end_in_time(server: KeyServer, pause: float) -> None:
    server.delay, server.pause = (0 if pause else 5), pause
    async with source(server, timeout=0.15) as keys:
        async with asyncio.timeout(1):
            assert await unavailable(keys) == "1"


async def test_a_server_that_is_not_there_is_no_error_of_ours(server: KeyServer) -> None:
    server.url = "http://127.0.0.1:1/jwks"
    async with source(server) as keys:
        assert await unavailable(keys) == "1"


async def test_closing_ends_a_fetch(server: KeyServer) -> None:
    server.delay = 5
    async with http_client() as client:
        keys = KeySource(server.url, client, Timing())
        waiting = asyncio.create_task(keys.key("first"))
        await asyncio.sleep(0.05)
        await keys.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
