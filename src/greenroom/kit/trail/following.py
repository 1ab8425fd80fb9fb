"""The chains of entities and of checkpoints, followed row by row, wherever the rows come from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

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


class ChainRow(Protocol):
    """A row of the trail beside the head of its entity; ``scope`` and ``changes`` as PostgreSQL prints them.

    Without a row ``id`` is None, without a head ``head_seq``.
    """

    id: int | None
    at: datetime
    transaction_id: int
    entity: str
    entity_id: str
    seq: int
    changes: str
    previous: bytes
    hash: bytes
    head_seq: int | None
    head_hash: bytes | None


class CheckpointRow(Protocol):
    """A row of the checkpoints."""

    id: int
    at: datetime
    snapshot: str
    last_id: int
    heads: int
    digest: bytes
    previous: bytes
    hash: bytes


TEXTS = ("change", "operation", "actor_kind", "actor_id", "actor_issuer", "actor_name", "on_behalf_of", "request_id", "reason", "scope")
"""The members of a row that are hashed as they are, in the order in which the database's function takes them; then come the changes."""


class Following:
    """Takes all rows, in the order of entity, id and number (by code point), and says in the end what is wrong.

    The chain of the checkpoints is followed throughout. What they say of the rows is computed anew for those that were published and
    for the last ones; each costs a little for every entity.
    """

    def __init__(self, made: Sequence[CheckpointRow], published: Collection[bytes] = (), recompute: int = 10) -> None:
        self.rows = self.entities = 0
        self._count = len(made)
        self._breaks = _breaks_of_checkpoints(made, published)
        chosen = {id(row): row for row in [*(row for row in made if row.hash in published), *made[max(0, len(made) - recompute) :]]}
        self._checkpoints = [_Checkpoint(row) for row in chosen.values()]
        self._entity: _Entity | None = None

    def take(self, row: ChainRow) -> None:
        """Go on to the next row."""
        if self._entity is None or not self._entity.owns(row):
            self._end_entity()
            self._entity = _Entity(row)
            self.entities += 1
        self.rows += row.id is not None
        self._entity.take(row, self._checkpoints)

    def end(self, most_breaks: int) -> Verdict:
        """Say what was wrong."""
        self._end_entity()
        broken = [Break(Fault.CHECKPOINT_BROKEN, "checkpoint", str(one.id), one.id) for one in self._checkpoints if not one.holds()]
        return Verdict(self.rows, self.entities, self._count, tuple([*self._breaks, *broken][:most_breaks]))

    def _end_entity(self) -> None:
        if self._entity is not None:
            self._breaks += self._entity.end(self._checkpoints)


@dataclass(slots=True)
class _Checkpoint:
    """A checkpoint, and what it would be now: it is computed while the rows go by."""

    made: CheckpointRow
    snapshot: Snapshot = field(init=False)
    found: Any = field(default_factory=sha256)
    counted: int = 0
    seen: bytes | None = None
    """The last link that it saw of the entity that is going by."""

    def __post_init__(self) -> None:
        self.snapshot = Snapshot.parse(self.made.snapshot)

    @property
    def id(self) -> int:
        return self.made.id

    def sees(self, number: int, transaction: int) -> bool:
        return number <= self.made.last_id and self.snapshot.sees(transaction)

    def end_entity(self) -> None:
        if self.seen is not None:
            self.found.update(self.seen)
            self.counted += 1
            self.seen = None

    def holds(self) -> bool:
        return (self.counted, self.found.digest()) == (self.made.heads, self.made.digest)


class _Entity:
    """The chain of one entity while its rows go by."""

    def __init__(self, row: ChainRow) -> None:
        self._key = (row.entity, row.entity_id)
        self._head = (row.head_seq, row.head_hash)
        self._last = (0, b"")
        self._fault: Break | None = None

    def owns(self, row: ChainRow) -> bool:
        return self._key == (row.entity, row.entity_id)

    def take(self, row: ChainRow, checkpoints: list[_Checkpoint]) -> None:
        if row.id is None:
            self._note(Fault.EMPTY, self._head[0] or 0)
            return
        seq, before = self._last
        if row.seq != seq + 1:
            self._note(Fault.MISSING, row.seq)
        elif row.previous != before:
            self._note(Fault.UNLINKED, row.seq)
        elif row.hash != link(row.previous, members(row)):
            self._note(Fault.ALTERED, row.seq)
        self._last = (row.seq, row.hash)
        for checkpoint in checkpoints:
            if checkpoint.sees(row.id, row.transaction_id):
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


def members(row: ChainRow) -> list[str | None]:
    """Return the text of a row, in the order in which the database's function ``greenroom_trail.append`` takes it."""
    begin = [str(row.id), stamp(row.at), str(row.transaction_id), row.entity, row.entity_id, str(row.seq)]
    return [*begin, *(getattr(row, name) for name in TEXTS), row.changes]


def _breaks_of_checkpoints(rows: Sequence[CheckpointRow], published: Collection[bytes]) -> list[Break]:
    breaks = []
    before = b""
    for place, row in enumerate(rows, start=1):
        text = [str(row.id), stamp(row.at), row.snapshot, str(row.last_id), str(row.heads), row.digest.hex()]
        if row.id != place or row.previous != before or row.hash != link(row.previous, text):
            breaks.append(Break(Fault.CHECKPOINT_ALTERED, "checkpoint", str(row.id), row.id))
        before = row.hash
    there = {row.hash for row in rows}
    return breaks + [Break(Fault.CHECKPOINT_GONE, "checkpoint", gone.hex(), 0) for gone in published if gone not in there]
