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
from greenroom.domain.state import ANY_SESSION, State
from greenroom.domain.summary import Effect, Outcomes, Summary
from greenroom.domain.values import NONE, Arguments, FunctionValue, Ref, Value
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
    """The ways out of a function: from a summary where there is one, else by following it on its part of the heap.

    Most functions deal with no session but those that they open themselves. What such a one did depends on what it was
    given alone, so its summary is kept under that; the summary of any other is kept under all sessions, too, and what is
    attached to them.
    """
    naming = Naming(state.heap, frozenset((state.frame_id, *(frame.id for frame in state.frames))), run.tracker.numbers)
    try:
        given = _given(run, state, naming, callee, args)
    except Unnameable:
        return follow(state)
    calls = (*run.call_nodes(), id(node))
    # What happens in model code, in a library and under a schema is reported further out than at the call; only a call knows
    # the sessions it used.
    within = callee.function.module.standin or any(call.model_code for call in run.calls)
    apart = run.used is not None or bool(run.schema) or within
    known, everything, held = _usable(run, given, apart=apart), None, frozenset[int]()
    given_ids, given_tokens = len(naming.ids), len(naming.tokens)
    if known is None:
        held, attached = _attached(state, naming)
        if not apart:
            everything = (given, attached)
            known = _usable(run, everything, apart=False)
    if known is not None:
        return _known(run, state, known, naming, calls, node)
    bounded = (len(run.tracker.bounded), run.shortened)
    share = run.share
    inner = state.isolated(naming.ids, held)
    with run.recording() as emitted:
        results, raised = follow(inner)
    events = tuple((event, identity) for event, identity in emitted if event.site.node is node)
    returned = tuple(_effect(inner, after, value, None) for after, value in results)
    thrown = tuple(_effect(inner, item.state, None, item.error) for item in raised)
    work = None if (len(run.tracker.bounded), run.shortened) == bounded else share
    quiet = not emitted and not inner.watch.events
    found = any(session == ANY_SESSION or session in inner.heap for session in inner.watch.sessions)
    ids, tokens = tuple(naming.ids), tuple(naming.tokens)
    if not found:
        ids, tokens = ids[:given_ids], tokens[:given_tokens]
    summary = Summary(ids, tokens, inner.heap, calls, returned, thrown, events, work, quiet, frozenset(inner.watch.sessions))
    if not found and (quiet or not apart):
        run.tracker.summaries[given] = summary
    elif everything is not None:
        run.tracker.summaries[everything] = summary
    _watched(state, summary, None)
    return _replay(run, state, summary, None)


def _usable(run: Run, key: Hashable, *, apart: bool) -> Summary | None:
    """The summary kept under a key, if following the function again would find no more."""
    known = run.tracker.summaries.get(key)
    if known is None or (apart and not known.quiet) or (known.work is not None and known.work < run.share):
        return None
    return known


def _known(run: Run, state: State, known: Summary, naming: Naming, calls: tuple[int, ...], node: ast.AST) -> tuple[Outcomes, list[Raised]]:
    """What a summary says of a call at ``node``."""
    run.steps += 1
    for event, identity in known.events:
        run.emit(replace(event, site=run.site(node), calls=run.call_sites()), *identity)
    ids = dict(zip(known.ids, naming.ids, strict=False))  # those of sessions are the last, where they matter
    tokens = dict(zip(known.tokens, naming.tokens, strict=False))
    relocation = Relocation(run.tracker, ids, tokens, known.calls, calls)
    _watched(state, known, relocation)
    return _replay(run, state, known, relocation)


def _watched(state: State, summary: Summary, relocation: Relocation | None) -> None:
    """What a call has looked at, its caller has looked at."""
    for session in summary.sessions:
        state.watch.sessions.add(session if session == ANY_SESSION or relocation is None else relocation.id(session))
    state.watch.events = state.watch.events or not summary.quiet


def _given(run: Run, state: State, naming: Naming, callee: FunctionValue, args: Arguments) -> int:
    """The key of a call: the function, what it is given and everything that leads to, and what differs of module level.

    Raises:
        Unnameable: the callee sees variables of a function that is still running.
    """
    repeats = sum(1 for active in run.calls if active.function.node is callee.function.node)
    handling = run.handling[-1] if run.handling else None
    context = (repeats, run.greenlet > 0, run.silent > 0, run.schema_lenient, run.raised is None, handling)
    originals = run.tracker.originals
    named = (naming.value(callee), naming.value(args))
    for place, record in state.heap.items():
        if originals.get(place, record) is not record:
            naming.reference(place)
    return naming.number((context, named, naming.reached()))


def _attached(state: State, naming: Naming) -> tuple[frozenset[int], Hashable]:
    """The rest of what a call can reach: sessions with what is attached to them; and which of all that its callers hold."""
    for place, record in state.heap.items():
        if isinstance(record, SessionObject) or (isinstance(record, OrmObject) and record.session is not None):
            naming.reference(place)
    reached = naming.reached()
    live = state.reachable([Ref(key) for key in state.held], sealed=naming.ids)
    held = frozenset(key for key in naming.ids if key in live and isinstance(state.heap.get(key), OrmObject))
    return held, (reached, naming.sessions(), frozenset(naming.ids[place] for place in held))


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
    made = [key for key, place in places.items() if key not in summary.heap and (place != key or key not in originals)]
    for key in made:
        retire(run, after, places[key])
    held = after.reachable() if any(places[key] in after.heap for key in made) else set()
    for key, record in effect.changes.items():
        place = places[key]
        if originals.get(key) is record and place == key and key not in summary.heap:  # of a fragment that the call mentioned
            after.heap.setdefault(key, record)
            continue
        put = record if relocation is None else relocation.record(record, summary.heap.get(key), state.heap.get(place))
        known = after.heap.get(place) if place in held and key not in summary.heap else None
        after.heap[place] = put if known is None else join_objects(known, put)
    return after
