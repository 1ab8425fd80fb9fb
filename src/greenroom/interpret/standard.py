"""Functions of Python and its standard library that read, walk or hand on what they are given."""

from __future__ import annotations

import ast

from greenroom.domain.deeds import Deed
from greenroom.domain.heap import Collection, OrmObject
from greenroom.domain.loading import DROPPED
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Anything,
    Arguments,
    ClassValue,
    Const,
    FunctionValue,
    Library,
    Parent,
    Partial,
    Pending,
    Ref,
    Value,
    atoms,
    join_values,
)
from greenroom.interpret import containers
from greenroom.interpret.access import get, own_class, put, something
from greenroom.interpret.attributes import MISSING_GREENLET, read
from greenroom.interpret.boundary import dumping, mass
from greenroom.interpret.boundary.moments import CLOCKS
from greenroom.interpret.dumps import dumped
from greenroom.interpret.narrowing import is_a, known_truth
from greenroom.interpret.protocols import as_model_code, dunder, truth, walk
from greenroom.interpret.protocols import text as text_of
from greenroom.interpret.run import Handler, Run
from greenroom.interpret.session import deeds
from greenroom.interpret.symbolic import symbolic
from greenroom.program.symbols import External, Variable
from greenroom.program.types import Named

GETTER = External("greenroom.attrgetter")
"""What ``operator.attrgetter`` gives, once it has its names."""


