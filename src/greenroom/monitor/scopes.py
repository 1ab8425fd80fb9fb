"""In what an incident happens: a request, a job, a test, as a context variable, so that tasks, threads and greenlets inherit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from greenroom.monitor.places import getcurrent
from greenroom.trace import Incident, Place

BOUND = 100
"""How many different incidents one scope keeps; more of them are counted, not kept."""


@dataclass(frozen=True, slots=True)
class About:
    """What a framework knows of the request; see the fields of the same names of `Incident`."""

    route: str | None = None
    endpoint: str | None = None
    handler: Place | None = None
    request_id: str | None = None
    trace_id: str | None = None


NOTHING = About()


@dataclass(slots=True, eq=False)
class Scope:
    """One request, job or test."""

    about: Callable[[], About] = lambda: NOTHING
    """Asked only when an incident needs it, for a router has not chosen when a request begins, and most requests meet nothing."""
    test: str | None = None
    outer: Scope | None = None
    incidents: dict[object, Incident] = field(default_factory=dict)
    """By what makes two the same within a scope."""


current: ContextVar[Scope | None] = ContextVar("greenroom_scope", default=None)

_ambient: list[Scope] = []
"""Scopes of the whole process, innermost last: they hold where no context variable says otherwise."""


def present() -> Scope | None:
    """Return the innermost scope: that of the context or, where it has none, that of the process."""
    return current.get() or _of_parents() or (_ambient[-1] if _ambient else None)


def _of_parents() -> Scope | None:
    """Return the scope of the greenlets that wait for this one: one that an application has made begins with an empty context."""
    running = getcurrent()
    waiting = running.parent if running is not None else None
    while waiting is not None:
        context = waiting.gr_context
        scope = context.get(current) if context is not None else None
        if scope is not None:
            return scope
        waiting = waiting.parent
    return None


@contextmanager
def everywhere(scope: Scope) -> Iterator[Scope]:
    """Make ``scope`` that of the whole process: of every thread and every event loop, also those whose context is older.

    A context variable would not do for a test: a loop that several tests share runs them in copies of the context it was made in.
    """
    scope.outer = present()
    _ambient.append(scope)
    try:
        yield scope
    finally:
        _ambient.remove(scope)


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Make ``scope`` the current one; what it met goes to the one around it as well."""
    scope.outer = present()
    token = current.set(scope)
    try:
        yield scope
    finally:
        current.reset(token)
