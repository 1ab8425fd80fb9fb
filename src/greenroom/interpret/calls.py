"""Calls: project functions are followed, library calls are looked up, everything else is unknown."""

from __future__ import annotations

import ast
from contextlib import nullcontext
from itertools import zip_longest

from greenroom.domain.heap import TRANSIENT, Collection, Instance, OrmObject, SessionObject
from greenroom.domain.loading import BLANK, IS_BLANK, IS_UNKNOWN, LOADED, LoadState, Site
from greenroom.domain.state import Frame, Raised, State, compact, held_by, merge_returns, spread
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
    DynamicQuery,
    Factory,
    FunctionValue,
    Inspection,
    Library,
    LoaderOption,
    Managed,
    Method,
    Partial,
    Pending,
    Ref,
    Rows,
    SqlExpression,
    Statement,
    Value,
)
from greenroom.facts.records import Column, MappedClass, Relationship, Schema
from greenroom.interpret import containers, library, queries, rows
from greenroom.interpret.access import get, own_class, something
from greenroom.interpret.run import DEPTH, DISJUNCTS, Call, Diverted, Run
from greenroom.interpret.serialize import label, validate, validate_call
from greenroom.interpret.sessions import perform
from greenroom.interpret.summaries import summarised
from greenroom.interpret.symbolic import is_session_type, session_class, symbolic
from greenroom.program.symbols import Class, External, Function, Module
from greenroom.program.types import Named, TypeRef
from greenroom.semantics.options import COLUMN_OPTIONS, RELATIONSHIP_OPTIONS
from greenroom.semantics.sessions import OPERATIONS

MANAGERS = frozenset({"asynccontextmanager", "contextmanager"})


def call(run: Run, state: State, callee: Value, args: Arguments, node: ast.AST) -> Value:
    """Call a value. Coroutines come back as :class:`Pending`."""
    return run.each(something(callee), state, lambda atom, inner: _call(run, inner, atom, args, node))


def _call(run: Run, state: State, callee: Value, args: Arguments, node: ast.AST) -> Value:  # noqa: C901 - one case for each kind of callable
    match callee:
        case FunctionValue(function):
            if _is_manager(run, function):
                return Managed(Pending(callee, args, node, _module(run)))
            if function.is_async or function.is_generator:
                return Pending(callee, args, node, _module(run))
            return invoke(run, state, callee, args, node)
        case Partial(inner, positional, named):
            return _call(run, state, inner, Arguments((*positional, *args.positional), (*named, *args.named), args.open), node)
        case Method(receiver, name):
            return _method(run, state, callee, receiver, name, args, node)
        case ClassValue(symbol):
            return construct(run, state, symbol, args, node)
        case Library(symbol):
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
            return unknown(run, state, args, node)


def _module(run: Run) -> Module:
    """The current module, never None while something is followed."""
    assert run.module is not None
    return run.module


def _is_manager(run: Run, function: Function) -> bool:
    for decorator in function.decorators:
        symbol = run.program.resolve(function.module, decorator)
        if isinstance(symbol, External) and symbol.name in MANAGERS:
            return True
    return False


