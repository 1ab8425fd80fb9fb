"""Keeping the journal: what a path does to its transactions, written down as it happens."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from greenroom.domain.events import CommittedAfterError, CommittedLate, Ended, Lost
from greenroom.domain.heap import PENDING, Instance, SessionObject
from greenroom.domain.journal import NO_SESSION, WRITES, Act, Journal, Kind, appended, open_writes
from greenroom.domain.loading import Origin, Site
from greenroom.domain.state import State
from greenroom.domain.values import Ref, Value, atoms
from greenroom.interpret.observer import OPERATIONS
from greenroom.interpret.run import Run
from greenroom.interpret.session import ownership, trails
from greenroom.program.symbols import External, Function

_DATABASE = frozenset({"sqlalchemy", "sqlmodel"})
_LOOPS = frozenset({"asyncio", "anyio"})
_WAITING = frozenset({"create_task", "gather", "shield", "sleep", "timeout", "to_thread", "wait", "wait_for"})
"""Functions that wait for the program itself."""
TEXTS = {
    Kind.ADD: "added to the session here",
    Kind.DELETE: "marked for deletion here",
    Kind.BULK: "written by this statement",
    Kind.CHANGE: "changed here",
    Kind.FLUSH: "written by this flush",
    Kind.COMMIT: "committed here",
    Kind.ROLLBACK: "rolled back here",
    Kind.REFRESH: "refreshed here",
    Kind.CLOSE: "the session is closed here",
    Kind.OUTSIDE: "awaits something else than the database",
    Kind.UNKNOWN: "the session is handed to something that is not followed",
    Kind.CAUGHT: "an exception is caught here",
    Kind.ENTER: "the endpoint begins here",
    Kind.ANSWER: "the answer is ready here",
}


def note(run: Run, state: State, kind: Kind, session: int, node: ast.AST, models: Iterable[str] = (), *, asked: bool = True) -> None:
    """Write down what is being done to a session, by the function being followed if that has ``asked`` for it."""
    act = Act(kind, session, Origin(run.site(node), TEXTS[kind]), tuple(sorted(set(models))))
    if run.tracker.observer is not None and kind in OPERATIONS and asked:
        record = state.heap.get(session)
        expires = record.expire_on_commit if isinstance(record, SessionObject) else None
        run.tracker.observer.performed(act, run.function, state.journal, asked=_by_name(kind, node), expires=expires)
    write(run, state, act)
    if kind is Kind.ADD:
        trails.note(run, act.models)
    # A `begin()` block ends no transaction of a caller's: it refuses to begin where there is one.
    if session != NO_SESSION and asked and (kind in WRITES or _by_name(kind, node)):
        ownership.note(run, kind, session, node)


def _by_name(kind: Kind, node: ast.AST) -> bool:
    """Whether the source calls for an operation, so that it is no end of a block."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == kind.value


def idle_flush(run: Run, state: State, session: int, node: ast.AST) -> None:
    """An audit lists a flush that has nothing to write, too."""
    if run.tracker.observer is not None:
        act = Act(Kind.FLUSH, session, Origin(run.site(node), TEXTS[Kind.FLUSH]))
        run.tracker.observer.performed(act, run.function, state.journal, asked=True, expires=None)


def write(run: Run, state: State, act: Act) -> None:
    """The same for an act that is told by a summary; what a commit keeps is remembered for all paths."""
    if act.kind is Kind.COMMIT:
        written = open_writes(state.journal, act.session)
        run.tracker.kept.update(node for found in written for node in found.nodes)
        _judge_commit(run, state, act, written)
    elif act.kind is Kind.UNKNOWN:
        run.tracker.kept.update(node for found in state.journal if found.kind in WRITES for node in found.nodes)
    state.journal = appended(state.journal, act)


def _judge_commit(run: Run, state: State, act: Act, written: list[Act]) -> None:
    """Tell of commits of what was written before an exception passed, or before the answer was sent."""
    site, calls = act.origin.site, (*run.call_sites(), *act.origin.calls)
    managers = [*reversed(run.endings.exits), *(call.function for call in reversed(run.calls) if call.function.is_generator)]
    halves = [found for found in written if any(found.same(known) for known in run.endings.passed)]
    if halves and managers:
        run.emit(CommittedAfterError(site, calls, halves[0], managers[0]))
    provider = next((function for function in managers if function.node in run.endings.providers), None)
    if provider is not None and run.settings.answers_first:
        answer = next((place for place, known in enumerate(state.journal) if known.kind is Kind.ANSWER and known.sure), 0)
        late = [found for found in written if found in state.journal[:answer]]
        if late:
            run.emit(CommittedLate(site, calls, late[0], provider))


