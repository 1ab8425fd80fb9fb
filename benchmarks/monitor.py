"""Measures what the monitor costs: a read of an attribute, a query, a request.

    python benchmarks/monitor.py [ROUNDS]

The same work in one process, in turns: bare, with a monitor, and with the peer, which is OpenTelemetry's instrumentation of SQLAlchemy with
the SDK, batches, and an exporter that drops them. Requests are answered by a uvicorn on a PostgreSQL, which changes its ways when it is
told to; their cost is the CPU time of its process, all threads. ``bare again`` is as ``bare``, after all the others have come and gone:
what differs between those two is noise. Needs the extras ``kit`` and ``telemetry``, and a PostgreSQL (see tests/executable/postgres.py).
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
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
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from greenroom.monitor import Monitor, install
from greenroom.monitor.asgi import MonitorMiddleware
from tests.executable.postgres import private_postgres
from tests.monitor.load import Server, served
from tests.monitor.loaded import Author, AuthorOut, Given, Served, fill, lifespan

MIX = ("/list",) * 4 + ("/one",) * 3 + ("/write",) * 2 + ("/none",)
"""What a round asks for, over and over."""
REPEATED = 15
"""How often a round goes through `MIX`; after a change half of that is not measured: Python adapts to it."""
WAYS = ("bare", "explain", "log", "explain,log,count", "opentelemetry", "bare again")
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


class Switched:
    """The application, which changes its ways."""

    def __init__(self) -> None:
        self._bare = FastAPI(lifespan=lifespan)
        self._bare.add_api_route("/list", listed, response_model=list[AuthorOut])
        self._bare.add_api_route("/one", read, response_model=AuthorOut)
        self._bare.add_api_route("/write", write)
        self._bare.add_api_route("/none", none)
        self._bare.add_api_route("/saved", none)  # what `served` waits for
        self._answering: ASGIApp = self._bare
        self._monitor: Monitor | None = None
        self._provider = _provider()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope.get("path", "").startswith("/way/"):
            self._change(scope["path"].removeprefix("/way/"))
            await PlainTextResponse("")(scope, receive, send)
        else:
            await self._answering(scope, receive, send)

    def _change(self, way: str) -> None:
        if self._monitor is not None:
            self._monitor.uninstall()
            self._monitor = None
        peer = SQLAlchemyInstrumentor()
        if peer.is_instrumented_by_opentelemetry:
            peer.uninstrument()
        self._answering = self._bare
        if way == "opentelemetry":
            peer.instrument(engines=[Served.engine.sync_engine], tracer_provider=self._provider, skip_dep_check=True)
        elif not way.startswith("bare"):
            self._answering = MonitorMiddleware(self._bare)
            self._monitor = install(*way.split(","))
        gc.collect()


def application() -> Switched:
    """Return the application."""
    return Switched()


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


async def _requests(server: Server, rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(-1, rounds):  # the first only warms up
            for way in WAYS if number % 2 else reversed(WAYS):
                await client.get(f"{server.url}/way/{way}")
                await _round(client, server, REPEATED // 2)
                spent = await _round(client, server, REPEATED)
                if number >= 0:
                    taken[way].append(spent)
    return taken


def _told(taken: dict[str, list[float]], unit: str, scale: float) -> None:
    """Print lower quartile and median of the rounds, and their ratios to the first way: on a busy machine the lower is the truer."""
    bare = _quartiles(next(iter(taken.values())))
    for way, values in taken.items():
        low, median = _quartiles(values)
        ratios = f"{low / bare[0] - 1:+7.1%} {median / bare[1] - 1:+7.1%}"
        print(f"  {way:20} {low * scale:9.3f} {median * scale:9.3f} {unit}  {ratios}")


def _quartiles(values: list[float]) -> tuple[float, float]:
    low, median, _ = statistics.quantiles(values, n=4)
    return low, median


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
        for _ in range(100):
            async with AsyncSession(engine) as session:
                (await session.scalars(select(Author).where(Author.id == 1))).one()
        return (time.process_time() - begin) / 100

    async def lists() -> float:
        begin = time.process_time()
        async with AsyncSession(engine) as session:
            for _ in range(20):
                (await session.scalars(select(Author).options(selectinload(Author.books)))).all()
                session.expunge_all()
        return (time.process_time() - begin) / 20

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


def main(rounds: int = 30) -> None:
    """Measure, and print."""
    with private_postgres() as url, tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        asyncio.run(fill(url))
        asyncio.run(_alone(url, rounds))
        server = stack.enter_context(served(url, Path(place), monitored=False, factory="benchmarks.monitor:application"))
        print(f"a request, of {' '.join(MIX)}")
        _told(asyncio.run(_requests(server, rounds)), "ms", 1e3)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