def unknown(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """A call of something that nothing is known of."""
    library.escape(run, state, args, node)
    return ANYTHING


def await_value(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    """``await value``."""
    return run.each(value, state, lambda atom, inner: _await(run, inner, atom, node))


def _await(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    if isinstance(value, Block) and value.kind == "nested" and isinstance(value.session, Ref):
        library.begin_savepoint(run, state, value.session.id, node)
        return value
    if not isinstance(value, Pending):
        state.variables.pop(library.TASKS, None)
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
            return library.awaited(run, state, callee.symbol, value.args, value.node)
        case _:
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
        chosen = _implementation(run, state, callee, node)
        if chosen is None:
            unknown(run, state, args, node)
            return declared_result(run, state, callee.function, node)
        callee = chosen
    function = callee.function
    if not worth_following(run, state, callee, args):
        return declared_result(run, state, function, node)
    if too_deep(run, function):
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

    def follow(start: State) -> tuple[list[tuple[State, Value]], list[Raised]]:
        own: list[Raised] | None = [] if outer is not None else None
        run.raised = own
        try:
            return _ways_out(run, start, callee, args, node), _unwound(start, own or [])
        finally:
            run.raised = outer

    args = _learn_sessions(run, state, callee, args)
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
        leave(item.state, len(state.frames))
        item.state.facts = dict(state.facts)
        item.state.collect((), state.heap)
    return compact(raised)


def is_stub(run: Run, function: Function) -> bool:
    """Whether a method only says that there is one: its subclasses do the work."""
    if function.owner is None or isinstance(function.node, ast.Lambda):
        return False
    known = run.tracker.stubs.get(function.node)
    if known is None:
        body = function.node.body
        first = body[-1] if len(body) <= 2 and all(isinstance(part, ast.Expr) for part in body[:-1]) else None
        abstract = any(_is_abstract(decorator) for decorator in function.decorators)
        known = first is not None and (_says_nothing(first) or (abstract and isinstance(first, ast.Pass | ast.Expr)))
        run.tracker.stubs[function.node] = known
    return known


def _is_abstract(decorator: ast.expr) -> bool:
    name = decorator.attr if isinstance(decorator, ast.Attribute) else decorator.id if isinstance(decorator, ast.Name) else ""
    return name == "abstractmethod"


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=value)):
            return value is Ellipsis
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")) | ast.Name(id="NotImplementedError")):
            return True
        case _:
            return False


def _implementation(run: Run, state: State, callee: FunctionValue, node: ast.AST) -> FunctionValue | None:
    """The only method of the project that implements a stub."""
    from greenroom.interpret.symbolic import instance_of

    own = (own_class(run, state, callee.receiver) if callee.receiver is not None else None) or callee.function.owner
    found: dict[ast.AST, tuple[Class, Function]] = {}
    for cls in run.program.subclasses(own) if own is not None else ():
        member = run.program.member(cls, callee.function.name)
        if isinstance(member, Function) and not is_stub(run, member):
            found.setdefault(member.node, (cls, member))
    if len(found) != 1:
        return None
    cls, member = next(iter(found.values()))
    receiver = callee.receiver
    if isinstance(receiver, ClassValue):
        receiver = ClassValue(cls)
    elif receiver is not None:
        receiver = instance_of(run, state, cls, "implementation")
    return FunctionValue(member, receiver)


def worth_following(run: Run, state: State, callee: FunctionValue, args: Arguments) -> bool:
    """Whether a function can matter: it deals with the database, is nested, or is given something that does."""
    function = callee.function
    if function.node in run.tracker.concerned or function.parent is not None or callee.captured is not None:
        return True
    values = spread(args)
    if callee.receiver is not None:
        values.append(callee.receiver)
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
    if _never_returns(function, type_ref):
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
        and not _says_nothing(body[-1])
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


def enter(run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, *, model_code: bool) -> State:
    """The state at the first statement of a function."""
    inner = state.fork()
    inner.frames = (*state.frames, Frame(run.function, inner.variables, inner.frame_id))
    inner.variables = {**(callee.captured or {}), **_captured_live(inner, callee), **bind(run, inner, callee, args)}
    inner.facts = {}
    inner.frame_id = run.identity(run.program_anchor, ("frame", id(callee.function.node), len(run.calls)))
    del node, model_code
    return inner


def leave(state: State, depth: int) -> None:
    """Return to the frame at ``depth``."""
    if len(state.frames) > depth:
        frame = state.frames[depth]
        state.variables = dict(frame.variables)
        state.frame_id = frame.id
        state.frames = state.frames[:depth]


def outcomes(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, *, root: bool = False
) -> list[tuple[State, Value]]:
    """All ways out of a function, with the caller's variables in place again and the call in every chain of causes."""
    results = _ways_out(run, state, callee, args, node, root=root)
    for after, _ in results:
        attribute_origins(state, after, run.site(node))
    return results


def _ways_out(
    run: Run, state: State, callee: FunctionValue, args: Arguments, node: ast.AST, *, root: bool = False
) -> list[tuple[State, Value]]:
    function = callee.function
    assert not isinstance(function.node, ast.Lambda)
    depth = len(state.frames)
    site = run.site(node)
    inner = enter(run, state, callee, args, node, model_code=False)
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
    if not results and exhausted and not root:
        return [_cut_short(run, state, function, node)]
    if root and run.on_return is not None:
        results = _responded(run, results, function)
    facts = state.facts
    # The receiver may be held by nothing but the expression under evaluation: an instance that is being constructed.
    held = (*spread(args), *((callee.receiver,) if callee.receiver is not None else ()))
    for after, value in results:
        leave(after, depth)
        after.facts = dict(facts)
        after.collect((value, *held), state.heap)
    return run.narrowed(merge_returns(results, DISJUNCTS), lambda way: way[0])


def _cut_short(run: Run, state: State, function: Function, node: ast.AST) -> tuple[State, Value]:
    """A call whose work was used up before it returned: whatever was absent in memory may be there now."""
    after = state.fork()
    for key, record in state.heap.items():
        if isinstance(record, OrmObject):
            attributes = {n: s if s.bits & (LOADED | BLANK) == s.bits else IS_UNKNOWN for n, s in record.attributes.items()}
            after.heap[key] = record.evolve(attributes=attributes)
    return after, declared_result(run, after, function, node)


def _responded(run: Run, results: list[tuple[State, Value]], function: Function) -> list[tuple[State, Value]]:
    """Serialize what an endpoint returned, after every block inside it has been left."""
    assert run.on_return is not None
    respond, outer = run.on_return[1], run.module
    run.module = function.module
    answered: list[tuple[State, Value]] = []
    for after, value in results:
        node, after.returning = after.returning, None
        answered.extend(respond(after, value, node) if node is not None else [(after, value)])
    run.module = outer
    return answered


def is_model_code(run: Run, state: State, callee: FunctionValue) -> bool:
    """Whether the function is an instance method, property or dunder of a mapped class."""
    record = state.record(callee.receiver) if callee.receiver is not None else None
    return isinstance(record, OrmObject)


def attribute_origins(before: State, after: State, site: Site) -> None:
    """Absences that a call caused are reached through that call."""
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


def bind(run: Run, state: State, callee: FunctionValue, args: Arguments) -> dict[str, Value]:
    """Parameters to values."""
    function = callee.function
    spec = function.node.args
    parameters = [*spec.posonlyargs, *spec.args]
    positional = list(args.positional)
    if callee.receiver is not None:
        positional.insert(0, callee.receiver)
    bound: dict[str, Value] = {}
    for parameter, value in zip(parameters, positional, strict=False):
        bound[parameter.arg] = value
    if spec.vararg is not None:
        key = run.identity(spec.vararg, "varargs")
        rest = tuple(positional[len(parameters) :])
        state.heap[key] = Collection("tuple", None if args.open else rest, ANYTHING if args.open else None)
        bound[spec.vararg.arg] = Ref(key)
    names = {parameter.arg for parameter in (*parameters, *spec.kwonlyargs)}
    extra: dict[object, Value] = {}
    for name, value in args.named:
        if name in names:
            bound[name] = value
        else:
            extra[name] = value
    if spec.kwarg is not None:
        key = run.identity(spec.kwarg, "kwargs")
        state.heap[key] = Collection("dict", None, ANYTHING if args.open else None, None, extra)
        bound[spec.kwarg.arg] = Ref(key)
    defaults = dict(zip([parameter.arg for parameter in parameters][len(parameters) - len(spec.defaults) :], spec.defaults, strict=True))
    defaults.update({p.arg: d for p, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None})
    for parameter in (*parameters, *spec.kwonlyargs):
        if parameter.arg not in bound:
            default = defaults.get(parameter.arg)
            bound[parameter.arg] = _default(run, state, function, default) if default is not None and not args.open else ANYTHING
        given = bound[parameter.arg]
        if isinstance(given, Anything) and parameter.annotation is not None:
            bound[parameter.arg] = _annotated(run, state, function, parameter, given)
    return bound


def _learn_sessions(run: Run, state: State, callee: FunctionValue, args: Arguments) -> Arguments:
    """What is given for a session is one: the caller's variables that hold the same value hold that session from here on."""
    if not any(isinstance(value, Anything) and value.type is None and value.token is not None for value in spread(args)):
        return args
    function = callee.function
    parameters = [*function.node.args.posonlyargs, *function.node.args.args][1 if callee.receiver is not None else 0 :]
    by_name = {parameter.arg: parameter for parameter in (*parameters, *function.node.args.kwonlyargs)}

    def learnt(parameter: ast.arg | None, given: Value) -> Value:
        if not isinstance(given, Anything) or given.token is None or parameter is None or parameter.annotation is None:
            return given
        if not is_session_type(run, run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)):
            return given
        known = _annotated(run, state, function, parameter, given)
        state.variables.update({name: known for name, value in state.variables.items() if value == given})
        return known

    positional = tuple(learnt(parameter, given) for parameter, given in zip_longest(parameters[: len(args.positional)], args.positional))
    return Arguments(positional, tuple((name, learnt(by_name.get(name), given)) for name, given in args.named), args.open)


