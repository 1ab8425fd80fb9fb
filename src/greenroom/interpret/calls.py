"""Calls: project functions are followed, library calls are looked up, everything else is unknown."""

from __future__ import annotations

import ast
from contextlib import nullcontext

from greenroom.domain.flow import Raised, compact, merge_returns
from greenroom.domain.heap import Instance, OrmObject, SessionObject
from greenroom.domain.holding import held_by, spread
from greenroom.domain.loading import LoadState, Site
from greenroom.domain.state import Frame, State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Anything,
    Arguments,
    Attribute,
    Awaitables,
    Block,
    Choice,
    ClassValue,
    Const,
    Factory,
    FunctionValue,
    Library,
    Managed,
    Method,
    Partial,
    Pending,
    Ref,
    Rows,
    SqlExpression,
    Value,
)
from greenroom.interpret import library, methods, tasks, taught
from greenroom.interpret.access import get, something
from greenroom.interpret.binding import bind, learn_sessions
from greenroom.interpret.boundary import keys, moments
from greenroom.interpret.construction import construct, open_session
from greenroom.interpret.run import DEPTH, DISJUNCTS, Call, Diverted, Run
from greenroom.interpret.session import history, lifetimes, rows, trails
from greenroom.interpret.session.deeds import UNCLEAR, redo
from greenroom.interpret.session.sessions import perform
from greenroom.interpret.stubs import implementation, is_stub, says_nothing
from greenroom.interpret.symbolic import symbolic
from greenroom.interpret.tabulation import closures
from greenroom.interpret.tabulation.summaries import summarised
from greenroom.program.symbols import External, Function
from greenroom.program.types import Named, TypeRef
from greenroom.semantics.sessions import OPERATIONS

MANAGERS = frozenset({"asynccontextmanager", "contextmanager"})


def call(run: Run, state: State, callee: Value, args: Arguments, node: ast.AST) -> Value:
    """Call a value. Coroutines come back as :class:`Pending`."""
    callee = something(callee)
    if isinstance(callee, Choice) and not run.joining:
        callee = callee.atoms[run.pick(len(callee.atoms), callees=True)]
    return run.each(callee, state, lambda atom, inner: _call(run, inner, atom, args, node))


def _call(run: Run, state: State, callee: Value, args: Arguments, node: ast.AST) -> Value:  # noqa: C901 - one case for each kind of callable
    match callee:
        case FunctionValue(function):
            if _is_manager(run, function):
                return Managed(Pending(callee, args, node, run.here))
            if function.is_async or function.is_generator:
                return Pending(callee, args, node, run.here)
            return invoke(run, state, callee, args, node)
        case Partial(inner, positional, named):
            return _call(run, state, inner, Arguments((*positional, *args.positional), (*named, *args.named), args.open), node)
        case Method(receiver, name):
            return methods.method(run, state, callee, receiver, name, args, node)
        case ClassValue(symbol):
            return construct(run, state, symbol, args, node)
        case Library(symbol):
            if run.settings.operations and taught.known(run, state, symbol.path, spread(args), node):
                return ANYTHING
            return library.call(run, state, symbol, args, node)
        case Factory():
            return open_session(run, state, callee, node)
        case Ref(key):
            record = state.heap.get(key)
            if isinstance(record, Instance) and record.cls is not None:
                member = run.program.member(record.cls, "__call__")
                if isinstance(member, Function):
                    return _call(run, state, FunctionValue(member, callee), args, node)
            return ANYTHING
        case Attribute() | SqlExpression():
            return SqlExpression()
        case _:
            return library.unknown(run, state, args, node)


def _is_manager(run: Run, function: Function) -> bool:
    for decorator in function.decorators:
        symbol = run.program.resolve(function.module, decorator)
        if isinstance(symbol, External) and symbol.name in MANAGERS:
            return True
    return False


