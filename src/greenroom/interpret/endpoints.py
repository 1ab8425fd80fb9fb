"""Endpoints: dependencies run first, the result is serialized, what comes after ``yield`` runs last."""

from __future__ import annotations

import ast
from collections.abc import Callable

from greenroom.domain.boundary import EveryRow, RawResponse
from greenroom.domain.flow import Flow
from greenroom.domain.heap import Collection, OrmObject, SessionObject
from greenroom.domain.holding import spread
from greenroom.domain.journal import Kind
from greenroom.domain.loading import Origin, Site
from greenroom.domain.provenance import Sent
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, Anything, Arguments, ClassValue, FunctionValue, Library, Pending, Ref, Rows, Value, atoms
from greenroom.facts.records import MappedClass, Route
from greenroom.interpret.boundary import keys
from greenroom.interpret.calls import outcomes
from greenroom.interpret.dumps import dumped
from greenroom.interpret.generators import drive
from greenroom.interpret.run import Run
from greenroom.interpret.serialize import label, validate
from greenroom.interpret.session import history
from greenroom.interpret.symbolic import instance_of, symbolic
from greenroom.program.functions import defaults
from greenroom.program.symbols import Class, External, Function, Module
from greenroom.program.types import UNKNOWN, AnnotatedRef, Named, NoneRef, TypeRef, Union

Continue = Callable[[Value, State], Flow]
DEPENDS = frozenset({"Depends", "Security"})


def follow(run: Run, route: Route) -> None:
    """Interpret one endpoint as the framework calls it."""
    cache: dict[object, Value] = {}
    state = State()
    run.module = route.module
    run.on_return = (route.function, lambda after, value, node: respond(run, after, value, node, route))

    def body(_: Value, inner: State) -> Flow:
        return _parameters(
            run, inner, route.function, cache, lambda args, ready: _endpoint(run, ready, route, args), receiver=_receiver(run, inner, route)
        )

    flow = _providers(run, state, list(route.dependencies), cache, body)
    run.on_return = None
    for after in flow.fall:
        history.ended(run, after, route.function, methods=route.methods)
    keys.settle(run, state)


def _receiver(run: Run, state: State, route: Route) -> Value | None:
    owner = route.function.owner
    if owner is None or route.function.kind == "staticmethod":
        return None
    return instance_of(run, state, owner, "self")


def _endpoint(run: Run, state: State, route: Route, args: Arguments) -> Flow:
    receiver = _receiver(run, state, route)
    history.mark(state, Kind.ENTER, route.function)
    ends = outcomes(run, state, FunctionValue(route.function, receiver), args, route.function.node, root=True)
    for after, _ in ends:
        history.mark(after, Kind.ANSWER, route.function)
    return Flow(fall=[after for after, _ in ends])


def _providers(run: Run, state: State, rest: list[tuple[ast.expr, Module]], cache: dict[object, Value], then: Continue) -> Flow:
    """Dependencies that are declared for their effect only, outermost first."""
    if not rest:
        return then(ANYTHING, state)
    (node, module), *others = rest
    provider = _provider(run, state, node, module)
    return _with_provider(run, state, provider, Site(module, node), cache, lambda _, inner: _providers(run, inner, others, cache, then))


def _provider(run: Run, state: State, node: ast.expr, module: Module) -> Value | None:
    """What ``Depends(x)`` depends on."""
    if not isinstance(node, ast.Call):
        return None
    symbol = run.program.resolve(module, node.func)
    if not isinstance(symbol, External) or symbol.name not in DEPENDS:
        return None
    target = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "dependency"), None)
    if target is None:
        return ANYTHING
    return run.defined(state, module, target)


def _with_provider(run: Run, state: State, provider: Value | None, where: Site, cache: dict[object, Value], then: Continue) -> Flow:
    """Call a provider once for each request; ``where`` is its ``Depends(...)``, perhaps in another module than the endpoint."""
    match provider:
        case FunctionValue(function):
            key: object = (function.node, id(provider.receiver))
        case ClassValue(symbol):
            key = symbol.node
        case _:
            return then(ANYTHING, state)
    known = cache.get(key)
    if known is not None and (not isinstance(known, Ref) or known.id in state.heap):
        return then(known, state)
    if key in run.providing:
        return then(ANYTHING, state)  # it depends on itself

    def proceed(value: Value, inner: State) -> Flow:
        cache[key] = value
        early = not run.settings.answers_first or not _ends_with_the_request(where.node)
        if early and isinstance(value, Ref) and isinstance(provider, FunctionValue) and provider.function.is_generator:
            run.tracker.released[value.id] = Origin(where, "this dependency ends, and closes the session, before the answer is sent")
        return then(value, inner)

    receiver: Value | None = ANYTHING
    if isinstance(provider, FunctionValue):
        function, receiver = provider.function, provider.receiver
    else:
        init = run.program.member(provider.symbol, "__init__")
        if not isinstance(init, Function):
            return proceed(symbolic(run, state, Named(provider.symbol), where.node, "dependency"), state)
        function = init
    outer = run.providing

    def ready(args: Arguments, inner: State) -> Flow:
        within, run.providing = run.providing, outer
        try:
            if isinstance(provider, FunctionValue):
                return _provided(run, inner, provider, args, where, proceed)
            return _called(run, inner, provider, args, where, proceed)
        finally:
            run.providing = within

    run.providing = (*outer, key)
    try:
        return _parameters(run, state, function, cache, ready, receiver=receiver)
    finally:
        run.providing = outer


