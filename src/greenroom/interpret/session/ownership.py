"""Whose transaction it is: which functions write to a session that they are given, and which of them end it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from greenroom.domain.events import EndedByCallee
from greenroom.domain.journal import WRITES, Kind
from greenroom.interpret.run import Run
from greenroom.interpret.tracker import Tracker
from greenroom.program.symbols import Function

_OWNERS = frozenset({"commit", "rollback", "__aenter__", "__aexit__", "__enter__", "__exit__"})
"""Functions whose business it is to end a transaction, and what a class has that is a unit of work."""


def note(run: Run, kind: Kind, session: int, node: ast.AST) -> None:
    """Remember what the function being followed does to a session that its caller has given to it."""
    call = run.calls[-1] if run.calls else None
    if call is None or call.site is None or run.module is None or run.module.standin or call.site.module.is_test:
        return
    if not _received(run, session) or _owns(run, call.function):
        return
    if kind in WRITES:
        run.tracker.writers.add(call.function)
    elif kind in {Kind.COMMIT, Kind.ROLLBACK}:
        run.tracker.enders.setdefault(node, EndedByCallee(run.site(node), run.call_sites(), kind, call.function))


def _received(run: Run, session: int) -> bool:
    """Whether a session was there before the function being followed was called, and is no global one."""
    _, _, made_in = run.tracker.allocations[session - 1]
    within = run.call_nodes()
    return made_in[: len(within)] != within and session not in run.tracker.originals


def _owns(run: Run, function: Function) -> bool:
    """Whether a function is, or belongs to, a unit of work, or hands a session out for a while."""
    owner = function.owner
    name = f"{function.module.name}.{function.qualname}"
    return (
        function.is_generator
        or any(fnmatchcase(name, glob) for glob in run.settings.boundaries)
        or function.name in _OWNERS
        or (owner is not None and any(run.program.member(owner, name) is not None for name in _OWNERS))
        or any(route.function is function for route in run.backend.routes())
    )


def ended_by_callees(tracker: Tracker) -> Iterator[EndedByCallee]:
    """The ends of given sessions, each with how many functions of the project do so and how many do not."""
    committers = {event.function for event in tracker.enders.values() if event.kind is Kind.COMMIT}
    keepers = tracker.writers - committers
    for event in tracker.enders.values():
        yield replace(event, keepers=len(keepers), others=len(committers))
