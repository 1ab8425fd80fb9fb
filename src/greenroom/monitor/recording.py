"""From an error of SQLAlchemy to an incident, and to everybody who wants to know of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from traceback import print_exc
from types import FrameType
from typing import Any, NamedTuple

from sqlalchemy.orm import InstanceState, dynamic
from sqlalchemy.orm import attributes as orm_attributes

from greenroom.monitor import wording
from greenroom.monitor.causes import Why, why
from greenroom.monitor.errors import incident_of, kind_of, mark
from greenroom.monitor.hooks import ATTRIBUTE_IMPL
from greenroom.monitor.moments import left_of
from greenroom.monitor.places import Role, frames, stack
from greenroom.monitor.scopes import BOUND, NOTHING, About, Scope, present
from greenroom.trace import Cause, Incident, Kind, Place

Told = Callable[[Incident, BaseException | None, bool], None]
"""What is told of incidents: the error, ``None`` for latent ones; and whether it is the first of its scope."""


class Read(NamedTuple):
    """The attribute that SQLAlchemy was about to load."""

    state: InstanceState[Any]
    key: str


_FIRE = ATTRIBUTE_IMPL._fire_loader_callables.__code__
_DYNAMIC = getattr(dynamic, "_AppenderMixin", None) or getattr(dynamic, "AppenderMixin")  # noqa: B009  # typed for one version


class Recorder:
    """Makes incidents; `told` hears of them."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._lock = threading.Lock()

    def raised(self, error: BaseException) -> None:
        """Look at an error that SQLAlchemy has just made; a failure of ours is printed and does not take its place."""
        try:
            self._look_at(error)
        except Exception:  # noqa: BLE001  # whatever it is, the application's error matters more
            print_exc()

    def _look_at(self, error: BaseException) -> None:
        kind = kind_of(error)
        if kind is None:
            return
        frame = _raising(sys._getframe(1))
        if frame is None:
            return
        wrapped = getattr(error, "orig", None)
        earlier = incident_of(wrapped) if isinstance(wrapped, BaseException) else None
        if earlier is not None:
            # The same event: its error in another's clothes.
            mark(error, earlier)
            for line in getattr(wrapped, "__notes__", ()):
                error.add_note(line)
            return
        self.met(_incident(kind, error, frame), error)

    def met(self, incident: Incident, error: BaseException | None) -> None:
        """Put an incident into its scopes, and tell of it."""
        scope = present()
        incident = _within(incident, scope)
        first = self._enter(incident, scope)
        if error is not None:
            mark(error, incident)
        self._told(incident, error, first)

    def _enter(self, incident: Incident, scope: Scope | None) -> bool:
        """Return whether the innermost scope has not met it before; without a scope everything is met for the first time."""
        same = identity(incident)
        first = True
        with self._lock:
            innermost = scope
            while scope is not None:
                known = scope.incidents.get(same)
                if scope is innermost:
                    first = known is None
                if known is not None:
                    scope.incidents[same] = known.again()
                elif len(scope.incidents) < BOUND:
                    scope.incidents[same] = incident
                scope = scope.outer
        return first


def identity(incident: Incident) -> object:
    """Return what makes two incidents the same within a scope."""
    return incident.kind, incident.model, incident.attribute, incident.place, incident.handler


def _raising(frame: FrameType | None) -> FrameType | None:
    """Return the frame of SQLAlchemy that makes an error; ``None`` where somebody else does, as when one is unpickled."""
    while frame is not None and (frame.f_code.co_name == "__init__" or frame.f_globals.get("__name__", "").startswith(__package__)):
        frame = frame.f_back
    if frame is None or not frame.f_globals.get("__name__", "").startswith("sqlalchemy"):
        return None
    return frame


def _incident(kind: Kind, error: BaseException, frame: FrameType) -> Incident:
    read = _read(frame)
    lines = stack(frame)
    if read is None:
        return Incident(
            kind,
            type(error).__name__,
            wording.message(kind, None, Cause.UNKNOWN, None, None),
            wording.mend(kind, None, Cause.UNKNOWN),
            place=lines[0] if lines else None,
            stack=lines,
        )
    reason, detached = why(read.state, read.key), _left(read.state, kind)
    return described(kind, type(error).__name__, read, reason, lines, detached)


def described(kind: Kind, error: str, read: Read, reason: Why, lines: tuple[Place, ...], detached: Place | None = None) -> Incident:
    """Return the incident of a read."""
    model = read.state.class_.__name__
    origin = reason.moment.place if reason.moment is not None else None
    subject = f"{model}.{read.key}"
    return Incident(
        kind=kind,
        error=error,
        message=wording.message(kind, subject, reason.cause, origin, detached),
        mend=wording.mend(kind, subject, reason.cause),
        model=model,
        attribute=read.key,
        cause=reason.cause,
        origin=origin,
        detached=detached,
        place=lines[0] if lines else None,
        stack=lines,
    )


def _read(frame: FrameType) -> Read | None:
    """Find the attribute that the application asked for: the outermost that SQLAlchemy is loading before a frame of the application."""
    found: Read | None = None
    for one, role in frames(frame):
        if one.f_code is _FIRE:
            found = Read(one.f_locals["state"], one.f_locals["key"])
        elif role is Role.APPLICATION:
            break
        elif found is None:
            found = _dynamic(one)
    return found


def _dynamic(frame: FrameType) -> Read | None:
    """Return the dynamic relationship whose query this frame runs."""
    query = frame.f_locals.get("self")
    return Read(orm_attributes.instance_state(query.instance), query.attr.key) if isinstance(query, _DYNAMIC) else None


def _left(state: InstanceState[Any], kind: Kind) -> Place | None:
    left = left_of(state)
    return left.moment.place if kind is Kind.DETACHED and left is not None else None


def _within(incident: Incident, scope: Scope | None) -> Incident:
    """Return the incident with what its scopes know."""
    about: About = NOTHING
    test: str | None = None
    for one in _outwards(scope):
        if about is NOTHING:
            about = one.about()
        test = test or one.test
    return replace(
        incident,
        route=about.route,
        endpoint=about.endpoint,
        handler=about.handler,
        request_id=about.request_id,
        trace_id=about.trace_id,
        test=test,
    )


def _outwards(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.outer
