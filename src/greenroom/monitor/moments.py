"""What befell the objects of a session, and at which line of the application: remembered cheaply while it happens, asked when a read fails.

A session has one `History`. Few things are written on single objects, and only where an operation befell these alone.
"""

from __future__ import annotations

import itertools
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple

from sqlalchemy.orm import InstanceState, Session

from greenroom.monitor.places import innermost, place
from greenroom.trace import Cause, Place

QUERIES = 256
"""How many queries of a session are remembered; of objects that older ones brought it is not known where."""

_HISTORY = "_greenroom_history"
_MARKS = "_greenroom_marks"
_LEFT = "_greenroom_left"

_next = itertools.count(1).__next__


class Moment(NamedTuple):
    """One operation; of two the later has the greater ``order``."""

    cause: Cause
    code: CodeType | None
    line: int
    order: int

    @property
    def place(self) -> Place | None:
        """The line of the application."""
        return None if self.code is None else place(self.code, self.line)


def now(cause: Cause, frame: FrameType | None = None) -> Moment:
    """Return a moment at the line of the application that is running."""
    found = innermost(sys._getframe(1) if frame is None else frame)
    code, line = found or (None, 0)
    return Moment(cause, code, line, _next())


def again(moment: Moment) -> Moment:
    """Return a moment at the same line, later."""
    return moment._replace(order=_next())


class History:
    """What one session has done."""

    __slots__ = ("flush", "queries", "refresh", "running", "whole", "withheld")

    def __init__(self) -> None:
        self.whole: Moment | None = None
        """The last operation that expired every object."""
        self.flush: Moment | None = None
        """The flush that is running, or the last one."""
        self.refresh: Moment | None = None
        """The refresh that is running."""
        self.running: Moment | None = None
        """The query whose rows are being made objects."""
        self.withheld: Moment | None = None
        """The last commit after which the application's own sessions would have expired everything and this one did not."""
        self.queries: dict[int, Moment] = {}
        """By the run id that SQLAlchemy gives to the load of a query's rows; `InstanceState.runid` holds it."""

    def queried(self, runid: int, moment: Moment) -> None:
        """Remember a query."""
        queries = self.queries
        queries[runid] = moment
        if len(queries) > QUERIES:
            del queries[next(iter(queries))]


class Left(NamedTuple):
    """The end of an object's stay in a session."""

    moment: Moment
    whole: Moment | None
    """What had expired all of the session by then."""
    query: Moment | None
    """What had loaded the object. The history of the session would be kept alive by it for as long as the object is."""


class Marks:
    """What befell one object and not its whole session."""

    __slots__ = ("expired", "inserted", "keys", "refreshed", "reloaded", "unloaded")

    def __init__(self) -> None:
        self.inserted: Moment | None = None
        """The flush that wrote it first."""
        self.expired: Moment | None = None
        """The last operation that expired all of this object alone."""
        self.reloaded: Moment | None = None
        """The last query that found it in the session and loaded what was missing."""
        self.keys: dict[str, Moment] = {}
        """What dropped single attributes."""
        self.refreshed: Moment | None = None
        """The last refresh."""
        self.unloaded: Moment | None = None
        """The last refresh of single attributes."""


def history_of(session: Session) -> History:
    """Return the history of a session, which begins now if there is none."""
    # Not by its `__dict__`: from 3.11 on asking for that makes every attribute of the object slower to read.
    history: History | None = getattr(session, _HISTORY, None)
    if history is None:
        history = History()
        setattr(session, _HISTORY, history)
    return history


def marks_of(state: InstanceState[Any]) -> Marks:
    """Return the marks of an object, which are none if there were none.

    They lie on the state itself, which SQLAlchemy neither copies nor pickles as a whole.
    """
    marks: Marks | None = getattr(state, _MARKS, None)
    if marks is None:
        marks = Marks()
        setattr(state, _MARKS, marks)
    return marks


def known_marks(state: InstanceState[Any]) -> Marks:
    """Return the marks of an object without writing anything."""
    return getattr(state, _MARKS, None) or Marks()


def latest(*moments: Moment | None) -> Moment | None:
    """Return the last of those that happened."""
    return max((one for one in moments if one is not None), key=lambda one: one.order, default=None)


def leave(state: InstanceState[Any], left: Left) -> None:
    """Remember of an object what took it out of its session."""
    setattr(state, _LEFT, left)


def left_of(state: InstanceState[Any]) -> Left | None:
    """Return what took an object out of its last session."""
    left: Left | None = getattr(state, _LEFT, None)
    return left
