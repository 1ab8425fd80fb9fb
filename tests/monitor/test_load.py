"""A small run of `load`; the large one is ``python -m tests.monitor.load``."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

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


def alive() -> Counter[str]:
    """Return how many objects there are that a request could leave behind: the monitor's, SQLAlchemy's, errors, and frames."""
    gc.collect()
    counted = Counter(type(one) for one in gc.get_objects())
    return Counter({f"{one.__module__}.{one.__qualname__}": times for one, times in counted.items() if _telling(one)})


def _telling(one: type[object]) -> bool:
    return str(one.__module__).startswith(("greenroom", "sqlalchemy")) or issubclass(one, (BaseException, FrameType, TracebackType))


def test_a_request_leaves_nothing_behind() -> None:
    app = FastAPI()
    engine = create_async_engine("sqlite+aiosqlite://")

    @app.get("/authors/{number}")
    async def read(number: int) -> str:
        async with AsyncSession(engine) as session:
            found = await expired(session)
            return found.name

    app.add_middleware(MonitorMiddleware)

    async def grown(requests: int) -> Counter[str]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session:
            session.add(Author(id=4, name="Ann"))
            await session.commit()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:

            async def some() -> Counter[str]:
                for number in range(requests):
                    answer = await client.get(f"/authors/{number}", headers={"x-request-id": str(number)})
                    assert answer.status_code == 500
                return alive()

            await some()
            before = await some()
            return await some() - before

    silent = logging.getLogger("greenroom.test.silent")
    silent.propagate = False  # pytest keeps what it is told
    met: list[str] = []
    try:
        with install("explain", "count", sinks=[log_sink(silent), lambda incident, _: met.append(incident.subject)]):
            more = asyncio.run(grown(50))
    finally:
        asyncio.run(engine.dispose())
    assert met == ["Author.name"] * 150
    assert {name: times for name, times in more.items() if times > 5} == {}
