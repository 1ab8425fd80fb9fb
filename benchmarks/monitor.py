"""Measures what the monitor costs: a read of an attribute, a query, a request.

    python benchmarks/monitor.py [ROUNDS]

Each with no monitor, with one, and with the peer, which is OpenTelemetry's instrumentation of SQLAlchemy with the SDK, batches, and an
exporter that drops them. Reads and queries are measured in one process, in turns. Requests are answered by uvicorns on one PostgreSQL, two
processes for each way, asked in turns; their cost is the CPU time of the process, all threads. ``bare again`` is as ``bare``: what differs
between those two is noise. Printed are the lowest decile and the median of the rounds, and their ratios to ``bare``:
what else runs on the machine only ever adds, so the decile is the truer. Needs the extras ``kit`` and ``telemetry``, and a PostgreSQL (see
tests/executable/postgres.py).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
from fastapi import FastAPI
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload

from greenroom.monitor import install
from greenroom.monitor.asgi import MonitorMiddleware
from tests.executable.postgres import private_postgres
from tests.monitor.load import Server, served
from tests.monitor.loaded import Author, AuthorOut, Given, fill, lifespan

MIX = ("/list",) * 4 + ("/one",) * 3 + ("/write",) * 2 + ("/none",)
"""What a round asks for, over and over."""
REPEATED = 4
"""How often a round goes through `MIX`."""
WARM = 20
"""How often that is done before anything is measured."""
WAYS = {
    "bare": "",
    "explain": "explain",
    "log": "log",
    "explain,log,count": "explain,log,count",
    "opentelemetry": "opentelemetry",
    "bare again": "",
}
PROCESSES = 2
"""For each way: where in memory a process happens to have its things makes a difference, too."""
CLIENTS = 4


class Dropped(SpanExporter):
    """An exporter that costs nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop them."""
        del spans
        return SpanExportResult.SUCCESS


def _provider() -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Dropped()))
    return provider


# -- the application that is measured ---------------------------------------------------------------------------------------------------


async def listed(one: Given) -> list[Author]:
    """List ten, with books."""
    return list(await one.scalars(select(Author).options(selectinload(Author.books)).order_by(Author.id).limit(10)))


async def read(one: Given) -> Author:
    """Return one, with books."""
    return await one.get_one(Author, 3, options=[selectinload(Author.books)])


async def write(one: Given) -> str:
    """Change one, and read it again after the commit."""
    found = await one.get_one(Author, 2)
    found.visits += 1
    await one.commit()
    await one.refresh(found)
    return found.name


async def none(one: Given) -> bool:
    """Look for what is not there."""
    return await one.get(Author, 0) is not None


def application() -> FastAPI:
    """Return the application; ``GREENROOM_MODES`` is one of the values of `WAYS`."""
    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/list", listed, response_model=list[AuthorOut])
    app.add_api_route("/one", read, response_model=AuthorOut)
    app.add_api_route("/write", write)
    app.add_api_route("/none", none)
    app.add_api_route("/saved", none)  # what `served` waits for
    way = os.environ["GREENROOM_MODES"]
    if way == "opentelemetry":
        # Without its check, for version 0.66 says that it is for SQLAlchemy before 2.1.
        SQLAlchemyInstrumentor().instrument(tracer_provider=_provider(), skip_dep_check=True)
    elif way:
        app.add_middleware(MonitorMiddleware)
        install(*way.split(","))
    return app


# -- requests ---------------------------------------------------------------------------------------------------------------------------


def _spent(server: Server) -> float:
    """Return the seconds that the threads of the process have run, to the nanosecond where the kernel tells."""
    try:
        tasks = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError):
        return server.cpu()


async def _round(client: httpx.AsyncClient, server: Server, times: int) -> float:
    """Go through `MIX`, and return the CPU seconds of a request."""
    paths = iter(MIX * times)

    async def ask() -> None:
        for path in paths:
            answer = await client.get(server.url + path)
            answer.raise_for_status()

    before = _spent(server)
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(ask())
    return (_spent(server) - before) / (len(MIX) * times)


async def _requests(servers: Sequence[tuple[str, Server]], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    async with httpx.AsyncClient(timeout=60) as client:
        for _, server in servers:
            await _round(client, server, WARM)
        for number in range(rounds):
            shift = number % len(servers)
            for way, server in (*servers[shift:], *servers[:shift]):
                taken[way].append(await _round(client, server, REPEATED))
    return taken


def _told(taken: dict[str, list[float]], unit: str, scale: float) -> None:
    """Print lowest decile and median of the rounds, and their ratios to the first way."""
    bare = _quantiles(next(iter(taken.values())))
    for way, values in taken.items():
        low, median = _quantiles(values)
        ratios = f"{low / bare[0] - 1:+7.1%} {median / bare[1] - 1:+7.1%}"
        print(f"  {way:20} {low * scale:9.3f} {median * scale:9.3f} {unit}  {ratios}", flush=True)


def _quantiles(values: list[float]) -> tuple[float, float]:
    deciles = statistics.quantiles(values, n=10)
    return deciles[0], deciles[4]


# -- reads and queries ------------------------------------------------------------------------------------------------------------------


async def _in_turns(engine: AsyncEngine, work: Callable[[], Awaitable[float]], rounds: int) -> dict[str, list[float]]:
    """Return what the work takes without a monitor, with one, with the peer, and after both are gone."""
    taken: dict[str, list[float]] = {"bare": [], "explain": [], "opentelemetry": [], "bare again": []}
    provider = _provider()
    peer = SQLAlchemyInstrumentor()  # without its check below, for version 0.66 says that it is for SQLAlchemy before 2.1

    async def twice() -> float:
        await work()  # Python adapts to what has changed
        return await work()

    for _ in range(rounds):
        taken["bare"].append(await twice())
        with install("explain"):
            taken["explain"].append(await twice())
        peer.instrument(engines=[engine.sync_engine], tracer_provider=provider, skip_dep_check=True)
        taken["opentelemetry"].append(await twice())
        peer.uninstrument()
        taken["bare again"].append(await twice())
    provider.shutdown()
    return taken


async def _alone(url: str, rounds: int) -> None:
    engine = create_async_engine(url)

    async with AsyncSession(engine, expire_on_commit=False) as session:
        author = await session.get_one(Author, 1)

        async def reads() -> float:
            times = range(100_000)
            begin = time.process_time()
            for _ in times:
                author.name  # noqa: B018  # the read is what is measured
            return (time.process_time() - begin) / len(times)

        print("a read of an attribute that is loaded")
        _told(await _in_turns(engine, reads, rounds), "ns", 1e9)

    async def queries() -> float:
        begin = time.process_time()
        for _ in range(40):
            async with AsyncSession(engine) as session:
                (await session.scalars(select(Author).where(Author.id == 1))).one()
        return (time.process_time() - begin) / 40

    async def lists() -> float:
        begin = time.process_time()
        async with AsyncSession(engine) as session:
            for _ in range(10):
                (await session.scalars(select(Author).options(selectinload(Author.books)))).all()
                session.expunge_all()
        return (time.process_time() - begin) / 10

    async def failures() -> float:
        begin = time.process_time()
        async with AsyncSession(engine) as session:
            one = await session.get_one(Author, 1)
            for _ in range(50):
                try:
                    len(one.books)
                except SQLAlchemyError:
                    continue
        return (time.process_time() - begin) / 50

    print("a session, a query for one object by id, and the session's end")
    _told(await _in_turns(engine, queries, rounds), "ms", 1e3)
    print("a query for 50 objects with 2 related ones each")
    _told(await _in_turns(engine, lists, rounds), "ms", 1e3)
    print("a read that fails")
    _told(await _in_turns(engine, failures, rounds), "ms", 1e3)
    await engine.dispose()


def main(rounds: int = 50) -> None:
    """Measure, and print."""
    with private_postgres() as url, tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        asyncio.run(fill(url))
        asyncio.run(_alone(url, rounds))
        servers = [
            (way, stack.enter_context(_serving(url, Path(place) / f"{at}-{number}", modes)))
            for number in range(PROCESSES)
            for at, (way, modes) in enumerate(WAYS.items())
        ]
        print(f"a request, of {' '.join(MIX)}")
        _told(asyncio.run(_requests(servers, rounds)), "ms", 1e3)


def _serving(url: str, folder: Path, modes: str) -> AbstractContextManager[Server]:
    return served(url, folder, monitored=False, modes=modes, factory="benchmarks.monitor:application")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