def _default(run: Run, state: State, function: Function, default: ast.expr) -> Value:
    if isinstance(default, ast.Constant):
        return Const(default.value)
    from greenroom.interpret.access import evaluate_in

    return evaluate_in(run, state, function.module, default)


def _annotated(run: Run, state: State, function: Function, parameter: ast.arg, value: Value) -> Value:
    if isinstance(value, Anything) and value.type is not None:
        return value
    type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
    if function.owner is not None:
        type_ref = run.program.substitute(type_ref, run.program.type_arguments(function.owner))
    made = symbolic(run, state, type_ref, parameter, ("unknown argument", parameter.arg))
    return Anything(made.type, value.token) if isinstance(made, Anything) and isinstance(value, Anything) and value.token else made


def construct(run: Run, state: State, symbol: Class, args: Arguments, node: ast.AST) -> Value:
    """``Class(...)``."""
    mapped = run.backend.mapped(symbol)
    if mapped is not None and mapped.table is None and not mapped.columns:
        mapped = None
    if mapped is not None:
        return _new_object(run, state, symbol, args, node)
    kind = session_class(run, symbol)
    if kind is not None:
        return open_session(run, state, library.factory_of(run, state, args, asynchronous=kind == "async", cls=symbol), node)
    from greenroom.interpret.access import is_enum

    if is_enum(run, symbol):
        return Anything(Named(symbol), ("enum", id(node)))
    key = run.identity(node, ("new", symbol.node))
    _retire(run, state, key)
    schema = run.backend.schema(symbol)
    state.heap[key] = Instance(symbol, {}, schema)
    init = run.program.member(symbol, "__init__")
    if isinstance(init, Function):
        run.tables.call(run, state, FunctionValue(init, Ref(key)), args, node)
    else:
        _fill(run, state, symbol, key, args)
        if schema is not None:
            _validate_fields(run, state, schema, args, node)
    return Ref(key)


