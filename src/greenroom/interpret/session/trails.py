"""Audit trails: what is handed to those who write them, and which requests leave none."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from greenroom.domain.events import Ended, Event, ExpiredToTrail, Unrecorded
from greenroom.domain.heap import PERSISTENT, OrmObject
from greenroom.domain.holding import spread
from greenroom.domain.journal import ENDS, NO_SESSION, WRITES, Act, Journal, Kind, own
from greenroom.domain.loading import COMMITTED
from greenroom.domain.state import State
from greenroom.domain.values import Arguments
from greenroom.interpret.run import Run
from greenroom.interpret.tracker import Tracker
from greenroom.program.symbols import Function
from greenroom.semantics.trails import is_trail

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def note(run: Run, models: Iterable[str]) -> None:
    """Remember that the function being followed writes to a trail."""
    trail = next((model for model in models if is_trail(model)), None)
    if trail is not None and run.calls:
        run.tracker.recorders.setdefault(run.calls[-1].function, trail)


def given(run: Run, state: State, function: Function, args: Arguments, node: ast.AST) -> None:
    """Remember which function is given an object that a commit has expired."""
    for value in spread(args):
        record = state.record(value)
        if isinstance(record, OrmObject) and record.life & PERSISTENT:
            lost = next((known for known in record.attributes.values() if known.sure & COMMITTED), None)
            if lost is not None:
                found = ExpiredToTrail(run.site(node), run.call_sites(), record.mapped.name, "", function, lost.origin(COMMITTED))
                run.tracker.handed.setdefault(node, found)


def expired_to_trail(tracker: Tracker) -> Iterator[ExpiredToTrail]:
    """Of these, the functions that write to a trail."""
    for event in tracker.handed.values():
        trail = tracker.recorders.get(event.function)
        if trail is not None and not is_trail(event.model):
            yield replace(event, trail=trail)


def unrecorded(events: Iterable[Event]) -> Iterator[Unrecorded]:
    """The requests that commit something and write no row of a trail, where others do."""
    recording: set[object] = set()
    silent: dict[object, tuple[Ended, Act]] = {}
    for event in events:
        if not isinstance(event, Ended) or not event.request or MUTATING.isdisjoint(event.methods) or event.site.module.is_test:
            continue
        acts = own(event.acts)
        written = _kept(acts)
        if written is None or any(act.kind is Kind.UNKNOWN for act in acts):
            continue
        if any(act.kind is Kind.ADD and any(map(is_trail, act.models)) for act in event.acts):
            recording.add(event.function.node)
        else:
            silent.setdefault(event.function.node, (event, written))
    recording -= silent.keys()
    for event, written in silent.values():
        yield Unrecorded(written.origin.site, written.origin.calls, event.function, written, len(recording), len(silent))


def _kept(acts: Journal) -> Act | None:
    """The first write that is committed for certain."""
    open_: dict[int, Act] = {}
    for act in acts:
        if act.kind in WRITES and act.sure and act.kind is not Kind.FLUSH:
            open_.setdefault(act.session, act)
        elif act.kind is Kind.COMMIT and act.sure and act.session in open_:
            return open_[act.session]
        elif act.kind in ENDS and act.session != NO_SESSION:
            open_.pop(act.session, None)
    return None
