"""Loops: ``for``, ``while`` and comprehensions, to a fixpoint.

A loop over a collection gives its variable a *focus*: one element that can be changed strongly. After the body the focus
joins the elements already visited; elements not yet visited keep their own state. What the body does to the session thus
reaches the elements that later iterations see.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from greenroom.domain.flow import Flow, merge
from greenroom.domain.heap import Collection, OrmObject
from greenroom.domain.journal import repeated
from greenroom.domain.likeness import alike
from greenroom.domain.loading import IS_LOADED, IS_UNKNOWN
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, Anything, Choice, FunctionValue, Method, Pending, Ref, Value, atoms, join_all, join_values
from greenroom.interpret import containers
from greenroom.interpret.focus import Focus, focus_on
from greenroom.interpret.generators import drive
from greenroom.interpret.narrowing import assume, is_last, known_truth
from greenroom.interpret.protocols import truth, walk
from greenroom.interpret.run import DISJUNCTS, Diverted, Infeasible, Run

UNROLLED = 8
"""Loops over a known number of items up to this are followed item by item."""
SINGLES = 2
"""So many single objects beside the summary of a collection's other elements are visited one after the other."""
ROUNDS = 6
"""Passes over a loop body before its states are joined for good."""
PLAIN_ROUNDS = 1
"""Passes over a loop body that only plain data calls for."""


Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def bind_target(run: Run, state: State, target: ast.expr, value: Value) -> None:
    """Assign to a target; names forget what tests said of them."""
    run.tables.assign(run, state, target, value)


def loop(run: Run, node: ast.For | ast.AsyncFor, state: State) -> Flow:
    """``for`` and ``async for``."""
    flow = Flow()
    for start, value in run.alternatives(state, lambda inner: _iterable(run, node, inner)):
        if isinstance(value, Pending) and isinstance(value.callee, FunctionValue) and value.callee.function.is_generator:
            inner = _over_generator(run, node, start, value)
        else:
            items, element, partial = containers.iterated(run, start, value, node.iter)
            if items is not None and len(items) <= UNROLLED:
                inner = _unrolled(run, node, start, items)
            else:
                covered = Collection("list", items, element).any()
                inner = _fixpoint(run, node, start, value, covered if covered is not None else ANYTHING, partial=partial)
        flow.fall.extend(inner.fall)
        flow.absorb(inner)
    return flow


def _iterable(run: Run, node: ast.For | ast.AsyncFor, state: State) -> Value:
    value = run.evaluate(node.iter, state)
    if isinstance(value, Pending) and isinstance(value.callee, FunctionValue) and value.callee.function.is_generator:
        return value
    if isinstance(node, ast.AsyncFor) and isinstance(value, Pending):
        value = run.tables.await_value(run, state, value, node.iter)
    return walk(run, state, value, node.iter)


def _over_generator(run: Run, node: ast.For | ast.AsyncFor, state: State, value: Pending) -> Flow:
    def body(item: Value, inner: State) -> Flow:
        bind_target(run, inner, node.target, item)
        flow = run.execute(node.body, [inner])
        flow.fall = merge([*flow.fall, *flow.continued], DISJUNCTS)
        flow.continued = []
        return flow

    return drive(run, state, value, node.iter, body)


def _unrolled(run: Run, node: ast.For | ast.AsyncFor, state: State, items: tuple[Value, ...]) -> Flow:
    flow = Flow()
    states, broke = [state], []
    for item in items:
        for current in states:
            bind_target(run, current, node.target, item)
        inner = run.execute(node.body, states)
        flow.returned.extend(inner.returned)
        broke.extend(inner.broke)
        states = merge([*inner.fall, *inner.continued], DISJUNCTS)
        if not states:
            break
    _finish(run, node.orelse, states, broke, flow)
    return flow


