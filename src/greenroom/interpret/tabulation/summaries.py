"""Summaries: what following a function did, kept for the next call that finds it in the same situation.

This is the tabulation of Sharir and Pnueli (1981). A situation is what a call is given, with plain data in its general form
(``generality``), and what it looks at of its sessions (``footprints``). The rest of the caller's state cannot matter to the
callee: the function is followed without it, and what it did is put into it (``replay``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TypeAlias

from greenroom.domain.events import Blocking, LoadedPerRow, Read
from greenroom.domain.flow import Raised
from greenroom.domain.heap import OrmObject
from greenroom.domain.holding import spread
from greenroom.domain.likeness import is_plain
from greenroom.domain.provenance import tokens
from greenroom.domain.state import State
from greenroom.domain.summary import Effect, Footprint, Outcomes, Summary
from greenroom.domain.values import NONE, Arguments, FunctionValue, Ref, Value
from greenroom.interpret import blocking, per_row
from greenroom.interpret.run import Run
from greenroom.interpret.tabulation.footprints import NOTHING, all_of, footprint, surroundings
from greenroom.interpret.tabulation.generality import Outline, circumstances, general_arguments, outline
from greenroom.interpret.tabulation.naming import Naming, Unnameable
from greenroom.interpret.tabulation.relocation import Relocation
from greenroom.interpret.tabulation.replay import replayed
from greenroom.program.symbols import Class, External

Ways: TypeAlias = "tuple[Outcomes, list[Raised]]"
"""The ways out of a function, and the exceptions that leave it."""
Follow: TypeAlias = "Callable[[State, Arguments], Ways]"
"""Follow a function from a state that holds what it can reach."""
ENOUGH = 4
"""A call that was cut short is followed again for so many times the work."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call whose ways out are asked for: where and from which state it is made, and how to follow it."""

    run: Run
    state: State
    node: ast.AST
    follow: Follow
    apart: bool
    """What happens in it is reported further out than at the call (in model code, in a library, under a schema), or somebody wants
    to know which sessions it uses: only summaries of calls that report nothing will do."""

    def naming(self) -> Naming:
        """Names for what the call can reach, none given yet."""
        frames = frozenset((self.state.frame_id, *(frame.id for frame in self.state.frames)))
        return Naming(self.state.heap, frames, self.run.tracker.numbers)

    def kept(self, key: Hashable) -> Summary | None:
        """The summary kept under a key, if following the function again would find no more."""
        known = self.run.tracker.summaries.get(key)
        if known is None or (self.apart and not known.quiet) or (known.work is not None and known.work * ENOUGH <= self.run.share):
            return None
        return known

    def known(self, summary: Summary, naming: Naming) -> Ways:
        """What a summary that was made for another call says of this one."""
        run = self.run
        run.steps += 1
        places = dict(zip(summary.ids, naming.ids, strict=False))
        for event, identity in summary.events:
            if isinstance(event, Blocking):
                blocking.again(run, event, self.node, *identity)
            elif isinstance(event, LoadedPerRow):
                per_row.again(run, event, places.get(event.row, 0), self.node, *identity)
            else:
                mine = self.of_this_caller(event, summary, places) if isinstance(event, Read) else event
                run.emit(replace(mine, site=run.site(self.node), calls=run.call_sites()), *identity)
        tokens = dict(zip(summary.tokens, naming.tokens, strict=False))
        calls = (*run.call_nodes(), id(self.node))
        return replayed(run, self.state, summary, self.node, Relocation(run.tracker, places, tokens, summary.calls, calls))

    def of_this_caller(self, read: Read, summary: Summary, places: dict[int, int]) -> Read:
        """The read of what this caller gave: absent for its reasons, not for those of the caller for which the summary was made."""
        given, record = summary.heap.get(read.held), self.state.orm(places.get(read.held, 0))
        if not isinstance(given, OrmObject) or record is None or read.attribute not in record.attributes:
            return read
        origin = given.attributes[read.attribute].origin(read.bit)
        mine = record.attributes[read.attribute].origin(read.bit) if origin == read.origin else read.origin
        return replace(read, origin=mine, loaded_at=record.loaded_at if given.loaded_at == read.loaded_at else read.loaded_at)


def summarised(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, follow: Follow) -> Ways:
    """The ways out of a function: from a summary where there is one, else by following it on its part of the heap.

    What a call did is kept under what it was given and, where it looked at sessions of its caller, what it saw of them.
    """
    within = callee.function.module.standin or any(call.model_code for call in run.calls)
    asked = _Asked(run, state, node, follow, apart=run.used is not None or bool(run.schema) or within)
    sketch = outline(run, state, callee, args)
    if sketch is not None:
        found = _of_plain_data(asked, callee, sketch)
        if found is not None:
            state.watch.asked.update(tokens(spread(args)))  # which value it was does not show in what is kept
            return found
    args = general_arguments(args, state.heap)
    naming = asked.naming()
    try:
        given = _given(run, state, naming, callee, args)
    except Unnameable:
        return follow(state, args)
    made = _met_before(asked, naming, given)
    return made if made is not None else _found_out(asked, naming, given, args)


