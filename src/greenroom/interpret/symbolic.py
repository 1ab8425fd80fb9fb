"""Values of which only the type is known: parameters of entry points, results of unknown calls."""

from __future__ import annotations

import ast
from contextlib import suppress

from greenroom.domain.heap import Collection, Instance, OrmObject, SessionObject
from greenroom.domain.provenance import Sent
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, ClassValue, Factory, FunctionValue, Ref, Value, join_values
from greenroom.facts.sqltypes import is_enumeration
from greenroom.interpret.concern import SESSION_NAMES
from greenroom.interpret.run import Infeasible, Run
from greenroom.interpret.session.materialise import assumed
from greenroom.program.symbols import Class, External, Function
from greenroom.program.types import AnnotatedRef, Named, NoneRef, TypeRef, TypeVarRef, Union

ASYNC_SESSIONS = frozenset({"AsyncSession", "async_scoped_session"})
SYNC_SESSIONS = frozenset({"Session", "scoped_session"})
SEQUENCES = frozenset({"list", "List", "set", "Set", "frozenset", "tuple", "Tuple", "deque", "Sequence", "Collection"})
ITERABLES = frozenset({"Iterable", "Iterator", "Generator", "AsyncIterable", "AsyncIterator", "AsyncGenerator"})
MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict"})
FACTORIES = frozenset({"async_sessionmaker", "sessionmaker"})
MANAGERS = frozenset({"AbstractAsyncContextManager", "AsyncContextManager", "AbstractContextManager", "ContextManager"})
NESTING = 3
"""How deep instances are built to fill the attributes of other instances."""


def is_session(symbol: Class | External) -> str | None:
    """``async`` or ``sync`` when a library class is a session."""
    if isinstance(symbol, External) and symbol.root in ("sqlalchemy", "sqlmodel", "advanced_alchemy", "fastapi_async_sqlalchemy"):
        if symbol.name in ASYNC_SESSIONS or ("asyncio" in symbol.path and symbol.name == "AsyncSession"):
            return "async"
        if symbol.name in SYNC_SESSIONS:
            return "sync"
    return None


def session_class(run: Run, symbol: Class | External) -> str | None:
    """The same for classes of the project that derive from a session."""
    if isinstance(symbol, External):
        return is_session(symbol)
    for base in run.program.mro(symbol):
        kind = is_session(base) if isinstance(base, External) else None
        if kind is not None:
            return kind
    return None


def symbolic(run: Run, state: State, type_ref: TypeRef | None, node: ast.AST, extra: object, depth: int = 0) -> Value:
    """A value of ``type_ref``."""
    match type_ref:
        case AnnotatedRef(inner):
            return symbolic(run, state, inner, node, extra, depth)
        case TypeVarRef(_, bound):
            return symbolic(run, state, bound, node, extra, depth)
        case NoneRef():
            return NONE
        case Union(members):
            value: Value | None = None
            for index, member in enumerate(members):
                found = symbolic(run, state, member, node, (extra, index), depth)
                value = found if value is None else join_values(value, found)
            return value if value is not None else ANYTHING
        case Named(symbol, args):
            return _named(run, state, type_ref, symbol, args, node, extra, depth)
        case _:
            return Anything(None, _token(node, extra))


def _named(
    run: Run, state: State, type_ref: Named, symbol: Class | External, args: tuple[TypeRef, ...], node: ast.AST, extra: object, depth: int
) -> Value:
    kind = session_class(run, symbol)
    if kind is not None:
        return ambient_session(run, state, asynchronous=kind == "async", cls=symbol if isinstance(symbol, Class) else None)
    if isinstance(symbol, Class):
        mapped = run.backend.mapped(symbol)
        if mapped is not None:
            session = next((key for key, record in state.heap.items() if isinstance(record, SessionObject)), None)
            if session is not None:
                state.watch.sessions.add(session)
            else:
                session_value = ambient_session(run, state, asynchronous=True, cls=None)
                session = session_value.id if isinstance(session_value, Ref) else None
            return Ref(assumed(run, state, mapped, session, node, extra))
        token = _token(node, extra)
        if run.backend.schema(symbol) is not None or (isinstance(token, Sent) and is_enumeration(run.program, symbol)):
            return Anything(type_ref, token)
        return instance_of(run, state, symbol, _called(extra), depth)
    name = symbol.name
    made = _session_source(run, symbol, args)
    if isinstance(made, Factory):
        return made
    if name in MANAGERS and args and _session_in(run, args[0]) is not None:
        return symbolic(run, state, args[0], node, extra, depth)
    if name in SEQUENCES | ITERABLES and args:
        element = symbolic(run, state, args[0], node, (extra, "element"), depth)
        record = state.record(element)
        if isinstance(record, OrmObject) and isinstance(element, Ref):
            state.heap[element.id] = record.evolve(many=True)
        key = run.identity(node, ("sequence", extra))
        state.heap[key] = Collection("list", None, element)
        return Ref(key)
    if name in MAPPINGS and len(args) == 2:
        key = run.identity(node, ("mapping", extra))
        state.heap[key] = Collection("dict", None, symbolic(run, state, args[1], node, (extra, "value"), depth), _key(node, extra))
        return Ref(key)
    if name in ("type", "Type") and args and isinstance(args[0], Named) and isinstance(args[0].symbol, Class):
        return ClassValue(args[0].symbol)
    return Anything(type_ref, _token(node, extra))


