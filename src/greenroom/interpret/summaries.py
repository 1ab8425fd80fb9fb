"""Summaries: what following a function did, kept for the next call that finds it in the same situation.

This is the tabulation of Sharir and Pnueli (1981) with exact keys: the arguments, everything reachable from them, every
session and what is attached to it. The rest of the caller's state cannot matter to the callee and frames the result.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from greenroom.domain.heap import HeapObject, OrmObject, SessionObject
from greenroom.domain.state import Raised, State
from greenroom.domain.values import Arguments, FunctionValue, Value
from greenroom.interpret.materialise import retire
from greenroom.interpret.naming import Naming, Unnameable
from greenroom.interpret.relocation import Relocation
from greenroom.interpret.run import STEPS, Run
from greenroom.program.symbols import Class, External

Outcomes = list[tuple[State, Value]]
Follow = Callable[[], tuple[Outcomes, list[Raised]]]
"""Follow a function: its ways out with the caller's variables in place, and the exceptions that leave it."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One way out: the records that are not as they were, and the value or the exception."""

    changes: dict[int, HeapObject]
    value: Value | None = None
    error: External | Class | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """All ways out of a function from one situation."""

    ids: tuple[int, ...]
    tokens: tuple[object, ...]
    heap: dict[int, HeapObject]
    """The records that the call found."""
    calls: tuple[int, ...]
    returned: tuple[Effect, ...]
    raised: tuple[Effect, ...]


def summarised(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, follow: Follow
) -> tuple[Outcomes, list[Raised]]:
    """The ways out of a function: from a summary where there is one, else by following it."""
    found = _situation(run, state, callee, args) if run.used is None else None
    if found is None:
        return follow()
    key, naming = found
    calls = (*(id(site.node) for site in run.call_sites()), id(node))
    known = run.tracker.summaries.get(key)
    if isinstance(known, Summary):
        return _replay(run, state, known, naming, calls)
    bounded = len(run.tracker.bounded)
    results, raised = follow()
    if len(run.tracker.bounded) == bounded and run.steps <= STEPS:
        summary = _summary(run, state, naming, calls, results, raised)
        if summary is not None:
            run.tracker.summaries[key] = summary
    return results, raised


def _situation(run: Run, state: State, callee: FunctionValue, args: Arguments) -> tuple[Hashable, Naming] | None:
    """The key of a call; None where the result depends on more than a key can say."""
    if (
        run.schema
        or any(call.model_code for call in run.calls)
        or isinstance(state.record(callee.receiver) if callee.receiver else None, OrmObject)
    ):
        return None  # reads in a model's own code are reported at the caller's expression
    live = frozenset((state.frame_id, *(frame.id for frame in state.frames)))
    naming = Naming(state.heap, live)
    repeats = sum(1 for active in run.calls if active.function.node is callee.function.node)
    context = (
        repeats,
        run.greenlet > 0,
        run.silent > 0,
        run.schema_lenient,
        run.raised is None,
        run.handling[-1] if run.handling else None,
    )
    originals = run.tracker.originals
    try:
        named = (naming.value(callee), naming.value(args))
        for key, record in state.heap.items():
            attached = isinstance(record, SessionObject) or (isinstance(record, OrmObject) and record.session is not None)
            if attached or originals.get(key, record) is not record:
                naming.reference(key)
        return (context, named, naming.reached()), naming
    except Unnameable:
        return None


def _summary(run: Run, state: State, naming: Naming, calls: tuple[int, ...], results: Outcomes, raised: Sequence[Raised]) -> Summary | None:
    """The effects of a call; None when it reached something that its key does not hold."""
    heap = {key: state.heap[key] for key in naming.ids if key in state.heap}
    returned = [_effect(run, state, heap, after, value, None) for after, value in results]
    thrown = [_effect(run, state, heap, item.state, None, item.error) for item in raised]
    effects = [effect for effect in (*returned, *thrown) if effect is not None]
    if len(effects) < len(returned) + len(thrown):
        return None
    split = len(returned)
    return Summary(tuple(naming.ids), tuple(naming.tokens), heap, calls, tuple(effects[:split]), tuple(effects[split:]))


def _effect(
    run: Run, before: State, heap: dict[int, HeapObject], after: State, value: Value | None, error: External | Class | None
) -> Effect | None:
    if after.leaving != before.leaving or after.variables != before.variables or len(after.frames) != len(before.frames):
        return None
    if any(a is not b and a.variables != b.variables for a, b in zip(after.frames, before.frames, strict=True)):
        return None
    changes = {key: record for key, record in after.heap.items() if before.heap.get(key) is not record}
    if any(key in before.heap and key not in heap for key in changes) or any(key not in after.heap for key in heap):
        return None
    return Effect(changes, value, error)


def _replay(run: Run, state: State, summary: Summary, naming: Naming, calls: tuple[int, ...]) -> tuple[Outcomes, list[Raised]]:
    ids = dict(zip(summary.ids, naming.ids, strict=True))
    tokens = dict(zip(summary.tokens, naming.tokens, strict=True))
    relocation = Relocation(run.tracker, ids, tokens, summary.calls, calls)
    run.steps += 1
    returned = [(_applied(run, state, summary, effect, relocation), effect) for effect in summary.returned]
    raised = [Raised(effect.error, _applied(run, state, summary, effect, relocation)) for effect in summary.raised]
    return [(after, relocation.value(effect.value)) for after, effect in returned], raised


def _applied(run: Run, state: State, summary: Summary, effect: Effect, relocation: Relocation) -> State:
    after = state.fork()
    originals = run.tracker.originals
    places = {key: relocation.id(key) for key in effect.changes}
    for key, place in places.items():
        if key not in summary.heap and key not in originals:
            retire(run, after, place)
    for key, record in effect.changes.items():
        if originals.get(key) is record:
            after.heap.setdefault(key, record)
        else:
            place = places[key]
            after.heap[place] = relocation.record(record, summary.heap.get(key), state.heap.get(place))
    return after