def _finish(run: Run, orelse: list[ast.stmt], exhausted: list[State], broke: list[State], flow: Flow) -> None:
    if orelse and exhausted:
        inner = run.execute(orelse, exhausted)
        flow.absorb(inner)
        exhausted = inner.fall
    flow.fall = merge([*exhausted, *broke], DISJUNCTS)


def _fixpoint(run: Run, node: ast.For | ast.AsyncFor, state: State, walked: Value, element: Value, *, partial: bool) -> Flow:
    focus = focus_on(state, element, node)
    flow = Flow()
    broke: list[State] = []
    ended: list[State] = [state]
    retries = False
    idle = False
    last_ones = _last_ones(state, element, focus)
    element = join_all(atom for atom in atoms(element) if atom not in last_ones)

    def body(head: State, single: Value | None = None) -> list[State]:
        nonlocal retries, idle
        after = [head.fork()]
        for visited in focus.elements(element) if single is None else (single,):
            attempts = after
            for attempt in attempts:
                item = focus.enter(run, attempt, visited) if single is None else single
                bind_target(run, attempt, node.target, _number(item, first=head is state))
            with focus.visiting(run):
                inner = run.execute(node.body, attempts)
            flow.returned.extend(inner.returned)
            broke.extend(inner.broke)
            after = merge([*inner.fall, *inner.continued], DISJUNCTS)
            for one in after:
                focus.fold(run, one)
        idle = idle or any(one.same(state) for one in after)
        # A test of a range's number against its limit tells whether another iteration follows.
        last = [is_last(one, node.target) for one in after]
        retries = retries or any(known is not None for known in last)
        ended.extend(one.fork() for one, known in zip(after, last, strict=True) if known is not False)
        return [one for one, known in zip(after, last, strict=True) if known is not True]

    heads = iterate(state, body, (element, *last_ones, *(Ref(focus.done(run, key)) for key in focus.keys)))
    entered = heads if idle or len(heads) == 1 else heads[1:]
    for single in last_ones:
        entered = merge([after for head in entered for after in body(head, single)], DISJUNCTS)
    if last_ones:
        heads = [heads[0], *entered]
    if retries:
        heads = merge(ended, DISJUNCTS)
    elif len(heads) > 1 and (_assigns_by_name(node) or _is_filled(state, walked)):
        heads = heads[1:]
    elif len(heads) > 1 and not idle:
        heads[0] = _never_entered(state, walked, focus, partial=partial)
    for head in heads:
        focus.exhaust(run, head, walked, partial=partial)
    for one in broke:
        focus.leave(run, one, exhausted=False)
    _finish(run, node.orelse, heads, broke, flow)
    return flow


def _number(value: Value, *, first: bool) -> Value:
    """What a loop over a range gives its variable: the numbers of two iterations are not the same."""
    if isinstance(value, Anything) and isinstance(value.token, tuple) and value.token[:1] == ("range",):
        return Anything(value.type, (*value.token[:2], "first" if first else "later"))
    return value


def _last_ones(state: State, element: Value, focus: Focus) -> tuple[Value, ...]:
    """Single objects in a collection whose other elements have one summary: a loop visits each of them too, once."""
    if not focus.keys or not isinstance(element, Choice):
        return ()
    found = tuple(atom for atom in element.atoms if isinstance(record := state.record(atom), OrmObject) and not record.many)
    return found if len(found) <= SINGLES and len(found) < len(element.atoms) else ()


def _assigns_by_name(node: ast.For | ast.AsyncFor) -> bool:
    """Whether the loop is ``for name, value in data: setattr(obj, name, value)``: it is there because there is something to assign."""
    match node.body:
        case [ast.Expr(ast.Call(ast.Name("setattr"), [_, ast.Name(), _]))]:
            return True
        case _:
            return False


def _is_filled(state: State, walked: Value) -> bool:
    """Whether there is at least one element to go through."""
    record = state.record(walked)
    return isinstance(record, Collection) and record.filled