def _key(node: ast.AST, extra: object) -> Value:
    """The keys of a mapping: what the client sends, where it sends the mapping."""
    whole = _token(node, (extra, "key"))
    return Anything(None, whole) if isinstance(whole, Sent) else ANYTHING


def _token(node: ast.AST, extra: object) -> object:
    """The identity of a symbolic value: what the client sends is the same wherever it is read."""
    match extra:
        case (Sent() as given) | (Sent() as given, int()):
            return given
        case (inner, str(part)):
            whole = _token(node, inner)
            return Sent(part, whole) if isinstance(whole, Sent) else ("symbol", id(node), extra)
        case _:
            return ("symbol", id(node), extra)


def _session_source(run: Run, symbol: External, args: tuple[TypeRef, ...]) -> Factory | None:
    """A factory of sessions of which only the type is known: it has the options that the project's factories share."""
    given = args[-1] if args else None
    if symbol.name in FACTORIES and symbol.root == "sqlalchemy":
        kind = (_session_in(run, given) if given is not None else None) or (symbol.name == "async_sessionmaker", None)
    elif symbol.name == "Callable" and given is not None:
        inner = given.args[0] if isinstance(given, Named) and given.args and _name(given) in MANAGERS else given
        found = _session_in(run, inner)
        if found is None:
            return None
        kind = found
    else:
        return None
    defaults = run.backend.session_defaults()
    foreign = symbol.name not in FACTORIES
    return Factory(defaults.expire_on_commit, defaults.autoflush, is_async=kind[0], cls=kind[1], foreign=foreign)


def _name(type_ref: Named) -> str:
    return type_ref.symbol.name


def _session_in(run: Run, type_ref: TypeRef) -> tuple[bool, Class | None] | None:
    """Whether a type is a session: asynchronous or not, and the project's class of it."""
    if not isinstance(type_ref, Named):
        return None
    kind = session_class(run, type_ref.symbol)
    return (kind == "async", type_ref.symbol if isinstance(type_ref.symbol, Class) else None) if kind is not None else None


def _called(extra: object) -> str:
    """The innermost name in what distinguishes one symbolic value from another: its parameter's."""
    while isinstance(extra, tuple) and extra:
        if isinstance(extra[-1], str):
            return extra[-1]
        extra = extra[0]
    return extra.name if isinstance(extra, Sent) else ""


def ambient_session(run: Run, state: State, *, asynchronous: bool, cls: Class | None, guessed: bool = False) -> Value:
    """The session of an entry point whose origin is not in sight: with the options that the project's factories share."""
    key = run.identity(run.program_anchor, ("session", asynchronous))
    state.watch.sessions.add(key)
    if key not in state.heap:
        defaults = run.backend.session_defaults()
        state.heap[key] = SessionObject(
            defaults.expire_on_commit, defaults.autoflush, is_async=asynchronous, assumed=True, cls=cls, guessed=guessed
        )
    return Ref(key)


def instance_of(run: Run, state: State, cls: Class, name: str, depth: int = 0) -> Value:
    """An instance of a class of the project, built through its ``__init__`` with symbolic arguments.

    Instances of one class that are called by one ``name`` are one: a service given to two others is shared.
    """
    key = run.tracker.identity(run.program_anchor, ("instance", cls.node, name), ())

    def build(fresh: State) -> Value:
        fresh.heap[key] = Instance(cls)
        init = run.program.member(cls, "__init__")
        if isinstance(init, Function) and depth < NESTING and run.backend.schema(cls) is None:
            args = arguments_for(run, fresh, init, cls.node, ("instance", cls.node), depth + 1)
            if args is not None:
                with suppress(Infeasible):
                    run.tables.call(run, fresh, FunctionValue(init, Ref(key)), args, cls.node)
        return Ref(key)

    if key not in state.heap:
        state.graft(run.fragment(("instance", cls.node, name, depth), cls.module, build))
        state.heap.setdefault(key, Instance(cls))
    return Ref(key)


def is_session_type(run: Run, type_ref: TypeRef | None) -> bool:
    """Whether a type is that of a session, or may be."""
    match type_ref:
        case AnnotatedRef(inner):
            return is_session_type(run, inner)
        case Union(members):
            return any(is_session_type(run, member) for member in members)
        case Named(symbol, _):
            return session_class(run, symbol) is not None
        case _:
            return False


def arguments_for(run: Run, state: State, function: Function, node: ast.AST, extra: object, depth: int) -> Arguments | None:
    """Symbolic arguments for the parameters of a function, its receiver left out."""
    spec = function.node.args
    parameters = [*spec.posonlyargs, *spec.args]
    if function.owner is not None and function.kind != "staticmethod":
        parameters = parameters[1:]
    named: list[tuple[str, Value]] = []
    typed: list[tuple[ast.arg, TypeRef]] = []
    for parameter in (*parameters, *spec.kwonlyargs):
        type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
        if function.owner is not None:
            type_ref = run.program.substitute(type_ref, run.program.type_arguments(function.owner))
        typed.append((parameter, type_ref))
    # Sessions first: the objects among the other arguments belong to them.
    for parameter, type_ref in sorted(typed, key=lambda pair: not is_session_type(run, pair[1])):
        value = symbolic(run, state, type_ref, parameter, (extra, parameter.arg), depth)
        if isinstance(value, Anything) and value.type is None and function.is_async and parameter.arg in SESSION_NAMES:
            value = ambient_session(run, state, asynchronous=True, cls=None, guessed=True)
        named.append((parameter.arg, value))
    return Arguments((), tuple(named))
