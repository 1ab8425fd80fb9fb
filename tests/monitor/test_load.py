"""A small run of `load`; the large one is ``python -m tests.monitor.load``."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from greenroom.monitor import install
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.logs import log_sink
from tests.executable.postgres import private_postgres
from tests.monitor.load import answers, ask, differences, served, talk
from tests.monitor.loaded import HAZARDS, Author, Base, expired, fill

_SETTLED = 20.0
"""Seconds for the last background tasks of a server on a busy machine."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with private_postgres() as url:
        asyncio.run(fill(url))
        yield url


def test_every_incident_is_counted_once_by_two_processes(url: str, tmp_path: Path) -> None:
    with served(url, tmp_path, workers=2, modes="explain,log,count") as server:
        expected = asyncio.run(ask(server, 400, concurrent=8)) + asyncio.run(talk(server, 4))
        end = time.monotonic() + _SETTLED
        while (wrong := differences(expected, server.met())) and time.monotonic() < end:
            time.sleep(0.1)
    assert expected.total() > 100
    assert wrong == []
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_answers_are_the_same_byte_for_byte(url: str, tmp_path: Path) -> None:
    with served(url, tmp_path / "bare", monitored=False) as bare, served(url, tmp_path / "monitored") as monitored:
        assert asyncio.run(answers(bare)) == asyncio.run(answers(monitored))
        met = {hazard[2] for hazard in monitored.met()}
    assert met == {hazard.subject for hazards in HAZARDS.values() for hazard in hazards}


def test_memory_does_not_grow() -> None:
    """What a request leaves behind, while its hazards are told to every sink, is nothing."""
    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")

    @app.get("/authors/{number}")
    async def read(number: int) -> str:
        async with AsyncSession(engine) as session:
            found = await expired(session)
            try:
                return found.name
            except Exception as error:  # noqa: BLE001  # swallowed as applications do
                return str(error)

    app.add_middleware(MonitorMiddleware)

    async def grown(requests: int) -> int:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session:
            session.add(Author(id=4, name="Ann"))
            await session.commit()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:

            async def some(first: int) -> int:
                for number in range(first, first + requests):
                    await client.get(f"/authors/{number}", headers={"x-request-id": str(number)})
                gc.collect()
                return tracemalloc.get_traced_memory()[0]

            await some(0)
            return -await some(requests) + await some(2 * requests)

    silent = logging.getLogger("greenroom.test.silent")
    silent.propagate = False  # pytest keeps what it is told
    tracemalloc.start()
    try:
        with install("explain", "count", sinks=[log_sink(silent)]):
            difference = asyncio.run(grown(100))
    finally:
        tracemalloc.stop()
        asyncio.run(engine.dispose())
    assert difference < 20_000  # 200 bytes a request