def _walk_all(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    for value in args.positional:
        walk(run, state, value, node)
    return ANYTHING


def _copied(kind: str) -> Handler:
    def handler(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
        if not args.positional:
            if kind == "dict":
                key = run.identity(node, "dict")
                state.heap[key] = Collection("dict", None, None, None, dict(args.named))
                return Ref(key)
            return containers.make(run, state, node, kind, ())
        value = args.positional[0]
        source = state.record(value)
        if isinstance(source, OrmObject):
            if kind == "dict" and source.mapped.is_sqlmodel:
                dumped(run, source, node, "dict()")
            return ANYTHING
        if kind == "dict":
            if isinstance(source, Collection) and source.kind == "dict":
                key = run.identity(node, "dict")
                state.heap[key] = source
                return Ref(key)
            return containers.make(run, state, node, "dict", None, ANYTHING)
        items, element, partial = containers.iterated(run, state, walk(run, state, value, node), node)
        key = run.identity(node, ("copy", kind))
        state.heap[key] = Collection(kind, items, element, partial=partial, source=value.id if isinstance(value, Ref) else None)
        return Ref(key)

    return handler


def _default_dict(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``defaultdict(list)``: one value that its factory made stands for all of them."""
    factory = args.get(0) or NONE
    element = None if factory == NONE else run.tables.call(run, state, factory, Arguments(), node)
    key = run.identity(node, "dict")
    state.heap[key] = Collection("dict", None, element, ANYTHING)
    return Ref(key)


def _with_key(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``sorted``, ``min``, ``max``: the key function sees every element."""
    key = args.get(None, "key")
    covered: Value | None = None
    for value in args.positional:
        items, element, _ = containers.iterated(run, state, walk(run, state, value, node), node)
        if items is None and element is None:
            continue
        for part in (*(items or ()), *((element,) if element is not None else ())):
            covered = part if covered is None else join_values(covered, part)
            if key is not None and key != NONE:
                run.tables.call(run, state, key, Arguments((part,)), node)
            else:
                dunder(run, state, part, ("__lt__", "__gt__"), Arguments((part,)), node)
    return covered if covered is not None else ANYTHING


def _sorted(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    covered = _with_key(run, state, args, node)
    return containers.make(run, state, node, "list", None, covered)


def _map(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    function = args.get(0)
    result: Value = ANYTHING
    for value in args.positional[1:]:
        items, element, _ = containers.iterated(run, state, walk(run, state, value, node), node)
        for part in (*(items or ()), *((element,) if element is not None else ())):
            if function is not None and function != NONE:
                result = run.tables.call(run, state, function, Arguments((part,)), node)
    return containers.make(run, state, node, "list", None, result)


def _filter(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    _map(run, state, args, node)
    items, element, _ = containers.iterated(run, state, args.get(1) or ANYTHING, node)
    key = run.identity(node, "filter")
    state.heap[key] = Collection("list", None, Collection("list", items, element).any(), partial=True)
    return Ref(key)


def _next(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    items, element, _ = containers.iterated(run, state, args.get(0) or ANYTHING, node)
    found = Collection("list", items, element).any()
    default = args.get(1)
    if found is None:
        return default if default is not None else ANYTHING
    return found if default is None or not run.pick(2) else default


def _same(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return args.get(0) or ANYTHING


def _second(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return args.get(1) or ANYTHING


def _enumerate(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    items, element, partial = containers.iterated(run, state, walk(run, state, args.get(0) or ANYTHING, node), node)
    if items is not None:
        pairs = tuple(containers.make(run, state, node, "tuple", (Const(i), item), extra=i) for i, item in enumerate(items))
        return containers.make(run, state, node, "list", pairs)
    pair = containers.make(run, state, node, "tuple", (ANYTHING, element or ANYTHING), extra="pair")
    del partial
    return containers.make(run, state, node, "list", None, pair)


def _zip(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    covers: list[Value] = []
    for value in args.positional:
        items, element, _ = containers.iterated(run, state, walk(run, state, value, node), node)
        covers.append(Collection("list", items, element).any() or ANYTHING)
    return containers.make(run, state, node, "list", None, containers.make(run, state, node, "tuple", tuple(covers), extra="pair"))


def _text(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    for value in args.positional:
        text_of(run, state, value, node)
    return Anything(None, ("made", id(node)))


def _truth(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or ANYTHING
    truth(run, state, value, node)
    known = known_truth(state, value)
    return ANYTHING if known is None else Const(known)


def _printed(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    _text(run, state, args, node)
    return NONE


def _getattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    name = args.get(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        target = args.get(0) or ANYTHING
        if target == NONE:
            return args.get(2) or ANYTHING
        return get(run, state, target, name.value, node)
    if isinstance(name, Library) and name.symbol.path in (f"{containers.COLUMN.path}.key", f"{containers.COLUMN.path}.name"):
        for atom in atoms(args.get(0) or ANYTHING):
            if isinstance(atom, Ref) and isinstance(state.record(atom), OrmObject):
                _read_columns(run, state, atom.id, node)
    return ANYTHING


def _read_columns(run: Run, state: State, key: int, node: ast.AST) -> None:
    """One column after the other, perhaps not all: what is lost for all of them is lost for certain."""
    record = state.orm(key)
    lost = [name for name in record.mapped.columns if record.attributes[name].bits & DROPPED] if record is not None else []
    if record is None or not lost:
        return
    if len(lost) < len(record.mapped.columns):
        state.heap[key] = record.evolve(attributes={**record.attributes, lost[0]: record.attributes[lost[0]].unsure()})
    read(run, state, key, lost[0], node)


def _hasattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    _getattr(run, state, args, node)
    record, name = state.record(args.get(0) or ANYTHING), args.get(1)
    if isinstance(args.get(0), Pending) and name == Const("__await__"):
        return Const(value=True)
    if isinstance(record, OrmObject) and isinstance(name, Const) and isinstance(name.value, str):
        there = name.value in record.attributes or run.program.member(record.mapped.symbol, name.value) is not None
        return Const(value=True) if there else ANYTHING  # a subclass may have what the class has not
    return ANYTHING


def _setattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    target, name = args.get(0) or ANYTHING, args.get(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        put(run, state, target, name.value, args.get(2) or ANYTHING, node)
        return NONE
    # An unknown attribute: the object has changes to flush.
    for atom in atoms(target):
        record = state.record(atom)
        if isinstance(record, OrmObject) and isinstance(atom, Ref):
            dumping.assigned(run, record.mapped, name or ANYTHING, node)
            mass.assigned(run, record.mapped, name or ANYTHING, node)
            dumping.changed(run, record.mapped, name or ANYTHING, node)
            columns = [n for n, c in record.mapped.columns.items() if not c.primary_key and not c.generated_on_update]
            dirty = record.dirty | set(columns[:1])
            attributes = record.attributes
            if any(s.bits & DROPPED for n, s in attributes.items() if n in columns):
                # Lost values may be put back.
                dirty |= {deeds.SOMETHING}
                attributes = {n: s.unsure() if s.bits & DROPPED else s for n, s in attributes.items()}
                if any(attributes[n].bits & DROPPED for n in record.mapped.primary_key if n in attributes):
                    _doubt(run, state, record.session, node)
            state.heap[atom.id] = record.evolve(dirty=dirty, attributes=attributes)
    return NONE


def _doubt(run: Run, state: State, session: int | None, node: ast.AST) -> None:
    """Assigning a lost primary key raises: whether anything follows is not known."""
    run.may_raise(MISSING_GREENLET, state)
    if session is not None:
        deeds.each(run, state, session, Deed("doubt"), node)


def _vars(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    record = state.record(args.get(0) or NONE)
    if isinstance(record, OrmObject):
        dumped(run, record, node, "vars()")
    return ANYTHING


def _encode(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or NONE
    items, element, _ = (
        containers.iterated(run, state, value, node) if not isinstance(state.record(value), OrmObject) else ((value,), None, False)
    )
    for part in (*(items or ()), *((element,) if element is not None else ())):
        record = state.record(part)
        if isinstance(record, OrmObject):
            dumped(run, record, node, "jsonable_encoder()")
    return ANYTHING


def _type(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    found = own_class(run, state, args.get(0) or NONE)
    return ClassValue(found) if found is not None else ANYTHING


def _isinstance(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value, cls = args.get(0), args.get(1)
    if not isinstance(cls, ClassValue) or value is None:
        return ANYTHING
    known = {is_a(run, state, atom, cls.symbol) for atom in atoms(value)}
    return Const(known.pop()) if len(known) == 1 and None not in known else ANYTHING


def _super(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    function = run.function
    if function is None or function.owner is None or isinstance(function.node, ast.Lambda):
        return ANYTHING
    spec = function.node.args
    first = next(iter((*spec.posonlyargs, *spec.args)), None)
    receiver = state.variables.get(first.arg) if first is not None else None
    return Parent(receiver, function.owner) if receiver is not None else ANYTHING


def _range(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``range(n)``: its numbers remember the call, so that a test can tell the last one."""
    return containers.make(run, state, node, "list", None, Anything(Named(External("builtins.int")), ("range", node)))


def _coroutine_function(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or ANYTHING
    return Const(value.function.is_async and not value.function.is_generator) if isinstance(value, FunctionValue) else ANYTHING


def _awaitable(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or ANYTHING
    return Const(value=True) if isinstance(value, Pending) else ANYTHING


def _context_variable(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``ContextVar[T]("name")``, or ``name: ContextVar[T] = ContextVar("name")``."""
    module = run.module
    annotation: ast.expr | None = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript) else None
    if module is not None and annotation is None:
        variables = (binding for bound in module.bindings.values() for binding in bound if isinstance(binding, Variable))
        annotation = next((variable.annotation for variable in variables if variable.value is node), None)
    type_ref = run.program.type_of(module, annotation) if module is not None else None
    held = type_ref.args[0] if isinstance(type_ref, Named) and type_ref.args else None
    default = args.get(None, "default")
    value = something(symbolic(run, state, held, node, "context")) if held is not None else ANYTHING
    key = run.identity(node, "context")
    state.heap[key] = Collection(containers.CONTEXT, None, value if default is None or value != ANYTHING else default)
    return Ref(key)


def _queue(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return containers.make(run, state, node, "list", ())


def _attribute_getter(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``attrgetter("name")``: a function that waits for its object."""
    return Partial(Library(GETTER), args.positional, ())


def _attribute_got(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    *names, owner = args.positional or (ANYTHING,)
    value: Value = ANYTHING
    for name in names:
        value = owner
        for part in str(name.value).split(".") if isinstance(name, Const) else ():
            value = get(run, state, value, part, node)
    return value if len(names) == 1 else ANYTHING


def _partial(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    if not args.positional:
        return ANYTHING
    return Partial(args.positional[0], args.positional[1:], args.named)


def _asdict(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or NONE
    record = state.record(value)
    if isinstance(record, OrmObject) and isinstance(value, Ref):
        as_model_code(run, state, value.id, record, node, "asdict")
    return ANYTHING


HANDLERS: dict[str, Handler] = {
    **CLOCKS,
    "builtins.len": _walk_all,
    "builtins.sum": _walk_all,
    "builtins.any": _walk_all,
    "builtins.all": _walk_all,
    "builtins.list": _copied("list"),
    "builtins.tuple": _copied("tuple"),
    "builtins.set": _copied("set"),
    "builtins.frozenset": _copied("set"),
    "builtins.dict": _copied("dict"),
    "collections.defaultdict": _default_dict,
    "collections.OrderedDict": _copied("dict"),
    "collections.deque": _copied("list"),
    "asyncio.Queue": _queue,
    "contextvars.ContextVar": _context_variable,
    "operator.attrgetter": _attribute_getter,
    GETTER.path: _attribute_got,
    "builtins.reversed": _copied("list"),
    "builtins.sorted": _sorted,
    "builtins.min": _with_key,
    "builtins.max": _with_key,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.next": _next,
    "builtins.anext": _next,
    "builtins.iter": _same,
    "builtins.aiter": _same,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.str": _text,
    "builtins.repr": _text,
    "builtins.print": _printed,
    "builtins.format": _text,
    "builtins.bool": _truth,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.vars": _vars,
    "builtins.type": _type,
    "builtins.isinstance": _isinstance,
    "builtins.super": _super,
    "builtins.range": _range,
    "inspect.iscoroutinefunction": _coroutine_function,
    "asyncio.iscoroutinefunction": _coroutine_function,
    "inspect.isawaitable": _awaitable,
    "inspect.iscoroutine": _awaitable,
    "asyncio.iscoroutine": _awaitable,
    "functools.partial": _partial,
    "typing.cast": _second,
    "typing_extensions.cast": _second,
    "copy.copy": _same,
    "dataclasses.asdict": _asdict,
    "dataclasses.astuple": _asdict,
    "contextlib.aclosing": _same,
    "*.jsonable_encoder": _encode,
}
