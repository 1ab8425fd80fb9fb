"""What was done: the rows of the trail by whom, to what, when and where, newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

from greenroom.kit.actors import ActorKind
from greenroom.kit.trail.tables import Change, TrailRow


class TrailEntry(BaseModel):
    """One change, as it is shown: all of the row but what holds the chain together."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: int
    at: AwareDatetime
    transaction_id: int
    entity: str
    entity_id: str
    seq: int
    change: Change
    operation: str | None
    actor_kind: ActorKind
    actor_id: str
    actor_issuer: str
    actor_name: str | None
    on_behalf_of: str | None
    request_id: str | None
    reason: str | None
    scope: dict[str, Any]
    changes: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Find:
    """Which rows are looked for: those that fulfil all that is given.

    ``scope`` is contained in that of the row; ``since`` is the first moment that counts, ``until`` the first that does not.
    """

    entity: str | None = None
    entity_id: str | None = None
    actor_id: str | None = None
    actor_issuer: str | None = None
    actor_kind: ActorKind | None = None
    operation: str | None = None
    change: Change | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row fulfils."""
        equal = ("entity", "entity_id", "actor_id", "actor_issuer", "actor_kind", "operation", "change", "request_id")
        found = [col(getattr(TrailRow, name)) == value for name in equal if (value := getattr(self, name)) is not None]
        if self.since is not None:
            found.append(col(TrailRow.at) >= self.since)
        if self.until is not None:
            found.append(col(TrailRow.at) < self.until)
        if self.scope:
            found.append(col(TrailRow.scope).contains(dict(self.scope)))
        return found


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some rows, newest first; ``before`` gives the next page, None where there is none."""

    entries: tuple[TrailEntry, ...]
    before: int | None


_COLUMNS: Final = tuple(col(getattr(TrailRow, name)) for name in TrailEntry.model_fields)


def selection(find: Find) -> Select[Any]:
    """Return the statement for all rows that are looked for, newest first, to be narrowed further."""
    return select(*_COLUMNS).where(*find.conditions()).order_by(col(TrailRow.id).desc())


async def entries(connection: AsyncConnection | AsyncSession, find: Find, *, limit: int = 50, before: int | None = None) -> EntryPage:
    """Return a page of what is looked for, also of entities that are gone.

    Pages hang on the rows' numbers: what is written meanwhile moves nothing. Numbers are drawn as rows are written and seen as
    transactions commit, so a page near the end may later gain a row. Raises ``ValueError`` for a ``limit`` below 1.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: a page has at least one entry")
    statement = selection(find).limit(limit + 1)
    if before is not None:
        statement = statement.where(col(TrailRow.id) < before)
    rows = (await connection.execute(statement)).all()
    page = tuple(TrailEntry.model_validate(row, from_attributes=True) for row in rows[:limit])
    return EntryPage(page, page[-1].id if len(rows) > limit else None)
