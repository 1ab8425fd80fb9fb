"""Whether the trail is as the database wrote it: every hash is computed again, here, from the rows as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail.chain import Snapshot, link, stamp


class Fault(StrEnum):
    """What is wrong with a chain."""

    ALTERED = "the row is not what was written"
    MISSING = "rows are missing before this one"
    UNLINKED = "the row does not follow the one before it"
    HEAD = "the head is not the last row"
    HEADLESS = "there are rows and no head"
    EMPTY = "there is a head and no row"
    CHECKPOINT_ALTERED = "the checkpoint is not what was written"
    CHECKPOINT_BROKEN = "the rows are not those that the checkpoint saw"
    CHECKPOINT_GONE = "a checkpoint that was published is not there"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain of an entity, or that of the checkpoints, is broken: what comes after it proves nothing."""

    fault: Fault
    entity: str
    entity_id: str
    seq: int

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id}, change {self.seq}: {self.fault}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification has found."""

    rows: int
    entities: int
    checkpoints: int
    breaks: tuple[Break, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.breaks


# The text of the values is PostgreSQL's own: reading jsonb into Python and printing it again would lose how numbers were written.
_ROWS: Final = text(
    """
    SELECT at, transaction_id, entity, entity_id, entry.seq AS seq, change, operation, actor_kind, actor_id, actor_issuer, actor_name,
        on_behalf_of, request_id, reason, scope::text AS scope, changes::text AS changes, previous, entry.hash AS hash,
        head.seq AS head_seq, head.hash AS head_hash
    FROM greenroom_trail.entry FULL JOIN greenroom_trail.head AS head USING (entity, entity_id)
    ORDER BY entity COLLATE "C", entity_id COLLATE "C", entry.seq
    """
)
_CHECKPOINTS: Final = text("SELECT id, at, snapshot, heads, digest, previous, hash FROM greenroom_trail.checkpoint ORDER BY id")
_BATCH: Final = 1000


async def verify(connection: AsyncConnection, *, published: Collection[bytes] = (), most_breaks: int = 100) -> Verdict:
    """Read the whole trail and tell where it is not what was written; at most ``most_breaks`` places.

    ``published`` are hashes of checkpoints that were kept elsewhere: one that is not there any more is a break. Against somebody who may
    write everything in the database only these help, for such a one can compute all hashes anew.

    The trail may be written meanwhile: the rows and their heads come from one statement, and a checkpoint only speaks of rows that it saw.
    It holds a few thousand rows in memory, whatever the size of the trail, and takes time in proportion to it.
    """
    made = (await connection.execute(_CHECKPOINTS)).all()
    checkpoints = [_Checkpoint(row.id, Snapshot.parse(row.snapshot), row.heads, row.digest) for row in made]
    breaks = _breaks_of_checkpoints(made, published)
    entities = rows = 0
    entity: _Entity | None = None
    async with connection.stream(_ROWS, execution_options={"yield_per": _BATCH}) as stream:
        async for row in stream:
            if entity is None or not entity.owns(row):
                breaks += entity.end(checkpoints) if entity is not None else []
                entity = _Entity(row)
                entities += 1
            rows += row.seq is not None
            entity.take(row, checkpoints)
    breaks += entity.end(checkpoints) if entity is not None else []
    breaks += [Break(Fault.CHECKPOINT_BROKEN, "checkpoint", str(one.id), one.id) for one in checkpoints if not one.holds()]
    return Verdict(rows, entities, len(checkpoints), tuple(breaks[:most_breaks]))


@dataclass(slots=True)
class _Checkpoint:
    """A checkpoint, and what it would be now: it is computed while the rows go by."""

    id: int
    snapshot: Snapshot
    heads: int
    digest: bytes
    found: Any = field(default_factory=sha256)
    counted: int = 0
    seen: bytes | None = None
    """The last link that it saw of the entity that is going by."""

    def end_entity(self) -> None:
        if self.seen is not None:
            self.found.update(self.seen)
            self.counted += 1
            self.seen = None

    def holds(self) -> bool:
        return (self.counted, self.found.digest()) == (self.heads, self.digest)


class _Entity:
    """The chain of one entity while its rows go by."""

    def __init__(self, row: Row[Any]) -> None:
        self._key = (row.entity, row.entity_id)
        self._head = (row.head_seq, row.head_hash)
        self._last = (0, b"")
        self._fault: Break | None = None

    def owns(self, row: Row[Any]) -> bool:
        return self._key == (row.entity, row.entity_id)

    def take(self, row: Row[Any], checkpoints: list[_Checkpoint]) -> None:
        if row.seq is None:
            self._note(Fault.EMPTY, self._head[0])
            return
        seq, before = self._last
        if row.seq != seq + 1:
            self._note(Fault.MISSING, row.seq)
        elif row.previous != before:
            self._note(Fault.UNLINKED, row.seq)
        elif row.hash != link(row.previous, _members(row)):
            self._note(Fault.ALTERED, row.seq)
        self._last = (row.seq, row.hash)
        for checkpoint in checkpoints:
            if checkpoint.snapshot.sees(row.transaction_id):
                checkpoint.seen = row.hash

    def end(self, checkpoints: list[_Checkpoint]) -> list[Break]:
        for checkpoint in checkpoints:
            checkpoint.end_entity()
        if self._head[0] is None:
            self._note(Fault.HEADLESS, self._last[0])
        elif self._head != self._last:
            self._note(Fault.HEAD, self._last[0])
        return [self._fault] if self._fault is not None else []

    def _note(self, fault: Fault, seq: int) -> None:
        self._fault = self._fault or Break(fault, *self._key, seq)


def _members(row: Row[Any]) -> list[str | None]:
    """Return the text of a row, in the order in which the database's function ``greenroom_trail.append`` takes it."""
    return [
        stamp(row.at),
        str(row.transaction_id),
        row.entity,
        row.entity_id,
        str(row.seq),
        row.change,
        row.operation,
        row.actor_kind,
        row.actor_id,
        row.actor_issuer,
        row.actor_name,
        row.on_behalf_of,
        row.request_id,
        row.reason,
        row.scope,
        row.changes,
    ]


def _breaks_of_checkpoints(rows: Sequence[Row[Any]], published: Collection[bytes]) -> list[Break]:
    breaks = []
    before = b""
    for place, row in enumerate(rows, start=1):
        members = [str(row.id), stamp(row.at), row.snapshot, str(row.heads), row.digest.hex()]
        if row.id != place or row.previous != before or row.hash != link(row.previous, members):
            breaks.append(Break(Fault.CHECKPOINT_ALTERED, "checkpoint", str(row.id), row.id))
        before = row.hash
    there = {row.hash for row in rows}
    return breaks + [Break(Fault.CHECKPOINT_GONE, "checkpoint", gone.hex(), 0) for gone in published if gone not in there]