def await_value(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    """``await value``."""
    return run.each(value, state, lambda atom, inner: _await(run, inner, atom, node))


def _await(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    if isinstance(value, Block) and value.kind == "nested" and isinstance(value.session, Ref):
        library.begin_savepoint(run, state, value.session.id, node)
        return value
    if not isinstance(value, Pending):
        state.variables.pop(lifetimes.TASKS, None)
        if isinstance(value, Anything):
            history.outside(run, state, node)
        return value
    outer, run.module = run.module, value.module  # the call stands where it was made
    try:
        return _awaited(run, state, value, node)
    finally:
        run.module = outer


def _awaited(run: Run, state: State, value: Pending, node: ast.AST) -> Value:
    callee = value.callee
    match callee:
        case FunctionValue():
            return invoke(run, state, callee, value.args, value.node)
        case Method(Awaitables(owner), name):
            return _awaitable_attribute(run, state, owner, name, node)
        case Method(Ref(key), name) if isinstance(state.heap.get(key), SessionObject):
            return perform(run, state, key, OPERATIONS[name], value.args, value.node)
        case Method(Block(Ref(key), "nested"), name):
            library.end_savepoint(run, state, key, name, value.node)
            return NONE
        case Method(Rows() as rows_value, name):
            return rows.method(run, state, rows_value, name, value.args, value.node)
        case Library():
            history.outside(run, state, value.node)
            return library.awaited(run, state, callee.symbol, value.args, value.node)
        case _:
            history.outside(run, state, node)
            return ANYTHING


def _awaitable_attribute(run: Run, state: State, owner: Value, name: str, node: ast.AST) -> Value:
    run.greenlet += 1
    try:
        return get(run, state, owner, name, node)
    finally:
        run.greenlet -= 1


def invoke(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST) -> Value:
    """Follow a project function; the state becomes that of one of its ways out."""
    if is_stub(run, callee.function):
        chosen = implementation(run, state, callee, node)
        if chosen is None:
            library.unknown(run, state, args, node)
            return declared_result(run, state, callee.function, node)
        callee = chosen
    function = callee.function
    if run.settings.operations:
        given = (*spread(args), *((callee.receiver,) if callee.receiver is not None else ()))
        if taught.known(run, state, f"{function.module.name}.{function.qualname}", given, node):
            return declared_result(run, state, function, node)
    if not worth_following(run, state, callee, args):
        keys.given(state, (*spread(args), *((callee.receiver,) if callee.receiver is not None else ())))
        asked = moments.clock_in(run, function)
        return declared_result(run, state, function, node) if asked is None else asked
    if too_deep(run, function):
        keys.given(state, spread(args))
        after, result = _cut_short(run, state, function, node)
        state.become(after)
        return result
    if isinstance(function.node, ast.Lambda):
        return _lambda(run, state, callee, args, node)
    if function.is_generator:
        return run.pick_outcome(state, lambda: _without_consumer(run, state, callee, args, node))
    return run.pick_outcome(state, lambda: _followed(run, state, callee, args, node))


def too_deep(run: Run, function: Function) -> bool:
    """Whether a call is not followed: as many calls as are followed are in progress, or two of this very function."""
    if len(run.calls) >= DEPTH or len(run.lambdas) >= DEPTH:
        run.bound("depth")
        run.shortened += 1
        return True
    repeats = sum(1 for active in run.calls if active.function.node is function.node)
    return repeats + sum(1 for active in run.lambdas if active is function.node) > 1


def _followed(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST) -> list[tuple[State, Value]]:
    """The ways out of a function, from its summary where there is one; what it raises goes to whoever catches it here."""
    outer = run.raised

    def follow(start: State, args: Arguments) -> tuple[list[tuple[State, Value]], list[Raised]]:
        own: list[Raised] = []
        run.raised = own
        try:
            return _ways_out(run, start, callee, args, node), _unwound(start, own)
        finally:
            run.raised = outer

    keys.listed(state, spread(args))
    args = closures.arguments(run, state, learn_sessions(run, state, callee, args))
    taken = closures.taken_along(run, state, callee)
    callee = taken if isinstance(taken, FunctionValue) else callee
    trails.given(run, state, callee.function, args, node)
    if run.tracker.observer is not None:
        run.tracker.observer.given(state, callee.function, args)
    results, raised = summarised(run, state, callee, args, node, follow)
    site = run.site(node)
    for after in (*(after for after, _ in results), *(item.state for item in raised)):
        attribute_origins(state, after, site)
    if outer is not None:
        outer.extend(raised)
    return results


def _unwound(state: State, raised: list[Raised]) -> list[Raised]:
    """Exceptions that leave a function, with the caller's variables in place again."""
    for item in raised:
        item.state.leave(len(state.frames))
        item.state.facts = dict(state.facts)
        item.state.collect((), state.heap)
    return compact(raised)


def worth_following(run: Run, state: State, callee: FunctionValue, args: Arguments) -> bool:
    """Whether a function can matter: it deals with the database, is nested, or is given something that does."""
    function = callee.function
    if function.node in run.tracker.concerned or function.parent is not None or callee.captured is not None or function.module.standin:
        return True
    values = spread(args)
    if callee.receiver is not None:
        values.append(callee.receiver)
        record = state.record(callee.receiver)
        if function.kind == "property" and isinstance(record, Instance) and Const in map(type, record.attributes.values()):
            return True  # what it says follows from what is known
    return any(_matters(state, value, 3) for value in values)


def _matters(state: State, value: Value, depth: int) -> bool:
    """Whether a value leads to a mapped object, a session or code that is handed over."""
    if isinstance(value, Ref):
        record = state.heap.get(value.id)
        if isinstance(record, OrmObject | SessionObject):
            return True
        return depth > 0 and record is not None and any(_matters(state, inner, depth - 1) for inner in held_by(record))
    if isinstance(value, Choice):
        return any(_matters(state, atom, depth) for atom in value.atoms)
    return isinstance(value, FunctionValue | Factory | Pending | Partial | Rows)


def _without_consumer(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST) -> list[tuple[State, Value]]:
    """A generator that nothing here consumes: what it yields goes nowhere."""
    outer = run.yielders
    run.yielders = [*outer, None]
    try:
        return outcomes(run, state, callee, args, node)
    finally:
        run.yielders = outer


def declared_result(run: Run, state: State, function: Function, node: ast.AST) -> Value:
    """What the return annotation promises."""
    if isinstance(function.node, ast.Lambda):
        return ANYTHING
    type_ref = run.program.type_of(function.module, function.node.returns, function=function, owner=function.owner)
    known = run.tracker.endless.get(function.node)
    if known is None:
        known = run.tracker.endless[function.node] = _never_returns(function, type_ref)
    if known:
        run.may_raise(None, state)
        raise Diverted
    return symbolic(run, state, type_ref, node, ("result", id(function.node)))


def _never_returns(function: Function, type_ref: TypeRef) -> bool:
    """Whether a function only raises: it says so, or ends in ``raise`` and returns nowhere."""
    if isinstance(type_ref, Named) and isinstance(type_ref.symbol, External) and type_ref.symbol.name in ("NoReturn", "Never"):
        return True
    body = function.node.body
    return (
        isinstance(body, list)
        and isinstance(body[-1], ast.Raise)
        and not says_nothing(body[-1])
        and not any(isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) for statement in body for node in ast.walk(statement))
    )


def _lambda(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST) -> Value:
    variables, frames = state.variables, state.frames
    state.frames = (*frames, Frame(run.function, variables, state.frame_id))
    state.variables = {**(callee.captured or {}), **_captured_live(state, callee), **bind(run, state, callee, args)}
    outer = run.module
    run.module = callee.function.module
    body = callee.function.node
    run.lambdas.append(body)
    try:
        assert isinstance(body, ast.Lambda)
        return run.evaluate(body.body, state)
    finally:
        run.lambdas.pop()
        run.module = outer
        if len(state.frames) > len(frames):
            state.variables = state.frames[len(frames)].variables
            state.frames = state.frames[: len(frames)]


def _captured_live(state: State, callee: FunctionValue) -> dict[str, Value]:
    """Variables of the enclosing function as they are now, when it is still running."""
    for frame in state.frames:
        if frame.id == callee.frame and callee.captured is not None and frame.id:
            return {name: value for name, value in frame.variables.items() if name in callee.captured}
    return {}


def enter(run: Run, state: State, callee: FunctionValue, args: Arguments) -> State:
    """The state at the first statement of a function."""
    inner = state.fork()
    inner.frames = (*state.frames, Frame(run.function, inner.variables, inner.frame_id))
    inner.variables = {**(callee.captured or {}), **_captured_live(inner, callee), **bind(run, inner, callee, args)}
    inner.facts = {}
    inner.frame_id = run.identity(run.program_anchor, ("frame", id(callee.function.node), len(run.calls)))
    return inner


def outcomes(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, *, root: bool = False
) -> list[tuple[State, Value]]:
    """All ways out of a function, with the caller's variables in place again and the call in every chain of causes."""
    results = _ways_out(run, state, callee, args, node, root=root)
    if not root:
        for after, _ in results:
            attribute_origins(state, after, run.site(node))
    return results


def _ways_out(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, *, root: bool = False
) -> list[tuple[State, Value]]:
    function = callee.function
    assert not isinstance(function.node, ast.Lambda)
    if not root and not run.share:
        run.shortened += 1
        run.bound("steps")
        keys.given(state, spread(args))
        return [_cut_short(run, state, function, node)]
    depth = len(state.frames)
    site = Site(run.here, node)
    inner = enter(run, state, callee, args)
    run.calls.append(Call(function, None if root else site, not root and is_model_code(run, state, callee)))
    outer_module, run.module = run.module, function.module
    shortened = run.shortened
    try:
        with nullcontext() if root else run.budget():
            flow = run.execute(function.node.body, [inner])
            exhausted = run.exhausted
    finally:
        run.calls.pop()
        run.module = outer_module
    if run.shortened == shortened:
        run.tracker.reached.add(function.node)
    results: list[tuple[State, Value]] = [*flow.returned, *((after, NONE) for after in flow.fall)]
    if exhausted:
        keys.given(state, spread(args))
    if not results and exhausted and not root:
        return [_cut_short(run, state, function, node)]
    if root and run.on_return is not None:
        results = _responded(run, results, function)
    facts = state.facts
    # The receiver may be held by nothing but the expression under evaluation: an instance that is being constructed.
    held = (*spread(args), *((callee.receiver,) if callee.receiver is not None else ()))
    for after, value in results:
        after.leave(depth)
        after.facts = dict(facts)
        after.collect((value, *held), state.heap)
    return run.narrowed(merge_returns(results, DISJUNCTS), lambda way: way[0])


def _cut_short(run: Run, state: State, function: Function, node: ast.AST) -> tuple[State, Value]:
    """A call whose work was used up before it returned: what was absent may be there now, what waited may be written or undone."""
    after = state.fork()
    for key, record in state.heap.items():
        if isinstance(record, OrmObject):
            redo(run, after, key, UNCLEAR, node)
        elif isinstance(record, SessionObject):
            after.watch.sessions.add(key)
            after.did(key, UNCLEAR)
            if record.failed is not None:
                after.heap[key] = record.evolve(failed=None)
    history.cut_short(run, after, node)
    return after, declared_result(run, after, function, node)


def _responded(run: Run, results: list[tuple[State, Value]], function: Function) -> list[tuple[State, Value]]:
    """Serialize what an endpoint returned, after every block inside it has been left."""
    assert run.on_return is not None
    respond, outer = run.on_return[1], run.module
    run.module = function.module
    answered: list[tuple[State, Value]] = []
    for after, value in results:
        node, after.returning = after.returning, None
        tasks.left_running(run, after, None, function.node)
        answered.extend(respond(after, value, node) if node is not None else [(after, value)])
    run.module = outer
    return answered


def is_model_code(run: Run, state: State, callee: FunctionValue) -> bool:
    """Whether the function is an instance method, property or dunder of a mapped class."""
    record = state.record(callee.receiver) if callee.receiver is not None else None
    return isinstance(record, OrmObject)


def attribute_origins(before: State, after: State, site: Site) -> None:
    """Absences that a call caused are reached through that call, and what it did to a transaction was done through it."""
    history.through(before.journal, after, site)
    renewed: dict[int, LoadState] = {}
    for key, record in after.heap.items():
        old = before.heap.get(key)
        if record is old or not isinstance(record, OrmObject):
            continue
        known = old.attributes if isinstance(old, OrmObject) else {}
        changed = False
        attributes = dict(record.attributes)
        for name, load_state in record.attributes.items():
            if not load_state.origins or known.get(name) is load_state:
                continue
            replacement = renewed.get(id(load_state))
            if replacement is None:
                earlier = {id(origin) for _, origin in known[name].origins} if name in known else set()
                origins = tuple((bit, origin if id(origin) in earlier else origin.through(site)) for bit, origin in load_state.origins)
                replacement = renewed[id(load_state)] = LoadState(load_state.bits, load_state.sure, origins)
            attributes[name] = replacement
            changed = True
        if changed:
            after.heap[key] = record.evolve(attributes=attributes)
