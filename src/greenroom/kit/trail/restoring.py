"""What an entity was: the fold of its changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from greenroom.kit.trail.tables import TrailRow

State = dict[str, Any]
"""The columns of a row, as ``jsonb`` shows them: times and numbers beyond JSON as text, secrets as ``***``."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An entity as one change left it; ``state`` is None where the change was its end."""

    seq: int
    at: datetime
    state: State | None


def fold(state: State | None, change: str, changes: dict[str, list[Any]]) -> State | None:
    """Return what a change makes of a state."""
    if change == "delete":
        return None
    after = {column: values[1] for column, values in changes.items()}
    return after if change == "insert" else {**(state or {}), **after}


def moments(rows: Iterable[tuple[int, datetime, str, dict[str, list[Any]]]]) -> Iterator[Moment]:
    """Yield the states that changes, given in order as ``(seq, at, change, changes)``, went through."""
    state: State | None = None
    for seq, at, change, changes in rows:
        state = fold(state, change, changes)
        yield Moment(seq, at, state)


async def states(connection: AsyncConnection | AsyncSession, entity: str, entity_id: str | int) -> AsyncIterator[Moment]:
    """Yield every state that an entity was in, first to last, those of earlier lives of the same id included."""
    columns = (col(TrailRow.seq), col(TrailRow.at), col(TrailRow.change), col(TrailRow.changes))
    statement = select(*columns).where(col(TrailRow.entity) == entity, col(TrailRow.entity_id) == str(entity_id))
    rows = (await connection.execute(statement.order_by(col(TrailRow.seq)))).all()
    for moment in moments((row.seq, row.at, row.change, row.changes) for row in rows):
        yield moment


async def state_at(connection: AsyncConnection | AsyncSession, entity: str, entity_id: str | int, at: datetime) -> State | None:
    """Return what an entity was at a time; None when there was none."""
    state: State | None = None
    async for moment in states(connection, entity, entity_id):
        if moment.at > at:
            break
        state = moment.state
    return state
