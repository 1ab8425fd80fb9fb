"""Transactions that the database has aborted: after a statement that failed, PostgreSQL refuses all others until a rollback.

Source of the facts: PostgreSQL's documentation, "Transactions"; a COMMIT of an aborted transaction is carried out as a ROLLBACK,
without an error. The ORM notices only failures of its own flushes.
"""

from __future__ import annotations

import ast

from greenroom.domain.events import UsedAborted
from greenroom.domain.journal import Kind, open_writes
from greenroom.domain.loading import Origin
from greenroom.domain.state import State
from greenroom.domain.values import Statement
from greenroom.interpret.run import Run
from greenroom.interpret.session import work
from greenroom.semantics.effects import Commit, Execute, Flush, Get, Merge, Operation, Refresh

_SENDS = (Execute, Get, Refresh, Merge, Commit, Flush)


def may_abort(run: Run, state: State, session: int, statement: Statement, node: ast.AST) -> None:
    """A statement that writes fails where somebody would catch it: its transaction is aborted."""
    record = state.session(session)
    if run.raised is None or record is None:
        return
    failing = state.fork()
    if run.settings.aborts and record.aborted is None and not statement.lenient:
        failing.heap[session] = record.evolve(aborted=Origin(run.site(node), "this statement failed"))
    run.may_raise(work.INTEGRITY_ERROR, failing)


def used(run: Run, state: State, session: int, operation: Operation, node: ast.AST) -> None:
    """Report a use that the database refuses, or a commit that it turns into a rollback; go on as if there had been one."""
    record = state.session(session)
    effect = operation.effects[-1]
    if record is None or record.aborted is None or not isinstance(effect, _SENDS):
        return
    if isinstance(effect, Flush) and not work.waiting(state, session):
        return
    lost = open_writes(state.journal, session) if isinstance(effect, Commit) and not work.waiting(state, session) else []
    if not isinstance(effect, Commit) or lost or work.waiting(state, session):
        caught = next((act for act in reversed(state.journal) if act.kind is Kind.CAUGHT), None)
        undone = lost[0] if lost else None
        run.emit(UsedAborted(run.site(node), run.call_sites(), operation.name, record.aborted, caught, undone), operation.name)
    state.heap[session] = record.evolve(aborted=None)
