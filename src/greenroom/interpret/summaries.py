"""Summaries: what following a function did, kept for the next call that finds it in the same situation.

This is the tabulation of Sharir and Pnueli (1981) with exact keys: the arguments, everything reachable from them, every
session and what is attached to it. The rest of the caller's state cannot matter to the callee: the function is followed
without it, and what it did is put into it (the frame rule of separation logic).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Hashable, Iterable
from dataclasses import replace

from greenroom.domain.deeds import Deeds
from greenroom.domain.flow import Raised
from greenroom.domain.heap import join_objects
from greenroom.domain.likeness import is_plain
from greenroom.domain.state import State
from greenroom.domain.summary import Effect, Footprint, Outcomes, Summary
from greenroom.domain.values import NONE, Arguments, FunctionValue, Ref, Value
from greenroom.interpret.deeds import redo
from greenroom.interpret.footprints import NOTHING, all_of, footprint, surroundings
from greenroom.interpret.generality import Outline, general_arguments, outline
from greenroom.interpret.materialise import retire
from greenroom.interpret.naming import Naming, Unnameable
from greenroom.interpret.relocation import Relocation
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class, External

Follow = Callable[[State, Arguments], tuple[Outcomes, list[Raised]]]
"""Follow a function from a state that holds what it can reach: its ways out, and the exceptions that leave it."""
ENOUGH = 4
"""A call that was cut short is followed again for so many times the work."""


def summarised(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, follow: Follow
) -> tuple[Outcomes, list[Raised]]:
    """The ways out of a function: from a summary where there is one, else by following it on its part of the heap.

    Most functions deal with no session but those that they open themselves. What such a one did depends on what it was
    given alone, so its summary is kept under that; the summary of any other is kept under all sessions, too, and what is
    attached to them.
    """
    # What happens in model code, in a library and under a schema is reported further out than at the call; only a call knows
    # the sessions it used.
    within = callee.function.module.standin or any(call.model_code for call in run.calls)
    apart = run.used is not None or bool(run.schema) or within
    sketch = outline(run, state, callee, args)
    if sketch is not None:
        found = _of_plain_data(run, state, callee, sketch, node, follow, apart=apart)
        if found is not None:
            return found
    args = general_arguments(args, state.heap)
    naming = _naming(run, state)
    try:
        given = _given(run, state, naming, callee, args)
    except Unnameable:
        return follow(state, args)
    made = _kept(run, state, naming, given, node, apart=apart)
    return made if made is not None else _found_out(run, state, naming, given, args, node, follow, apart=apart)


def _kept(run: Run, state: State, naming: Naming, given: Hashable, node: ast.AST, *, apart: bool) -> tuple[Outcomes, list[Raised]] | None:
    """The ways out of a call by a summary that fits: one that looked at nothing but what is ``given``, or at what is here, too."""
    known = _usable(run, given, apart=apart)
    if known is not None:
        return _known(run, state, known, naming.ids, naming.tokens, node)
    if apart or given not in run.tracker.footprints:
        return None
    seen, there = run.tracker.footprints[given], naming.branch()
    _, around = surroundings(state, there, seen)
    known = _usable(run, (given, seen, around), apart=False)
    return None if known is None else _known(run, state, known, there.ids, there.tokens, node)


def _found_out(
    run: Run, state: State, naming: Naming, given: Hashable, args: Arguments, node: ast.AST, follow: Follow, *, apart: bool
) -> tuple[Outcomes, list[Raised]]:
    """Follow a call and keep what it did under what it looked at."""
    before = run.tracker.footprints.get(given, NOTHING)
    summary = None if before is None else _reaching(run, state, naming, all_of(naming), args, node, follow)
    # What a call can reach is attached to the sessions that it was given; or it reaches for a session of module level.
    foreign = summary is None or any(session in state.heap and session not in naming.sessions_met for session in summary.sessions)
    if summary is None or foreign:
        summary = _reaching(run, state, naming, None, args, node, follow)
    if not any(session in state.heap for session in summary.sessions):
        if summary.quiet or not apart:
            run.tracker.summaries[given] = replace(summary, ids=tuple(naming.ids), tokens=tuple(naming.tokens))
    elif not apart:
        # What calls in one situation look at may differ with what they find; from here on all of it is part of the key.
        seen = None if foreign or before is None else before | footprint(naming, summary)
        run.tracker.footprints[given] = seen
        _, around = surroundings(state, naming, seen)
        run.tracker.summaries[given, seen, around] = replace(summary, ids=tuple(naming.ids), tokens=tuple(naming.tokens))
    _watched(state, summary, None)
    return _replay(run, state, summary, None, node)


def _reaching(run: Run, state: State, naming: Naming, seen: Footprint, args: Arguments, node: ast.AST, follow: Follow) -> Summary:
    """Follow a call from a state that holds what it was given and what is ``seen`` of sessions."""
    reached = naming.branch()
    held, _ = surroundings(state, reached, seen)
    return _summary(run, state.isolated(reached.ids, held, reached.general), reached, args, node, follow)


def _of_plain_data(
    run: Run, state: State, callee: FunctionValue, sketch: Outline, node: ast.AST, follow: Follow, *, apart: bool
) -> tuple[Outcomes, list[Raised]] | None:
    """The ways out of a call that is given plain data alone and gives back nothing else: one summary for all data."""
    if sketch.key in run.tracker.telling:
        return None
    naming = _naming(run, state)
    try:
        naming.value(callee)
        naming.value(sketch.args)
    except Unnameable:
        return None
    known = _usable(run, sketch.key, apart=apart)
    if known is not None:
        return _known(run, state, known, naming.ids, naming.tokens, node)
    try:
        _given(run, state, naming, callee, sketch.args)
    except Unnameable:
        return None
    inner = state.isolated(naming.ids, frozenset(), naming.general)
    summary = _summary(run, inner, naming, sketch.args, node, follow)
    if not _is_inert(summary, state):
        run.tracker.telling.add(sketch.key)
        return None
    if summary.quiet or not apart:
        run.tracker.summaries[sketch.key] = summary
    _watched(state, summary, None)
    return _replay(run, state, summary, None, node)


def _naming(run: Run, state: State) -> Naming:
    return Naming(state.heap, frozenset((state.frame_id, *(frame.id for frame in state.frames))), run.tracker.numbers)


def _is_inert(summary: Summary, state: State) -> bool:
    """Whether a call has dealt with no session of its caller, has changed nothing but plain data and has given back nothing else."""
    return not any(session in state.heap for session in summary.sessions) and all(
        is_plain(effect.value or NONE, {**summary.heap, **effect.changes})
        and all(is_plain(Ref(key), effect.changes) for key in effect.changes if key in summary.heap)
        for effect in (*summary.returned, *summary.raised)
    )


def _summary(run: Run, inner: State, naming: Naming, args: Arguments, node: ast.AST, follow: Follow) -> Summary:
    """Follow a call from a state of its own, and say what it did."""
    bounded = (len(run.tracker.bounded), run.shortened)
    share = run.share
    with run.recording() as emitted:
        results, raised = follow(inner, args)
    return Summary(
        ids=tuple(naming.ids),
        tokens=tuple(naming.tokens),
        heap=inner.heap,
        calls=(*run.call_nodes(), id(node)),
        returned=tuple(_effect(inner, after, value, None) for after, value in results),
        raised=tuple(_effect(inner, item.state, None, item.error) for item in raised),
        events=tuple((event, identity) for event, identity in emitted if event.site.node is node),
        work=None if (len(run.tracker.bounded), run.shortened) == bounded else share,
        quiet=not emitted and not inner.watch.events,
        sessions=frozenset(inner.watch.sessions),
        objects=frozenset(inner.watch.objects),
    )


def _usable(run: Run, key: Hashable, *, apart: bool) -> Summary | None:
    """The summary kept under a key, if following the function again would find no more."""
    known = run.tracker.summaries.get(key)
    if known is None or (apart and not known.quiet) or (known.work is not None and known.work * ENOUGH <= run.share):
        return None
    return known


def _known(
    run: Run, state: State, known: Summary, ids: Iterable[int], tokens: Iterable[object], node: ast.AST
) -> tuple[Outcomes, list[Raised]]:
    """What a summary says of a call at ``node``."""
    run.steps += 1
    for event, identity in known.events:
        run.emit(replace(event, site=run.site(node), calls=run.call_sites()), *identity)
    calls = (*run.call_nodes(), id(node))
    places, tokens_here = dict(zip(known.ids, ids, strict=False)), dict(zip(known.tokens, tokens, strict=False))
    relocation = Relocation(run.tracker, places, tokens_here, known.calls, calls)
    _watched(state, known, relocation)
    return _replay(run, state, known, relocation, node)


def _watched(state: State, summary: Summary, relocation: Relocation | None) -> None:
    """What a call has looked at, its caller has looked at."""
    for session in summary.sessions:
        state.watch.sessions.add(session if relocation is None else relocation.id(session))
    for session, cls in summary.objects:
        state.watch.objects.add((session if relocation is None else relocation.id(session), cls))
    state.watch.events = state.watch.events or not summary.quiet


def _given(run: Run, state: State, naming: Naming, callee: FunctionValue, args: Arguments) -> int:
    """The key of a call: the function, what it is given and everything that leads to, and what differs of module level.

    Raises:
        Unnameable: the callee sees variables of a function that is still running.
    """
    repeats = sum(1 for active in run.calls if active.function.node is callee.function.node)
    handling = run.handling[-1] if run.handling else None
    context = (repeats, run.greenlet > 0, run.silent > 0, run.schema_lenient, handling)
    originals = run.tracker.originals
    named = (naming.value(callee), naming.value(args))
    for place, record in state.heap.items():
        if originals.get(place, record) is not record and not is_plain(Ref(place), state.heap):
            naming.reference(place)
    return naming.number((context, named, naming.reached()))


def _effect(before: State, after: State, value: Value | None, error: External | Class | None) -> Effect:
    changes = {key: record for key, record in after.heap.items() if before.heap.get(key) is not record}
    return Effect(changes, after.renames.done if after.renames is not None else {}, after.deeds, value, error)


def _replay(run: Run, state: State, summary: Summary, relocation: Relocation | None, node: ast.AST) -> tuple[Outcomes, list[Raised]]:
    """The effects of a summary on a caller's state; without a relocation, of one that was made for this very call."""
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
