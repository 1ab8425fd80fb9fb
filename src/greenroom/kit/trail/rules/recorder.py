"""Passes the requests of a scenario on, and keeps what each of them left behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx
from sqlalchemy import Connection, event, func, select
from sqlmodel import col

from greenroom.kit.database import Database
from greenroom.kit.trail.entries import TrailEntry
from greenroom.kit.trail.tables import TrailRow

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1"""


@dataclass(frozen=True, slots=True)
class Step:
    """One request: its answer, the rows that it left, and how often the application committed meanwhile."""

    method: str
    path: str
    status: int
    entries: tuple[TrailEntry, ...]
    commits: int

    @property
    def is_safe(self) -> bool:
        """Whether the method is one that changes nothing."""
        return self.method in SAFE

    @property
    def succeeded(self) -> bool:
        """Whether the answer says that it was done."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.status})"


class Recorder(httpx.AsyncBaseTransport):
    """A transport that remembers: clients send through it, and ``steps`` are what they did so far.

    ::

        with Recorder(httpx.ASGITransport(app), database) as scenario:
            ann = httpx.AsyncClient(transport=scenario, headers=..., base_url=...)
            await ann.post("/tasks", json=...)

    ``database`` is the one that the application works with, in the same process. Nobody else may write it meanwhile; requests that are
    sent at the same time are passed on one after the other.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, database: Database) -> None:
        self._transport = transport
        self._database = database
        self._commits = 0
        self._one_at_a_time = asyncio.Lock()
        self.steps: list[Step] = []

    def __enter__(self) -> Self:
        event.listen(self._database.engine.sync_engine, "commit", self._count)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        event.remove(self._database.engine.sync_engine, "commit", self._count)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and add the step."""
        async with self._one_at_a_time:
            begin, self._commits = await self._last(), 0
            response = await self._transport.handle_async_request(request)
            # The whole answer: what an application does after its head belongs to the step.
            assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  # httpx: what an async transport gives
            body = b"".join([chunk async for chunk in response.stream])
            await response.aclose()
            commits = self._commits
            made = await self._after(begin)
            self.steps.append(Step(request.method, request.url.path, response.status_code, made, commits))
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(body), extensions=response.extensions)

    def _count(self, _connection: Connection) -> None:
        self._commits += 1

    async def _last(self) -> int:
        async with self._database.read() as connection:
            return (await connection.execute(select(func.coalesce(func.max(col(TrailRow.id)), 0)))).scalar_one()

    async def _after(self, number: int) -> tuple[TrailEntry, ...]:
        columns = [col(getattr(TrailRow, name)) for name in TrailEntry.model_fields]
        statement = select(*columns).where(col(TrailRow.id) > number).order_by(col(TrailRow.id))
        async with self._database.read() as connection:
            return tuple(TrailEntry.model_validate(row, from_attributes=True) for row in await connection.execute(statement))