def _provided(run: Run, state: State, provider: FunctionValue, args: Arguments, where: Site, then: Continue) -> Flow:
    function = provider.function
    if function.is_generator:
        run.module = where.module
        if _ends_with_the_request(where.node):
            run.endings.providers.add(function.node)
        return drive(run, state, Pending(provider, args, where.node, function.module), where.node, then)
    return _called(run, state, provider, args, where, then)


def _ends_with_the_request(depends: ast.AST) -> bool:
    """Whether the rest of a dependency runs when the answer is out: ``scope="function"`` has it run before (FastAPI 0.121)."""
    given = next((k.value for k in depends.keywords if k.arg == "scope"), None) if isinstance(depends, ast.Call) else None
    return not (isinstance(given, ast.Constant) and given.value == "function")


def _called(run: Run, state: State, provider: Value, args: Arguments, where: Site, then: Continue) -> Flow:
    run.module = where.module
    flow = Flow()
    for after, value in run.alternatives(state, lambda inner: run.call(inner, provider, args, where.node)):
        inner = then(_promised(run, after, provider, value, where.node, args), after)
        flow.fall.extend(inner.fall)
        flow.absorb(inner)
    return flow


def _promised(run: Run, state: State, provider: Value, value: Value, node: ast.AST, args: Arguments) -> Value:
    """What a provider that gives nothing recognisable is annotated to give; its own session is where objects come from."""
    if isinstance(value, Anything) and isinstance(provider, FunctionValue):
        function = provider.function
        if not isinstance(function.node, ast.Lambda):
            type_ref = run.program.type_of(function.module, function.node.returns, function=function, owner=function.owner)
            made = symbolic(run, state, type_ref, node, ("provided", id(function.node)))
            own = _session_in(state, args)
            for atom in atoms(made):
                record = state.record(atom)
                if own is not None and isinstance(record, OrmObject) and record.assumed and isinstance(atom, Ref):
                    state.heap[atom.id] = record.evolve(session=own)
            return made
    return value


def _session_in(state: State, args: Arguments) -> int | None:
    """The session among a provider's arguments, or that of an object among them."""
    for value in spread(args):
        for atom in atoms(value):
            record = state.record(atom)
            if isinstance(record, SessionObject) and isinstance(atom, Ref):
                return atom.id
            if isinstance(record, OrmObject) and record.session is not None:
                return record.session
    return None


def _parameters(
    run: Run,
    state: State,
    function: Function,
    cache: dict[object, Value],
    then: Callable[[Arguments, State], Flow],
    *,
    receiver: Value | None = None,
) -> Flow:
    """Values for a function's parameters as the framework injects them."""
    spec = function.node.args
    positional = [*spec.posonlyargs, *spec.args]
    absent = defaults(function)
    parameters = [*(positional[1:] if receiver is not None else positional), *spec.kwonlyargs]
    named: list[tuple[str, Value]] = []

    def step(index: int, inner: State) -> Flow:
        run.module = function.module
        if index == len(parameters):
            return then(Arguments((), tuple(named[:index])), inner)
        parameter = parameters[index]
        del named[index:]

        def bound(value: Value, after: State) -> Flow:
            del named[index:]
            named.append((parameter.arg, value))
            return step(index + 1, after)

        type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
        dependency = _dependency(run, inner, function, type_ref, absent.get(parameter.arg))
        if dependency is None:
            return bound(symbolic(run, inner, type_ref, parameter, _origin(function, parameter)), inner)
        provider, where = dependency
        if provider is ANYTHING:
            provider = _class_of(type_ref)

        def resolved(value: Value, after: State) -> Flow:
            if isinstance(value, Anything) and value.type is None:
                value = symbolic(run, after, type_ref, parameter, ("parameter", parameter.arg))
                if isinstance(provider, Library):
                    value = _own_session(run, after, value, provider)
            return bound(value, after)

        return _with_provider(run, inner, provider, where, cache, resolved)

    return step(0, state)


