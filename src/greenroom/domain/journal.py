"""The journal of a path: what was written, flushed, committed, rolled back and closed, in order.

Load states say what is in memory; the journal says what became of the transaction. It is a witness, not a part of the
situation: it never takes part in the equality of states, so it keeps no two states apart and delays no fixpoint. Where
paths are joined, what only some of them did stays in its order and is not ``sure`` any more.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from greenroom.domain.loading import Origin

MOST = 40
"""Acts that the journal of one path holds."""
NO_SESSION = 0


class Kind(enum.Enum):
    """What can be done to a transaction."""

    ADD = "add"
    DELETE = "delete"
    BULK = "bulk"
    """An UPDATE or DELETE statement that was executed; an INSERT adds."""
    CHANGE = "change"
    """Attributes of an object in the session were assigned; told when it is flushed, or when the session is closed."""
    FLUSH = "flush"
    """A flush, explicit or not, that had something to write."""
    COMMIT = "commit"
    ROLLBACK = "rollback"
    REFRESH = "refresh"
    CLOSE = "close"
    OUTSIDE = "outside"
    """Something that is no database was awaited, and nothing here catches its failure."""
    UNKNOWN = "unknown"
    """The session was in the hands of something that is not followed."""
    CAUGHT = "caught"
    """An exception was caught: what was not committed by then is given up, if nothing more is done."""
    ENTER = "enter"
    """The endpoint is called; its dependencies have given what it needs."""
    ANSWER = "answer"
    """The endpoint returned; what the answer holds has been read."""


WRITES = frozenset({Kind.ADD, Kind.DELETE, Kind.BULK, Kind.CHANGE, Kind.FLUSH})
ENDS = frozenset({Kind.COMMIT, Kind.ROLLBACK, Kind.CLOSE})


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the journal."""

    kind: Kind
    session: int
    origin: Origin
    models: tuple[str, ...] = ()
    """The mapped classes that are written."""
    sure: bool = True
    """Whether every path that was joined here did it."""
    repeated: bool = False
    """Whether a loop does it again and again to one session."""
    parts: tuple[ast.AST, ...] = ()
    """The single assignments of a change."""

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the source that is written."""
        return (self.origin.site.node, *self.parts)

    def same(self, other: Act) -> bool:
        """Whether two acts are one and the same operation of the source, on one session."""
        return self.kind is other.kind and self.session == other.session and self.origin.site.node is other.origin.site.node


Journal: TypeAlias = tuple[Act, ...]


def appended(journal: Journal, act: Act) -> Journal:
    """The journal with one more act; one that is repeated within a transaction is told once."""
    for known in reversed(journal):
        if known.same(act):
            return journal
        if known.session == act.session and (known.kind in ENDS or act.kind in ENDS):
            break
    if len(journal) < MOST:
        return (*journal, act)
    return journal if journal[-1].kind is Kind.UNKNOWN else (*journal, Act(Kind.UNKNOWN, NO_SESSION, act.origin))


def repeated(before: Journal, after: Journal, sessions: Container[int]) -> Journal:
    """The journal after one round of a loop: what it did to ``sessions`` that were there ``before`` is done in every round."""
    known = len(before)
    if len(after) <= known:
        return after
    return (*after[:known], *(replace(a, repeated=True) if a.session in sessions and not a.repeated else a for a in after[known:]))


def agreed(one: Journal, other: Journal) -> Journal:
    """What was done on either of two paths, in an order that fits both."""
    if one is other or one == other:
        return one
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a is not b), min(len(one), len(other)))
    merged, rest = list(one[:start]), list(other[start:])
    for act in one[start:]:
        place = next((i for i, known in enumerate(rest) if known.same(act)), None)
        if place is None:
            merged.append(_unsure(act))
        else:
            merged.extend(map(_unsure, rest[:place]))
            both = act if act.repeated or not rest[place].repeated else replace(act, repeated=True)
            merged.append(both if act.sure == rest[place].sure else _unsure(both))
            del rest[: place + 1]
    merged.extend(map(_unsure, rest))
    return tuple(merged[:MOST])


def _unsure(act: Act) -> Act:
    return replace(act, sure=False) if act.sure else act


def own(journal: Journal) -> Journal:
    """What an endpoint has done itself, without what its dependencies did before it was called."""
    start = next((place for place, act in enumerate(journal) if act.kind is Kind.ENTER), -1)
    return journal[start + 1 :]


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit of a journal that had something to write, and what was awaited outside since the one before."""

    act: Act
    outside: Act | None


def commits(journal: Iterable[Act]) -> list[Committed]:
    """The commits that had something to write, in order."""
    found: list[Committed] = []
    written: set[int] = set()
    outside: Act | None = None
    for act in journal:
        if act.kind in WRITES:
            written.add(act.session)
        elif act.kind is Kind.OUTSIDE and outside is None:
            outside = act
        elif act.kind is Kind.COMMIT and act.session in written:
            found.append(Committed(act, outside))
            written.discard(act.session)
            outside = None
        elif act.kind in ENDS:
            written.discard(act.session)
    return found


def open_writes(journal: Iterable[Act], session: int) -> list[Act]:
    """What was written to a session and neither committed nor given up since."""
    found: list[Act] = []
    for act in journal:
        if act.session in {session, NO_SESSION} and act.kind is Kind.UNKNOWN:
            found.clear()
        elif act.session == session and act.kind in WRITES:
            found.append(act)
        elif act.session == session and act.kind in ENDS:
            # What only some paths do is what they have written themselves, more often than not.
            found = [write for write in found if write.sure and not act.sure]
    return found