def _retire(run: Run, state: State, key: int) -> None:
    from greenroom.interpret.materialise import retire

    retire(run, state, key)


def _fill(run: Run, state: State, symbol: Class, key: int, args: Arguments) -> None:
    """A generated ``__init__`` (dataclass, pydantic, named tuple): parameters become attributes."""
    names = [name for base in reversed(run.program.mro(symbol)) if isinstance(base, Class) for name, members in base.members.items()
             if members and getattr(members[0], "annotation", None) is not None]  # fmt: skip
    record = state.heap[key]
    if isinstance(record, Instance):
        given = dict(zip(dict.fromkeys(names), args.positional, strict=False))
        given.update(args.named)
        state.heap[key] = Instance(record.cls, {**record.attributes, **given}, record.schema)


def _validate_fields(run: Run, state: State, schema: Schema, args: Arguments, node: ast.AST) -> None:
    """The constructor of a schema validates what it is given: nested schemas read from ORM objects."""
    for name, value in args.named:
        field = schema.fields.get(name)
        if field is not None:
            validate(run, state, value, field.type, node, f"{schema.name}.{name}", 1)


def _new_object(run: Run, state: State, symbol: Class, args: Arguments, node: ast.AST) -> Value:
    mapped = run.backend.mapped(symbol)
    assert mapped is not None
    key = run.identity(node, ("new", symbol.node))
    _retire(run, state, key)
    names = (*mapped.columns, *mapped.relationships, *mapped.column_properties, *mapped.query_expressions)
    state.heap[key] = OrmObject(mapped, TRANSIENT, None, dict.fromkeys(names, IS_BLANK), loaded_at=run.site(node))
    init = run.program.member(symbol, "__init__")
    if isinstance(init, Function):
        run.tables.call(run, state, FunctionValue(init, Ref(key)), args, node)
        return Ref(key)
    construct_fields(run, state, key, args, node)
    return Ref(key)


def construct_fields(run: Run, state: State, key: int, args: Arguments, node: ast.AST) -> None:
    """The default constructor of a mapped class."""
    record = state.orm(key)
    assert record is not None
    mapped = record.mapped
    if mapped.is_dataclass:
        fields = [name for name, member in _fields(mapped) if member.init]
        for name, value in zip(fields, args.positional, strict=False):
            _give(run, state, key, name, value, node)
        for name, relationship in mapped.relationships.items():
            given = name in dict(args.named) or name in fields[: len(args.positional)]
            if (
                not given
                and run.settings.sqlalchemy == "2.0"
                and relationship.init
                and (relationship.init_default_factory or relationship.has_init_default)
            ):
                _give(run, state, key, name, _empty(run, state, relationship, node), node)
    for name, value in args.named:
        _give(run, state, key, name, value, node)
    if args.open:
        current = state.orm(key)
        if current is not None:
            attributes = {n: (s if s.bits == 1 or n in mapped.relationships else LoadState(3)) for n, s in current.attributes.items()}
            state.heap[key] = current.evolve(attributes=attributes)