def _never_entered(state: State, walked: Value, focus: Focus, *, partial: bool) -> State:
    """The state after a loop that had nothing to go through: later loops over the same collection have nothing either."""
    after = state.fork()
    record = state.record(walked)
    if isinstance(record, Collection) and isinstance(walked, Ref) and record.items is None and not record.by_key:
        after.heap[walked.id] = replace(record, items=(), element=None)
    for key in () if partial else focus.keys:
        found = state.orm(key)
        if found is not None and found.many:
            after.heap[key] = found.evolve(attributes={n: s if s == IS_LOADED else IS_UNKNOWN for n, s in found.attributes.items()})
    return after


def iterate(state: State, body: Callable[[State], list[State]], held: tuple[Value, ...] = ()) -> list[State]:
    """All states at the head of a loop; ``held`` is what the loop itself holds on to."""
    live = state.reachable()
    keep = {key for key in state.heap if key not in live}
    heads = [state]
    waiting = [state]
    entered: list[State] = []
    for done in range(ROUNDS):
        after: list[State] = []
        for head in waiting:
            before = head.journal
            ends = body(head)
            for one in ends:
                one.journal = repeated(before, one.journal, state.heap)
            after.extend(ends)
        entered.extend(waiting)
        # Before states are joined: what only one of them still holds keeps its own condition.
        for one in after:
            one.collect(held, keep)
        found = (_taken_in(heads, new, again=done < PLAIN_ROUNDS) for new in merge(after, DISJUNCTS))
        waiting = [new for new in found if new is not None]
        if not waiting:
            break
        if len(heads) > DISJUNCTS and done < ROUNDS // 2:
            kept = [state, *merge(heads[1:], DISJUNCTS - 1)]
            waiting = [one for one in kept if not any(one.same(head) for head in entered)]
            heads = kept
        elif len(heads) > DISJUNCTS:
            joined = heads[0]
            for head in heads[1:]:
                joined = joined.join(head, apart=True)
            waiting = [] if joined.same(heads[0]) else [joined]
            heads = [state, joined]
    return heads


def _taken_in(heads: list[State], new: State, *, again: bool) -> State | None:
    """Add a state to those at the head of a loop; returns the state from which the body is to be followed, if there is one.

    States that differ in plain data alone become one; a loop that only gathers such data comes to rest at once. The first
    head, of a loop that is not entered, stays as it is.
    """
    for place, head in enumerate(heads):
        if not alike(head, new):
            continue
        joined = head.join(new)
        if joined.same(head):
            head.journal = joined.journal
            return None
        if place:
            heads[place] = joined
            return joined if again else None
    heads.append(new)
    return new


def while_loop(run: Run, node: ast.While, state: State) -> Flow:
    """``while``."""
    flow = Flow()
    broke: list[State] = []
    exits: list[State] = []

    def body(head: State) -> list[State]:
        inside: list[State] = []
        for start, value in run.alternatives(head, lambda inner: run.evaluate(node.test, inner)):
            truth(run, start, value, node.test)
            for outcome in (True, False):
                attempt = start.fork()
                try:
                    assume(run, attempt, node.test, value, truth=outcome)
                except Infeasible:
                    continue
                (inside if outcome else exits).append(attempt)
        inner = run.execute(node.body, inside)
        flow.returned.extend(inner.returned)
        broke.extend(inner.broke)
        return [*inner.fall, *inner.continued]

    iterate(state, body)
    _finish(run, node.orelse, merge(exits, DISJUNCTS), broke, flow)
    return flow


