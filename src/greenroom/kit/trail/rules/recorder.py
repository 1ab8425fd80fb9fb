"""Sends the requests of a scenario, and keeps what each of them left behind."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

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


class Recorder:
    """An HTTP client that remembers: ``with Recorder(client, database) as scenario: await scenario.request("POST", "/tasks", json=…)``.

    ``database`` is the one that the application works with, in the same process. Nobody else may write it meanwhile, so requests are
    sent one after the other. ``steps`` are what was done so far.
    """

    def __init__(self, client: httpx.AsyncClient, database: Database) -> None:
        self._client = client
        self._database = database
        self._commits = 0
        self.steps: list[Step] = []

    def __enter__(self) -> Self:
        event.listen(self._database.engine.sync_engine, "commit", self._count)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        event.remove(self._database.engine.sync_engine, "commit", self._count)

    async def request(self, method: str, url: str, **more: Any) -> httpx.Response:  # noqa: ANN401  # what httpx takes
        """Send a request as ``httpx.AsyncClient.request`` does, and add the step."""
        begin, self._commits = await self._last(), 0
        response = await self._client.request(method, url, **more)
        commits = self._commits
        made = await self._after(begin)
        self.steps.append(Step(method.upper(), response.request.url.path, response.status_code, made, commits))
        return response

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
