"""Summaries: what following a function did, kept for the next call that finds it in the same situation.

This is the tabulation of Sharir and Pnueli (1981) with exact keys: the arguments, everything reachable from them, every
session and what is attached to it. The rest of the caller's state cannot matter to the callee: the function is followed
without it, and what it did is put into it (the frame rule of separation logic).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import replace

from greenroom.domain.flow import Raised
from greenroom.domain.heap import OrmObject, SessionObject, join_objects
from greenroom.domain.state import State
from greenroom.domain.summary import Effect, Outcomes, Summary
from greenroom.domain.values import NONE, Arguments, FunctionValue, Value
from greenroom.interpret.materialise import retire
from greenroom.interpret.naming import Naming, Unnameable
from greenroom.interpret.relocation import Relocation
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class, External

Follow = Callable[[State], tuple[Outcomes, list[Raised]]]
"""Follow a function from a state that holds what it can reach: its ways out, and the exceptions that leave it."""


def summarised(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, follow: Follow
) -> tuple[Outcomes, list[Raised]]:
    """The ways out of a function: from a summary where there is one, else by following it on its part of the heap."""
    try:
        key, naming, held = _situation(run, state, callee, args)
    except Unnameable:
        return follow(state)
    calls = (*(id(site.node) for site in run.call_sites()), id(node))
    known = run.tracker.summaries.get(key) if key is not None else None
    if known is not None and (known.work is None or known.work >= run.share):
        ids = dict(zip(known.ids, naming.ids, strict=True))
        tokens = dict(zip(known.tokens, naming.tokens, strict=True))
        run.steps += 1
        for event, identity in known.events:
            run.emit(replace(event, site=run.site(node), calls=run.call_sites()), *identity)
        return _replay(run, state, known, Relocation(run.tracker, ids, tokens, known.calls, calls))
    bounded = (len(run.tracker.bounded), run.shortened)
    share = run.share
    inner = state.isolated(naming.ids, held)
    with run.recording() as emitted:
        results, raised = follow(inner)
    events = tuple((event, identity) for event, identity in emitted if event.site.node is node)
    returned = tuple(_effect(inner, after, value, None) for after, value in results)
    thrown = tuple(_effect(inner, item.state, None, item.error) for item in raised)
    work = None if (len(run.tracker.bounded), run.shortened) == bounded else share
    summary = Summary(tuple(naming.ids), tuple(naming.tokens), inner.heap, calls, returned, thrown, events, work)
    if key is not None:
        run.tracker.summaries[key] = summary
    return _replay(run, state, summary, None)


def _situation(run: Run, state: State, callee: FunctionValue, args: Arguments) -> tuple[Hashable | None, Naming, frozenset[int]]:
    """The key of a call, None where it must not be kept, what it can reach, and what of that its callers hold.

    Raises:
        Unnameable: the callee sees variables of a function that is still running.
    """
    naming = Naming(state.heap, frozenset((state.frame_id, *(frame.id for frame in state.frames))))
    repeats = sum(1 for active in run.calls if active.function.node is callee.function.node)
    handling = run.handling[-1] if run.handling else None
    context = (repeats, run.greenlet > 0, run.silent > 0, run.schema_lenient, run.raised is None, handling)
    originals = run.tracker.originals
    named = (naming.value(callee), naming.value(args))
    for place, record in state.heap.items():
        attached = isinstance(record, SessionObject) or (isinstance(record, OrmObject) and record.session is not None)
        if attached or originals.get(place, record) is not record:
            naming.reference(place)
    live = state.reachable() | state.held
    held = frozenset(key for key, record in state.heap.items() if key in live and isinstance(record, OrmObject) and key in naming.ids)
    key = (context, named, naming.reached(), frozenset(naming.ids[place] for place in held))
    if run.used is not None or run.schema or any(call.model_code for call in run.calls):
        return None, naming, held  # what happens in there is reported further out than at the call
    return key, naming, held


def _effect(before: State, after: State, value: Value | None, error: External | Class | None) -> Effect:
    changes = {key: record for key, record in after.heap.items() if before.heap.get(key) is not record}
    return Effect(changes, after.renames.done if after.renames is not None else {}, value, error)


def _replay(run: Run, state: State, summary: Summary, relocation: Relocation | None) -> tuple[Outcomes, list[Raised]]:
    """The effects of a summary on a caller's state; without a relocation, of one that was made for this very call."""
    returned: Outcomes = []
    for effect in summary.returned:
        value = effect.value if effect.value is not None else NONE
        returned.append((_applied(run, state, summary, effect, relocation), value if relocation is None else relocation.value(value)))
    return returned, [Raised(effect.error, _applied(run, state, summary, effect, relocation)) for effect in summary.raised]


def _applied(run: Run, state: State, summary: Summary, effect: Effect, relocation: Relocation | None) -> State:
    after = state.fork()
    originals = run.tracker.originals
    for old, new in effect.renames.items():
        after.rename(old if relocation is None else relocation.id(old), new if relocation is None else relocation.id(new))
    places = {key: key if relocation is None else relocation.id(key) for key in effect.changes}
    made = [key for key in places if key not in summary.heap and key not in originals]
    for key in made:
        retire(run, after, places[key])
    held = after.reachable() if any(places[key] in after.heap for key in made) else set()
    for key, record in effect.changes.items():
        place = places[key]
        if originals.get(key) is record:
            after.heap.setdefault(key, record)
            continue
        put = record if relocation is None else relocation.record(record, summary.heap.get(key), state.heap.get(place))
        known = after.heap.get(place) if place in held and key not in summary.heap else None
        after.heap[place] = put if known is None else join_objects(known, put)
    return after
