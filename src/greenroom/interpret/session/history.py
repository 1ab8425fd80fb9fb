"""Keeping the journal: what a path does to its transactions, written down as it happens."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from greenroom.domain.events import Ended, Lost
from greenroom.domain.heap import Instance, SessionObject
from greenroom.domain.journal import NO_SESSION, WRITES, Act, Journal, Kind, appended, open_writes
from greenroom.domain.loading import Origin, Site
from greenroom.domain.state import State
from greenroom.domain.values import Ref, Value, atoms
from greenroom.interpret.run import Run
from greenroom.program.symbols import Function

TEXTS = {
    Kind.ADD: "added to the session here",
    Kind.DELETE: "marked for deletion here",
    Kind.BULK: "written by this statement",
    Kind.FLUSH: "written by this flush",
    Kind.COMMIT: "committed here",
    Kind.ROLLBACK: "rolled back here",
    Kind.CLOSE: "the session is closed here",
    Kind.UNKNOWN: "the session is handed to something that is not followed",
    Kind.ANSWER: "the answer is ready here",
}


def note(run: Run, state: State, kind: Kind, session: int, node: ast.AST, models: Iterable[str] = ()) -> None:
    """Write down what is being done to a session."""
    write(run, state, Act(kind, session, Origin(run.site(node), TEXTS[kind]), tuple(sorted(set(models)))))


def write(run: Run, state: State, act: Act) -> None:
    """The same for an act that is told by a summary; what a commit keeps is remembered for all paths."""
    if act.kind is Kind.COMMIT:
        run.tracker.kept.update(found.origin.site.node for found in open_writes(state.journal, act.session))
    elif act.kind is Kind.UNKNOWN:
        run.tracker.kept.update(found.origin.site.node for found in state.journal if found.kind in WRITES)
    state.journal = appended(state.journal, act)


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


def through(before: Journal, after: State, site: Site) -> None:
    """What a call did was done through that call."""
    known = len(before)
    journal = after.journal
    if len(journal) > known and journal[:known] == before:
        after.journal = (*before, *(Act(a.kind, a.session, a.origin.through(site), a.models, a.sure) for a in journal[known:]))


def cut_short(run: Run, state: State, node: ast.AST) -> None:
    """A call was not followed to its end: it may have done anything to any session."""
    note(run, state, Kind.UNKNOWN, NO_SESSION, node)


def answered(run: Run, state: State, function: Function) -> None:
    """The endpoint's own part is over, and its answer is made."""
    origin = Origin(Site(function.module, function.node), TEXTS[Kind.ANSWER])
    state.journal = appended(state.journal, Act(Kind.ANSWER, NO_SESSION, origin))


def ended(run: Run, state: State, function: Function, *, methods: tuple[str, ...] | None = None) -> None:
    """An entry point returned: tell what it did; ``methods`` are those of an endpoint."""
    acts = state.journal
    if not acts:
        return
    event = Ended(Site(function.module, function.node), (), function, acts, methods is not None, methods or ())
    run.emit(event, *((act.kind, act.origin.site.node, act.sure) for act in acts))
    for place, act in enumerate(acts):
        if act.kind is Kind.CLOSE and act.sure and _in_sight(acts, act.session):
            for found in open_writes(acts[:place], act.session):
                run.tracker.lost.setdefault(
                    found.origin.site.node, Lost(found.origin.site, found.origin.calls, found.models, found.kind, act.origin)
                )


def _in_sight(acts: Journal, session: int) -> bool:
    """Whether everything that could commit a session is followed: it is opened here, and never handed to anything unknown."""
    return not any(act.kind is Kind.UNKNOWN and act.session in {session, NO_SESSION} for act in acts)
