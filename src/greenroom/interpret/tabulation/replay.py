"""Replay: what a summary says that a call did, done to the state of another caller.

Heap ids and tokens are put into the caller's context (``relocation``); what the call never saw stays as it is (the frame rule of
separation logic), but for what befell everything that is attached to a session (``deeds``).
"""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import replace

from greenroom.domain.deeds import Deeds
from greenroom.domain.flow import Raised
from greenroom.domain.heap import join_objects
from greenroom.domain.state import State
from greenroom.domain.summary import Effect, Outcomes, Summary
from greenroom.domain.values import NONE
from greenroom.interpret.run import Run
from greenroom.interpret.session.deeds import redo
from greenroom.interpret.session.history import write
from greenroom.interpret.session.materialise import retire
from greenroom.interpret.tabulation.relocation import Relocation


def replayed(
    run: Run, state: State, summary: Summary, node: ast.AST, relocation: Relocation | None = None
) -> tuple[Outcomes, list[Raised]]:
    """The effects of a summary on a caller's state; without a relocation, of one that was made for this very call."""
    _watched(state, summary, relocation)
    returned: Outcomes = []
    for effect in summary.returned:
        value = effect.value if effect.value is not None else NONE
        returned.append((_applied(run, state, summary, effect, relocation, node), value if relocation is None else relocation.value(value)))
    raised = summary.raised if run.raised is not None else ()
    return returned, [Raised(effect.error, _applied(run, state, summary, effect, relocation, node)) for effect in raised]


def _applied(run: Run, state: State, summary: Summary, effect: Effect, relocation: Relocation | None, node: ast.AST) -> State:
    after = state.fork()
    originals = run.tracker.originals
    changes, renames = effect.changes, effect.renames
    if relocation is not None:  # without what it did to objects that it was not given and did not look at
        changes = {key: record for key, record in changes.items() if relocation.knows(key, summary.heap)}
        renames = {relocation.id(old): relocation.id(new) for old, new in renames.items() if relocation.knows(old, summary.heap)}
    for old, new in renames.items():
        after.rename(old, new)
    places = {key: key if relocation is None else relocation.id(key) for key in changes}
    made = [key for key, place in places.items() if key not in summary.heap and (place != key or key not in originals)]
    for key in made:
        retire(run, after, places[key])
    held = after.reachable() if any(places[key] in after.heap for key in made) else set()
    for key, record in changes.items():
        place = places[key]
        if originals.get(key) is record and place == key and key not in summary.heap:  # of a fragment that the call mentioned
            after.heap.setdefault(key, record)
            continue
        put = record if relocation is None else relocation.record(record, summary.heap.get(key), state.heap.get(place))
        known = after.heap.get(place) if place in held and key not in summary.heap else None
        after.heap[place] = put if known is None else join_objects(known, put)
    for session, done in effect.deeds.items():
        if session in summary.heap:
            if relocation is None:
                _told(after, session, done)
            elif relocation.knows(session, summary.heap):
                _redone(run, after, relocation.id(session), done, relocation.places | set(places.values()), node)
    for act in effect.journal:
        write(run, after, act if relocation is None or not act.session else replace(act, session=relocation.id(act.session)))
    return after


def _redone(run: Run, after: State, session: int, done: Deeds, seen: Container[int], node: ast.AST) -> None:
    """What was done to a session as a whole befalls those of its objects that the call has not ``seen``, too."""
    for place, _ in after.attached(session):
        for deed in (done or ()) if place not in seen else ():
            redo(run, after, place, deed, node)
    _told(after, session, done)


def _told(after: State, session: int, done: Deeds) -> None:
    if done is None:
        after.deeds = {**after.deeds, session: None}
    else:
        for deed in done:
            after.did(session, deed)


def _watched(state: State, summary: Summary, relocation: Relocation | None) -> None:
    """What a call has looked at, its caller has looked at."""
    for session in summary.sessions:
        state.watch.sessions.add(session if relocation is None else relocation.id(session))
    for session, cls in summary.objects:
        state.watch.objects.add((session if relocation is None else relocation.id(session), cls))
    state.watch.asked.update(summary.asked if relocation is None else map(relocation.token, summary.asked))
    state.watch.events = state.watch.events or not summary.quiet
