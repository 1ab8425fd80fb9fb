"""What must hold for every change that an API makes, as checks over a scenario that has run.

Drive the application with a client whose responses the ``Witness`` sees, then ask it::

    witness = Witness(app)
    client = httpx.AsyncClient(transport=..., event_hooks={"response": [witness]})
    ...                                              # the scenario
    assert witness.unvisited() == set()              # it has used every route that changes something
    assert await witness.breaches(connection) == []  # and each left its trail

That nothing else ends a transaction is held by the session itself: ``commit()`` and ``rollback()`` raise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import Match

from greenroom.kit.trail.tables import SCHEMA, TrailRow

CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REQUEST_ID: Final = "x-request-id"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that may change something, and how it was answered."""

    operation: str
    request_id: str
    succeeded: bool


class Witness:
    """Sees the answers of a scenario, and knows the routes."""

    def __init__(self, app: FastAPI) -> None:
        self._routes = [context for context in iter_route_contexts(app.routes) if set(context.methods or ()) & CHANGING]
        self.exchanges: list[Exchange] = []

    async def __call__(self, response: httpx.Response) -> None:
        """Take an answer in: the event hook of a client."""
        request = response.request
        route = self._route(request.method, request.url.path) if request.method in CHANGING else None
        if route is not None:
            self.exchanges.append(Exchange(str(route.name), response.headers.get(REQUEST_ID, ""), response.is_success))

    def unvisited(self) -> set[str]:
        """Return the routes that change something and that the scenario has not used with success."""
        return {str(route.name) for route in self._routes} - {exchange.operation for exchange in self.exchanges if exchange.succeeded}

    async def breaches(self, connection: AsyncConnection) -> list[str]:
        """Return what does not hold.

        Each request that succeeded has left at least one row, under its own operation or that of a note it made, in one transaction; a
        request that was refused has left none; every update has what was before and what came after.
        """
        rows = (await connection.execute(select(*TrailRow.metadata.tables[f"{SCHEMA}.entry"].columns).order_by("id"))).all()
        by_request: dict[str, list[Any]] = {}
        for row in rows:
            by_request.setdefault(row.request_id or "", []).append(row)
        found = [breach for exchange in self.exchanges for breach in _of_exchange(exchange, by_request.get(exchange.request_id, []))]
        return found + [f"the trail's row {row.id} lacks what was before" for row in rows if not _is_whole(row)]

    def _route(self, method: str, path: str) -> RouteContext | None:
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        return next((route for route in self._routes if route.matches(scope)[0] is Match.FULL), None)


def without_actors(rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return what rows of the trail say but for who, when and to which of several like things: equal for a person and an agent."""
    return [(row.entity, row.seq, row.change, row.operation, row.reason, sorted(row.changes)) for row in rows]


def _of_exchange(exchange: Exchange, rows: Sequence[Any]) -> Iterator[str]:
    if exchange.succeeded and not rows:
        yield f"{exchange.operation} ({exchange.request_id}) has left no trail"
    if not exchange.succeeded and rows:
        yield f"{exchange.operation} ({exchange.request_id}) was refused and has left a trail"
    if len({row.transaction_id for row in rows}) > 1:
        yield f"{exchange.operation} ({exchange.request_id}) has used several transactions"
    yield from (f"{exchange.operation} ({exchange.request_id}) is recorded as {row.operation}" for row in rows if row.operation is None)


def _is_whole(row: Any) -> bool:  # noqa: ANN401  # a row of a table
    sides = {"insert": (1,), "update": (0, 1), "delete": (0,)}[row.change]
    return bool(row.changes) and all(len(values) == 2 for values in row.changes.values()) and bool(sides)