def _met_before(asked: _Asked, naming: Naming, given: Hashable) -> Ways | None:
    """The ways out by a summary that fits: one that looked at nothing but what is ``given``, or at what is here, too."""
    known = asked.kept(given)
    if known is not None:
        return asked.known(known, naming)
    if asked.apart or given not in asked.run.tracker.footprints:
        return None
    seen, there = asked.run.tracker.footprints[given], naming.branch()
    _, around = surroundings(asked.state, there, seen)
    known = asked.kept((given, seen, around))
    return None if known is None else asked.known(known, there)


def _found_out(asked: _Asked, naming: Naming, given: Hashable, args: Arguments) -> Ways:
    """Follow a call, and keep what it did under what it looked at."""
    tracker, state = asked.run.tracker, asked.state
    before = tracker.footprints.get(given, NOTHING)
    summary = None if before is None else _reaching(asked, naming, all_of(naming), args)
    # What a call can reach is attached to the sessions that it was given; or it reaches for a session of module level.
    foreign = summary is None or any(session in state.heap and session not in naming.sessions_met for session in summary.sessions)
    if summary is None or foreign:
        summary = _reaching(asked, naming, None, args)
    if not any(session in state.heap for session in summary.sessions):
        if summary.quiet or not asked.apart:
            tracker.summaries[given] = replace(summary, ids=tuple(naming.ids), tokens=tuple(naming.tokens))
    elif not asked.apart:
        # What calls in one situation look at may differ with what they find; from here on all of it is part of the key.
        seen = None if foreign or before is None else before | footprint(naming, summary)
        tracker.footprints[given] = seen
        _, around = surroundings(state, naming, seen)
        tracker.summaries[given, seen, around] = replace(summary, ids=tuple(naming.ids), tokens=tuple(naming.tokens))
    return replayed(asked.run, state, summary, asked.node)


def _reaching(asked: _Asked, naming: Naming, seen: Footprint, args: Arguments) -> Summary:
    """Follow a call from a state that holds what it was given and what is ``seen`` of sessions."""
    reached = naming.branch()
    held, _ = surroundings(asked.state, reached, seen)
    return _summary(asked, asked.state.isolated(reached.ids, held, reached.general), reached, args)


def _of_plain_data(asked: _Asked, callee: FunctionValue, sketch: Outline) -> Ways | None:
    """The ways out of a call that is given plain data alone and gives back nothing else: one summary for all data."""
    run, state = asked.run, asked.state
    if sketch.key in run.tracker.telling:
        return None
    naming = asked.naming()
    try:
        naming.value(callee)
        naming.value(sketch.args)
        known = asked.kept(sketch.key)
        if known is not None:
            return asked.known(known, naming)
        _given(run, state, naming, callee, sketch.args)
    except Unnameable:
        return None
    summary = _summary(asked, state.isolated(naming.ids, frozenset(), naming.general), naming, sketch.args)
    if not _is_inert(summary, state):
        run.tracker.telling.add(sketch.key)
        return None
    if summary.quiet or not asked.apart:
        run.tracker.summaries[sketch.key] = summary
    return replayed(run, state, summary, asked.node)


def _is_inert(summary: Summary, state: State) -> bool:
    """Whether a call has dealt with no session of its caller, has changed nothing but plain data and has given back nothing else."""
    return not any(session in state.heap for session in summary.sessions) and all(
        is_plain(effect.value or NONE, {**summary.heap, **effect.changes})
        and all(is_plain(Ref(key), effect.changes) for key in effect.changes if key in summary.heap)
        for effect in (*summary.returned, *summary.raised)
    )


def _summary(asked: _Asked, inner: State, naming: Naming, args: Arguments) -> Summary:
    """Follow a call from a state of its own, and say what it did."""
    run, node = asked.run, asked.node
    bounded = (len(run.tracker.bounded), run.shortened)
    share = run.share
    with run.recording() as emitted:
        results, raised = asked.follow(inner, args)
    return Summary(
        ids=tuple(naming.ids),
        tokens=tuple(naming.tokens),
        heap=inner.heap,
        calls=(*run.call_nodes(), id(node)),
        returned=tuple(_effect(inner, after, value, None) for after, value in results),
        raised=tuple(_effect(inner, item.state, None, item.error) for item in raised),
        events=tuple((event, identity) for event, identity in emitted if event.site.node is node or blocking.is_of_caller(run, event)),
        work=None if (len(run.tracker.bounded), run.shortened) == bounded else share,
        quiet=not emitted and not inner.watch.events,
        sessions=frozenset(inner.watch.sessions),
        objects=frozenset(inner.watch.objects),
        asked=frozenset(inner.watch.asked),
    )


def _given(run: Run, state: State, naming: Naming, callee: FunctionValue, args: Arguments) -> int:
    """The key of a call: the function, what it is given and everything that leads to, and what differs of module level.

    Raises:
        Unnameable: the callee sees variables of a function that is still running.
    """
    context = circumstances(run, callee.function)
    originals = run.tracker.originals
    named = (naming.value(callee), naming.value(args))
    for place, record in state.heap.items():
        if originals.get(place, record) is not record and not is_plain(Ref(place), state.heap):
            naming.reference(place)
    return naming.number((context, named, naming.reached()))


def _effect(before: State, after: State, value: Value | None, error: External | Class | None) -> Effect:
    changes = {key: record for key, record in after.heap.items() if before.heap.get(key) is not record}
    renames = after.renames.done if after.renames is not None else {}
    return Effect(changes, renames, after.deeds, value, error, after.journal)
