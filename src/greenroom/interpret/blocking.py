"""What waits for the database where an event loop waits for it: plain sessions and engines in coroutine functions."""

from __future__ import annotations

import ast
from dataclasses import replace

from greenroom.domain.events import Blocking, Event
from greenroom.domain.heap import SessionObject
from greenroom.domain.loading import Site
from greenroom.interpret.run import Run
from greenroom.semantics.sessions import OPERATIONS

CONNECTING = frozenset({"connect", "begin", "raw_connection"})
"""Methods of a plain engine that take a connection, and wait for one."""
ENDING = frozenset({"close", "close_all", "invalidate", "remove", "reset", "rollback", "run_sync"})
"""Operations of a plain session that wait for the database for a moment at most."""


def session_call(run: Run, record: SessionObject, name: str, node: ast.AST) -> None:
    """A method of a session is called, a plain one perhaps."""
    operation = OPERATIONS.get(name)
    if not record.is_async and (name == "query" or (operation is not None and operation.awaits and name not in ENDING)):
        _blocks(run, node, f"{name}()", "session")


def engine_call(run: Run, name: str, node: ast.AST) -> None:
    """A method of a plain engine is called."""
    if name in CONNECTING:
        _blocks(run, node, f"{name}()", "engine")


def _blocks(run: Run, node: ast.AST, what: str, subject: str) -> None:
    """Tell that a call at ``node`` waits, if that is on an event loop; of each coroutine function the first such call is told."""
    coroutine = run.coroutine
    if coroutine is None or node is run.awaiting or run.greenlet:
        return  # what is awaited is no plain session, whatever its annotation says
    function = run.calls[coroutine].function
    if function.module.is_test:
        return  # nothing else waits for the event loop of a test
    run.emit(Blocking(_at(run, coroutine, node), _before(run, coroutine), what, subject, run.site(node)), subject)


def again(run: Run, event: Blocking, node: ast.AST, *key: object) -> None:
    """Tell what the call at ``node`` did before, where another coroutine function waits for it now."""
    coroutine = run.coroutine
    if coroutine is not None:
        run.emit(replace(event, site=_at(run, coroutine, node), calls=_before(run, coroutine)), *key)


def is_of_caller(run: Run, event: Event) -> bool:
    """Whether the coroutine function that waits is one of the calls in progress, and not one that the call just followed has made."""
    return isinstance(event, Blocking) and len(event.calls) <= len(run.call_sites())


def _at(run: Run, coroutine: int, node: ast.AST) -> Site:
    """The call in the coroutine function that leads to ``node``, or ``node`` itself."""
    return next((call.site for call in run.calls[coroutine + 1 :] if call.site is not None), run.site(node))


def _before(run: Run, coroutine: int) -> tuple[Site, ...]:
    return tuple(call.site for call in run.calls[: coroutine + 1] if call.site is not None)