def _origin(function: Function, parameter: ast.arg) -> object:
    """What identifies a parameter that nothing provides: the client sends it, unless the framework provides by name, as Litestar does."""
    by_name = b"litestar" in function.module.source.data and parameter.arg != "data"
    return ("parameter", parameter.arg) if by_name else Sent(parameter.arg, id(parameter))


def _own_session(run: Run, state: State, value: Value, provider: Library) -> Value:
    """Each provider of a library gives a session of its own."""
    record = state.record(value)
    if not isinstance(record, SessionObject):
        return value
    key = run.identity(run.program_anchor, ("session", provider.symbol.path))
    state.heap.setdefault(key, record)
    return Ref(key)


def _dependency(run: Run, state: State, function: Function, type_ref: TypeRef, default: ast.expr | None) -> tuple[Value, Site] | None:
    if default is not None:
        provider = _provider(run, state, default, function.module)
        if provider is not None:
            return provider, Site(function.module, default)
    if isinstance(type_ref, AnnotatedRef):
        for meta in type_ref.metadata:
            provider = _provider(run, state, meta, type_ref.module)
            if provider is not None:
                return provider, Site(type_ref.module, meta)
    return None


def _class_of(type_ref: TypeRef) -> Value:
    inner = type_ref.type if isinstance(type_ref, AnnotatedRef) else type_ref
    return ClassValue(inner.symbol) if isinstance(inner, Named) and isinstance(inner.symbol, Class) else ANYTHING


def respond(run: Run, state: State, value: Value, node: ast.expr, route: Route) -> list[tuple[State, Value]]:
    """Serialize what the endpoint returned."""
    if route.response_is_raw:
        return [(state, value)]
    type_ref = response_type(run, route)
    observer = run.tracker.observer
    every = _every_row(state, value)
    if every is not None:
        run.emit(EveryRow(run.site(node), (), every.name), every.name)

    def serialize(inner: State) -> Value:
        run.schema_lenient = True
        if observer is not None:
            observer.answering = route.function.node
        try:
            _serialize(run, inner, value, type_ref, node)
        finally:
            run.schema_lenient = False
            if observer is not None:
                observer.answering = None
        return value

    return run.alternatives(state, serialize)


def response_type(run: Run, route: Route) -> TypeRef:
    """The response model of a route."""
    if route.response_model_given:
        given = route.response_model
        return UNKNOWN if given is None or _is_nothing(given) else run.program.type_of(route.module, given)
    node = route.function.node
    if isinstance(node, ast.Lambda):
        return UNKNOWN
    return run.program.type_of(route.function.module, node.returns, function=route.function, owner=route.function.owner)


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _serialize(run: Run, state: State, value: Value, type_ref: TypeRef, node: ast.expr) -> None:
    if isinstance(type_ref, NoneRef) or isinstance(value, Library):
        return
    if _walks(run, type_ref):
        validate(run, state, value, type_ref, node, label(type_ref))
        return
    if type_ref == UNKNOWN and (mapped := _mapped_in(state, value)) is not None:
        run.emit(RawResponse(run.site(node), (), mapped.name, tuple(mapped.columns)), mapped.name)
    _dump(run, state, value, node)


def _mapped_in(state: State, value: Value) -> MappedClass | None:
    """The class of a mapped object in an answer."""
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, OrmObject):
            return record.mapped
        if isinstance(record, Collection):
            parts = (part for part in (*(record.items or ()), *record.by_key.values(), record.element) if part is not None)
            return next((found for part in parts if (found := _mapped_in(state, part)) is not None), None)
    return None


def _every_row(state: State, value: Value) -> MappedClass | None:
    """The class of whose table a list has every row."""
    for atom in atoms(value):
        record = state.record(atom)
        held = record.any() if isinstance(record, Collection) else atom.element if isinstance(atom, Rows) else None
        for part in atoms(held) if held is not None else ():
            found = state.record(part)
            if isinstance(found, OrmObject) and found.many and found.complete:
                return found.mapped
    return None


def _walks(run: Run, type_ref: TypeRef) -> bool:
    match type_ref:
        case Named(symbol, args):
            if isinstance(symbol, Class):
                return run.backend.mapped(symbol) is None
            return any(_walks(run, arg) for arg in args)
        case Union(members):
            return any(_walks(run, member) for member in members)
        case AnnotatedRef(inner):
            return _walks(run, inner)
        case _:
            return False


def _dump(run: Run, state: State, value: Value, node: ast.expr) -> None:
    """No schema reads the attributes: the object's ``__dict__`` is sent."""
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, OrmObject):
            dumped(run, record, node, "the response")
        elif isinstance(record, Collection):
            for part in (*(record.items or ()), *record.by_key.values(), record.element):
                if part is not None:
                    _dump(run, state, part, node)
