"""How long a session may be used: until its block is over, and not beside a task that has it."""

from __future__ import annotations

import ast

from greenroom.domain.events import OutlivesScope, SharedSession
from greenroom.domain.heap import SessionObject
from greenroom.domain.loading import Site
from greenroom.domain.state import State
from greenroom.domain.values import Const
from greenroom.interpret.run import Run
from greenroom.semantics.effects import Close, Operation, Rollback

TASKS = "~tasks"
"""The variable that holds the sessions of tasks that were started and not awaited, with the places where they were."""


def running(state: State) -> frozenset[tuple[int, Site]]:
    """The sessions that tasks may be using, and where these tasks were started."""
    known = state.variables.get(TASKS)
    return known.value if isinstance(known, Const) and isinstance(known.value, frozenset) else frozenset()


def used(run: Run, state: State, session: int, record: SessionObject, operation: Operation, node: ast.AST) -> None:
    """A session is asked for something that takes a connection."""
    if isinstance(operation.effects[-1], Close | Rollback):
        return
    if record.over is not None:
        run.emit(OutlivesScope(run.site(node), run.call_sites(), "use", f"{operation.name}()", record.over), "use", session)
        state.heap[session] = record.evolve(over=None)  # what follows uses the connection that is taken here
    for other, site in running(state):
        if other == session:
            run.emit(SharedSession(site, run.call_sites(), "asyncio.create_task"))