def changes(run: Run, state: State, session: int) -> None:
    """Write down which objects have assignments that wait to be flushed: one act for each, where it was assigned first."""
    for _, record in state.waiting(session):
        if record.life & PENDING or not record.dirty:
            continue
        names = record.dirty & record.mapped.columns.keys() & record.assigned_at.keys() - record.perhaps
        if names:
            first = min((record.assigned_at[name] for name in names), key=lambda origin: origin.site.line)
            origin = Origin(first.site, TEXTS[Kind.CHANGE], first.calls)
            nodes = tuple(record.assigned_at[name].site.node for name in names)
            write(run, state, Act(Kind.CHANGE, session, origin, (record.mapped.name,), parts=nodes))


def changed(run: Run, state: State) -> None:
    """The same for all sessions, where an exception passes: it leaves behind what had been assigned so far."""
    for session in [key for key, record in state.heap.items() if isinstance(record, SessionObject)]:
        changes(run, state, session)


def handed_over(run: Run, state: State, values: Iterable[Value], node: ast.AST) -> None:
    """Sessions among the ``values`` that something unknown is given, or in what these hold: it may commit them, now or later."""
    for value in values:
        for atom in atoms(value):
            record = state.record(atom)
            if isinstance(record, SessionObject) and isinstance(atom, Ref):
                note(run, state, Kind.UNKNOWN, atom.id, node)
            elif isinstance(record, Instance):
                held = (inner for part in record.attributes.values() for inner in atoms(part))
                handed_over(run, state, [inner for inner in held if isinstance(state.record(inner), SessionObject)], node)


def given_up(state: State, before: int) -> None:
    """Sessions that were closed while an exception was on its way, after the first ``before`` acts: what they held was given up."""
    acts: list[Act] = []
    for place, act in enumerate(state.journal):
        if place >= before and act.kind is Kind.CLOSE:
            acts.append(replace(act, kind=Kind.ROLLBACK))
        acts.append(act)
    state.journal = tuple(acts)


def outside(run: Run, state: State, node: ast.AST) -> None:
    """Something that is no database is awaited: where its failure is not caught, what follows does not happen."""
    node = node.value if isinstance(node, ast.Await) else node
    if run.raised is not None or not state.journal or not isinstance(node, ast.Call) or run.module is None:
        return
    symbol = run.program.resolve(run.module, node.func, function=run.function)
    if not (isinstance(symbol, External) and (symbol.root in _DATABASE or (symbol.root in _LOOPS and symbol.name in _WAITING))):
        note(run, state, Kind.OUTSIDE, NO_SESSION, node)


def caught(run: Run, state: State, handler: ast.AST) -> None:
    """An exception ends here: told where there is something that it may have given up."""
    if state.journal or any(isinstance(record, SessionObject) and record.aborted is not None for record in state.heap.values()):
        note(run, state, Kind.CAUGHT, NO_SESSION, handler)


def through(before: Journal, after: State, site: Site) -> None:
    """What a call did was done through that call."""
    known = len(before)
    journal = after.journal
    if len(journal) > known and journal[:known] == before:
        after.journal = (*before, *(replace(a, origin=a.origin.through(site)) for a in journal[known:]))


def cut_short(run: Run, state: State, node: ast.AST) -> None:
    """A call was not followed to its end: it may have done anything to any session."""
    note(run, state, Kind.UNKNOWN, NO_SESSION, node)


def mark(state: State, kind: Kind, function: Function) -> None:
    """The endpoint's own part begins, or is over and its answer is made."""
    state.journal = appended(state.journal, Act(kind, NO_SESSION, Origin(Site(function.module, function.node), TEXTS[kind])))


def ended(run: Run, state: State, function: Function, *, methods: tuple[str, ...] | None = None) -> None:
    """An entry point returned: tell what it did; ``methods`` are those of an endpoint."""
    acts = state.journal
    if all(act.kind in {Kind.ENTER, Kind.ANSWER} for act in acts):
        return
    event = Ended(Site(function.module, function.node), (), function, acts, methods is not None, methods or ())
    run.emit(event, *((act.kind, act.origin.site.node, act.sure) for act in acts))
    for place, act in enumerate(acts):
        if act.kind is Kind.CLOSE and act.sure and not run.shortened and _in_sight(acts, act.session):
            since = max((i for i, known in enumerate(acts[:place]) if known.kind is Kind.CAUGHT), default=-1) + 1
            for found in open_writes(acts[since:place], act.session):
                if found.kind is Kind.FLUSH:  # of what was told before
                    continue
                run.tracker.lost.setdefault(
                    found.origin.site.node, Lost(found.origin.site, found.origin.calls, found.models, found.kind, act.origin)
                )


def _in_sight(acts: Journal, session: int) -> bool:
    """Whether everything that could commit a session is followed: it is opened here, and never handed to anything unknown."""
    return not any(act.kind is Kind.UNKNOWN and act.session in {session, NO_SESSION} for act in acts)