def _fields(mapped: MappedClass) -> list[tuple[str, Column | Relationship]]:
    """Columns and relationships in order of declaration."""
    members: list[tuple[str, Column | Relationship]] = [*mapped.columns.items(), *mapped.relationships.items()]
    return sorted(members, key=lambda pair: getattr(pair[1].node, "lineno", 0))


def _empty(run: Run, state: State, relationship: Relationship, node: ast.AST) -> Value:
    if not relationship.uselist:
        return NONE
    key = run.identity(node, ("default", relationship.name))
    state.heap[key] = Collection(relationship.collection, (), None)
    return Ref(key)


def _give(run: Run, state: State, key: int, name: str, value: Value, node: ast.AST) -> None:
    record = state.orm(key)
    if record is None:
        return
    column = record.mapped.columns.get(name)
    if value == NONE and column is not None and (column.server_default or column.primary_key):
        return  # an explicit None counts as not given where the database has a default
    from greenroom.interpret.access import put

    put(run, state, Ref(key), name, value, node)


def open_session(run: Run, state: State, factory: Factory, node: ast.AST) -> Value:
    """A new session."""
    key = run.identity(node, "session")
    if key in state.heap and key in state.reachable():
        _retire(run, state, key)
    state.heap[key] = SessionObject(factory.expire_on_commit, factory.autoflush, is_async=factory.is_async, cls=factory.cls)
    return Ref(key)


def _method(run: Run, state: State, callee: Method, receiver: Value, name: str, args: Arguments, node: ast.AST) -> Value:  # noqa: C901, PLR0912 - one case for each kind of receiver
    match receiver:
        case Ref(key):
            record = state.heap.get(key)
            if isinstance(record, SessionObject):
                return _session_method(run, state, callee, record, key, name, args, node)
            if isinstance(record, Collection):
                return containers.method(run, state, key, record, name, args, node)
            if isinstance(record, OrmObject):
                return library.object_method(run, state, key, record, name, args, node)
            if isinstance(record, Instance) and name in ("create_task", "start_soon"):
                return library.group_task(run, state, key, args, node)
            return unknown(run, state, args, node)
        case Statement():
            return queries.method(run, state, receiver, name, args)
        case LoaderOption() if name in RELATIONSHIP_OPTIONS or name in COLUMN_OPTIONS or name == "options":
            return queries.option(run, state, name, args, receiver)
        case Rows():
            return rows.method(run, state, receiver, name, args, node)
        case Factory():
            return library.factory_method(run, state, receiver, name, args, node)
        case ClassValue(symbol):
            return validate_call(run, state, symbol, name, args, node)
        case DynamicQuery():
            return library.dynamic_method(run, state, receiver, name, node)
        case Block(Ref(key), "nested") if name in ("rollback", "commit"):
            return Pending(callee, args, node, _module(run))
        case Anything(Named(External("greenroom.TypeAdapter"), (type_ref,))) if name.startswith("validate"):
            validate(run, state, args.get(0) or NONE, type_ref, node, label(type_ref))
            return ANYTHING
        case Method(Inspection(owner), "attrs") | Method(Method(Inspection(owner), "attrs"), _):
            return library.inspected(run, state, owner, receiver, name, node)
        case Library(External(path)) if path.endswith("object_mapper"):
            return library.key_of(run, state, args.get(0) or NONE, node)
        case Inspection(owner):
            return library.inspection(run, state, owner, name, node)
        case Attribute() | SqlExpression():
            return library.expression_method(receiver, name, args)
        case _:
            if name in ("add_task", "create_task", "start_soon"):
                return library.background(run, state, args, node)
            return unknown(run, state, args, node) if not isinstance(receiver, Const) else ANYTHING


def _session_method(
    run: Run, state: State, callee: Method, record: SessionObject, key: int, name: str, args: Arguments, node: ast.AST
) -> Value:
    operation = OPERATIONS.get(name)
    if operation is None:
        return ANYTHING
    if operation.awaits and record.is_async and not run.greenlet:
        return Pending(callee, args, node, _module(run))
    return perform(run, state, key, operation, args, node)