def comprehension(run: Run, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State) -> Value:
    """A comprehension or generator expression, evaluated at once."""
    saved = dict(state.variables)
    gathered: list[tuple[Value | None, Value]] = []
    with run.joined():
        exact = _generate(run, node, state, 0, gathered)
    targets = {name.id for generator in node.generators for name in ast.walk(generator.target) if isinstance(name, ast.Name)}
    for name in targets:
        if name in saved:
            state.variables[name] = saved[name]
        else:
            state.variables.pop(name, None)
    kind = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "list", ast.DictComp: "dict"}[type(node)]
    keys: Value | None = None
    element: Value | None = None
    for key, value in gathered:
        element = value if element is None else join_values(element, value)
        if key is not None:
            keys = key if keys is None else join_values(keys, key)
    made = run.identity(node, "comprehension")
    filtered = any(generator.ifs for generator in node.generators)
    items = tuple(value for _, value in gathered) if exact and kind != "dict" else None
    walked = node.generators[0].iter if len(node.generators) == 1 and not filtered else None
    source = saved.get(walked.id) if isinstance(walked, ast.Name) else None
    state.heap[made] = Collection(
        kind, items, None if items is not None else element, keys, partial=filtered, source=source.id if isinstance(source, Ref) else None
    )
    return Ref(made)


def _generate(run: Run, node: Comprehension, state: State, index: int, gathered: list[tuple[Value | None, Value]]) -> bool:
    generators = node.generators
    if index == len(generators):
        if isinstance(node, ast.DictComp):
            key = run.evaluate(node.key, state)
            gathered.append((key, run.evaluate(node.value, state)))
        else:
            gathered.append((None, run.evaluate(node.elt, state)))
        return True
    generator = generators[index]
    value = run.evaluate(generator.iter, state)
    if isinstance(value, Pending) and generator.is_async:
        value = run.tables.await_value(run, state, value, generator.iter)
    value = walk(run, state, value, generator.iter)
    items, element, partial = containers.iterated(run, state, value, generator.iter)
    if items is not None and len(items) <= UNROLLED:
        exact = len(generators) == 1 and not generator.ifs
        for item in items:
            bind_target(run, state, generator.target, item)
            if _conditions(run, generator, state):
                exact = _generate(run, node, state, index + 1, gathered) and exact
        return exact
    covered = Collection("list", items, element).any()
    if covered is None:
        return False
    focus = focus_on(state, covered, generator)
    for visited in focus.elements(covered) * (2 if _awaits(node) else 1):
        bind_target(run, state, generator.target, focus.enter(run, state, visited))
        before = len(gathered)
        try:
            with focus.visiting(run):
                if _conditions(run, generator, state):
                    _generate(run, node, state, index + 1, gathered)
        except Diverted:
            del gathered[before:]
        focus.fold(run, state)
    focus.exhaust(run, state, value, partial=partial)
    for position, (name, found) in enumerate(gathered):
        gathered[position] = (_settled(run, name, focus) if name is not None else None, _settled(run, found, focus))
    return False


def _settled(run: Run, value: Value, focus: Focus) -> Value:
    """Replace references to the focus, which has become the summary again, in a value and in calls that wait to be awaited."""
    match value:
        case Ref(found):
            return focus.settled(run, found)
        case Choice(alternatives):
            return join_all(_settled(run, atom, focus) for atom in alternatives)
        case Pending(callee, args):
            positional = tuple(_settled(run, item, focus) for item in args.positional)
            named = tuple((name, _settled(run, item, focus)) for name, item in args.named)
            return replace(value, callee=_settled(run, callee, focus), args=replace(args, positional=positional, named=named))
        case FunctionValue(receiver=receiver) if receiver is not None:
            return replace(value, receiver=_settled(run, receiver, focus))
        case Method(receiver, name):
            return Method(_settled(run, receiver, focus), name)
        case _:
            return value


def _conditions(run: Run, generator: ast.comprehension, state: State) -> bool:
    for test in generator.ifs:
        value = run.evaluate(test, state)
        truth(run, state, value, test)
        if known_truth(state, value) is False:
            return False
        try:
            assume(run, state, test, value, truth=True)
        except Infeasible:
            return False
    return True


def _awaits(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Await) for part in ast.walk(node))
