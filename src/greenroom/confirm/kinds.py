"""Which rules speak of which incidents, and where an incident has to lie to confirm them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.trace import Cause, Kind


class Where(enum.Flag):
    """How the place of a finding and that of an incident belong together."""

    LINE = enum.auto()
    """The finding stands where the innermost code of the application ran."""
    STACK = enum.auto()
    """It stands at a caller's line: code of mapped classes and schemas is reported where it is used."""
    ANSWER = enum.auto()
    """It stands in the endpoint whose answer was being made, by the framework, when the endpoint had returned."""
    TASKS = enum.auto()
    """It stands where tasks are begun, and the incident in one of them or in the function that begins them."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding of a rule claims to happen."""

    kinds: frozenset[Kind]
    where: Where
    goes_on: bool = False
    """Whether what reads goes on when a read fails, and meets the next attribute: one finding stands for all that is expired together."""


_LOADING = frozenset({Kind.IMPLICIT_IO, Kind.DETACHED, Kind.RAISELOAD})
_IMPLICIT_IO = Meaning(frozenset({Kind.IMPLICIT_IO}), Where.LINE)
MEANINGS: Mapping[str, Meaning] = {
    "GR101": _IMPLICIT_IO,
    "GR102": _IMPLICIT_IO,
    "GR103": _IMPLICIT_IO,
    "GR104": _IMPLICIT_IO,
    "GR105": _IMPLICIT_IO,
    "GR106": _IMPLICIT_IO,
    "GR107": Meaning(_LOADING, Where.LINE | Where.STACK | Where.ANSWER, goes_on=True),
    "GR108": Meaning(_LOADING, Where.LINE | Where.STACK),
    "GR109": _IMPLICIT_IO,
    "GR110": Meaning(frozenset({Kind.DETACHED}), Where.LINE),
    "GR111": Meaning(frozenset({Kind.RAISELOAD}), Where.LINE | Where.STACK),
    "GR301": Meaning(frozenset({Kind.CONCURRENT_USE}), Where.LINE | Where.TASKS),
    "GR307": Meaning(frozenset({Kind.CONCURRENT_USE}), Where.LINE | Where.TASKS),
}
"""By code. Rules that are not here mean what no incident shows: data that is lost without an error, or errors of other classes."""

TOGETHER = frozenset({Cause.COMMIT, Cause.ROLLBACK, Cause.EXPIRE, Cause.REFRESH, Cause.GENERATED})
"""Causes that leave several columns expired, which a read of one of them would load all (SQLAlchemy, "Refreshing / Expiring")."""
