"""Deeds: what was done to a session as a whole, so alike for everything that is attached to it.

A call that commits does the same to each object of the session, whichever objects these are. So what it did is told as the
deed rather than as what became of each of them, and a summary of it fits callers that have other objects loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from greenroom.domain.heap import DELETED, PENDING, OrmObject
from greenroom.domain.loading import Origin


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation on everything that is attached to a session."""

    kind: str
    origin: Origin | None = None
    sure: bool | None = True
    """Whether it expires what it can: with ``expire_on_commit`` not known, that is not known either."""
    to: int = 0
    """The savepoint that it goes back to, or ends."""


Deeds: TypeAlias = "tuple[Deed, ...] | None"
"""What was done to a session, in order; None where the paths joined here do not agree."""
MOST = 6
"""Deeds that are told of one session."""


def after(done: Deeds, deed: Deed) -> Deeds:
    """The deeds with one more; the same one twice in a row is done once."""
    if done is None or (done and done[-1] == deed):
        return done
    return (*done, deed) if len(done) < MOST else None


def agreed(one: Mapping[int, Deeds], other: Mapping[int, Deeds]) -> Mapping[int, Deeds]:
    """What was done on either of two paths."""
    if one is other or one == other:
        return one
    return {session: done if one.get(session, ()) == other.get(session, ()) else None for session, done in {**one, **other}.items()}


def is_settled(record: OrmObject) -> bool:
    """Whether the transaction and the next flush have no say in an object: only a deed, or a query for its row, changes it."""
    return not (record.life & (PENDING | DELETED) or record.dirty or record.new is not False or record.touched > 0 or record.born > 0)
