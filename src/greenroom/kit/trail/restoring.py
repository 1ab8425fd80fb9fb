"""What an entity was: the fold of its changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from greenroom.kit.trail.tables import TrailRow

State = dict[str, Any]
"""The columns of a row, as ``jsonb`` shows them: times, intervals, identities, bytes, NaN and infinities as text, secrets as ``***``.

Numbers lose no digit: what has a point or an exponent is a ``Decimal``. ``Model.model_validate(state)`` gives the types of a model.
"""


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
    columns = (col(TrailRow.seq), col(TrailRow.at), col(TrailRow.change), cast(col(TrailRow.changes), Text))
    statement = select(*columns).where(col(TrailRow.entity) == entity, col(TrailRow.entity_id) == str(entity_id))
    rows = (await connection.execute(statement.order_by(col(TrailRow.seq)))).all()
    for moment in moments((seq, at, change, json.loads(changes, parse_float=Decimal)) for seq, at, change, changes in rows):
        yield moment


async def state_at(connection: AsyncConnection | AsyncSession, entity: str, entity_id: str | int, at: datetime) -> State | None:
    """Return what an entity was at a time; None when there was none.

    A change counts from the moment at which it was written, which is before that of its commit.
    """
    state: State | None = None
    async for moment in states(connection, entity, entity_id):
        # No break at the first later one: clocks go back now and then, numbers do not.
        if moment.at <= at:
            state = moment.state
    return state


async def state_after(connection: AsyncConnection | AsyncSession, entity: str, entity_id: str | int, seq: int) -> State | None:
    """Return what an entity was after its change of that number; None when that was its end.

    Raises ``LookupError`` when there was no such change.
    """
    async for moment in states(connection, entity, entity_id):
        if moment.seq == seq:
            return moment.state
    raise LookupError(f"{entity} {entity_id} has no change {seq}")
