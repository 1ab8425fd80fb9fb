"""Library functions that the analysis knows: SQLAlchemy's constructors, builtins, asyncio, a few helpers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from greenroom.domain.events import Dumped, MadeTransient, SharedSession
from greenroom.domain.heap import PERSISTENT, TRANSIENT, Collection, Instance, OrmObject, SessionObject
from greenroom.domain.loading import DROPPED, IS_LOADED, LAZY
from greenroom.domain.state import State, spread
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Aliased,
    Anything,
    Arguments,
    Attribute,
    Block,
    ClassValue,
    Const,
    DynamicQuery,
    Factory,
    FunctionValue,
    Inspection,
    Library,
    Method,
    Parent,
    Partial,
    Pending,
    Ref,
    SqlExpression,
    Statement,
    Value,
    atoms,
    join_values,
)
from greenroom.interpret import containers, queries, work
from greenroom.interpret.access import TABLE, get, own_class
from greenroom.interpret.attributes import MISSING_GREENLET, read, report
from greenroom.interpret.protocols import as_model_code, dunder, equal, truth, walk
from greenroom.interpret.protocols import text as text_of
from greenroom.interpret.run import Diverted, Infeasible, Run
from greenroom.interpret.symbolic import session_class
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named
from greenroom.semantics.options import COLUMN_OPTIONS, RELATIONSHIP_OPTIONS
from greenroom.semantics.sessions import OPERATIONS

Handler = Callable[[Run, State, Arguments, ast.AST], Value]
DATABASE_PACKAGES = frozenset({"sqlalchemy", "sqlmodel"})
TASKS = "~tasks"
"""The variable that holds the sessions of tasks that were started and not awaited."""
RUNNING = frozenset({"all", "first", "one", "one_or_none", "scalar", "scalars", "count", "__getitem__", "exists", "paginate", "get"})
"""Methods of a dynamic relationship that run its query."""
DMLS = frozenset({"update", "delete", "insert"})
SAFE_ROOTS = frozenset({"builtins", "logging", "structlog", "loguru", "typing", "datetime", "uuid", "enum", "dataclasses", "functools",
                        "itertools", "collections", "math", "string", "operator", "contextlib", "copy"})  # fmt: skip
"""Packages whose functions raise nothing that a handler around database code is there for."""


def call(run: Run, state: State, symbol: External, args: Arguments, node: ast.AST) -> Value:
    """A call of a library function or class."""
    name = symbol.name
    if symbol.root in DATABASE_PACKAGES:
        return _database(run, state, symbol, name, args, node)
    handler = HANDLERS.get(symbol.path) or HANDLERS.get(f"*.{name}")
    if handler is not None:
        return handler(run, state, args, node)
    if symbol.root not in SAFE_ROOTS:
        if name == "jsonable_encoder":
            return ANYTHING
        escape(run, state, args, node)
    return Anything(None, ("call", id(node), tuple(id(c.site.node) for c in run.calls if c.site is not None)))


def escape(run: Run, state: State, args: Arguments, node: ast.AST) -> None:
    """Code that is not in sight gets ``args``: objects that go along with their session, or are awaited for, may come back loaded."""
    run.may_raise(None, state)
    values = spread(args)
    if node is run.awaiting or any(isinstance(state.record(value), SessionObject) for value in values):
        for value in values:
            record = state.record(value)
            if isinstance(record, OrmObject) and isinstance(value, Ref):
                state.heap[value.id] = record.evolve(attributes={n: s.unsure() for n, s in record.attributes.items()})
                if isinstance(node, ast.Call):
                    run.tracker.unknown.setdefault(node, (run.site(node), ast.unparse(node.func)))


def _database(run: Run, state: State, symbol: External, name: str, args: Arguments, node: ast.AST) -> Value:  # noqa: C901, PLR0912 - one branch for each function
    if name == "select":
        return queries.select(run, state, args)
    if name in DMLS and symbol.path.startswith(TABLE.path + "."):
        return Statement(name, textual=True)
    if name in DMLS:
        return queries.dml(run, name, args)
    if name == "text":
        return Statement("text", textual=True, only=_named_columns(args.get(0)))
    if name in RELATIONSHIP_OPTIONS or name in COLUMN_OPTIONS:
        return queries.option(run, state, name, args)
    if name == "Load":
        from greenroom.domain.plans import NOTHING
        from greenroom.domain.values import LoaderOption
        from greenroom.interpret.sessions import mapped_of

        mapped = mapped_of(run, args.get(0))
        return LoaderOption(mapped, NOTHING, (), mapped)
    if name in ("async_sessionmaker", "sessionmaker"):
        return factory_of(run, state, args, asynchronous=name == "async_sessionmaker")
    if name in ("AsyncSession", "Session"):
        made = factory_of(run, state, args, asynchronous=name == "AsyncSession")
        return run.tables.call(run, state, made, Arguments(), node)
    if name in ("async_scoped_session", "scoped_session"):
        return args.get(0) or ANYTHING
    if name in ("inspect", "instance_state"):
        value = args.get(0) or ANYTHING
        return Inspection(value) if isinstance(state.record(value), OrmObject) else ANYTHING
    if name == "make_transient":
        return _make_transient(run, state, args, node)
    if name in ("aliased", "with_polymorphic"):
        entity = args.get(0)
        return Aliased(entity.symbol, polymorphic=name == "with_polymorphic") if isinstance(entity, ClassValue) else ANYTHING
    if name == "primary_key_from_instance":
        return key_of(run, state, args.get(0) or NONE, node)
    if name == "identity_key":
        return key_of(run, state, args.get(None, "instance") or NONE, node)
    if name == "object_mapper":
        return Library(symbol)
    if name in ("object_session", "async_object_session"):
        record = state.record(args.get(0) or NONE)
        if not isinstance(record, OrmObject) or record.session is None:
            return NONE
        session = state.session(record.session)
        plain = name == "object_session" and session is not None and session.is_async and not run.greenlet
        return ANYTHING if plain else Ref(record.session)  # the plain session behind an asynchronous one is not followed
    if name in ("and_", "or_", "not_"):
        equal_pairs = (
            tuple(pair for value in args.positional if isinstance(value, SqlExpression) for pair in value.equal) if name == "and_" else ()
        )
        return SqlExpression(equal=equal_pairs)
    if name in ("get_history", "set_committed_value", "flag_modified", "set_attribute"):
        return _attribute_helper(run, state, name, args, node)
    if "func" in symbol.path.split(".") or name in (
        "literal",
        "literal_column",
        "cast",
        "case",
        "exists",
        "null",
        "true",
        "false",
        "column",
    ):
        return SqlExpression()
    return ANYTHING


def _named_columns(value: Value | None) -> frozenset[str] | None:
    """The columns of a literal ``SELECT a, b FROM ...``."""
    if isinstance(value, Const) and isinstance(value.value, str):
        match = re.match(r"\s*SELECT\s+([\w\s,.]+?)\s+FROM\s", value.value, re.IGNORECASE)
        if match is not None:
            return frozenset(part.strip().rpartition(".")[2] for part in match[1].split(","))
    return None


def key_of(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    """Helpers that read the primary key."""
    record = state.record(value)
    if isinstance(record, OrmObject) and isinstance(value, Ref):
        for name in record.mapped.primary_key:
            read(run, state, value.id, name, node)
    return ANYTHING


def inspected(run: Run, state: State, owner: Value, receiver: Value, name: str, node: ast.AST) -> Value:
    """``inspect(obj).attrs.x.load_history()``."""
    if name == "load_history" and isinstance(receiver, Method) and isinstance(receiver.receiver, Method):
        get(run, state, owner, receiver.name, node)
    return ANYTHING


def dynamic_method(run: Run, state: State, query: DynamicQuery, name: str, node: ast.AST) -> Value:
    """A method of a dynamic relationship: everything that runs the query emits SQL."""
    if name not in RUNNING and name != "__iter__":
        return query
    record = state.orm(query.owner)
    if record is not None and record.session is None and not record.life & PERSISTENT:
        return ANYTHING  # Without a session the query looks at what was added in memory.
    if record is not None and not run.greenlet:
        report(run, record, query.name, LAZY, node, origin=None)
        work.begin(state, record.session)
        run.may_raise(MISSING_GREENLET, state)
    if record is not None and any(record.attributes[key].bits & DROPPED for key in record.mapped.primary_key if key in record.attributes):
        work.reload(run, state, query.owner, node, drop=False)  # The query needs the owner's key.
    return ANYTHING


def begin_savepoint(run: Run, state: State, session: int, node: ast.AST) -> None:
    """``await session.begin_nested()`` without a block."""
    work.flush(run, state, session, node)
    record = state.session(session)
    if record is not None:
        state.heap[session] = record.evolve(depth=record.depth + 1)


def end_savepoint(run: Run, state: State, session: int, how: str, node: ast.AST) -> None:
    """``await savepoint.commit()`` or ``rollback()``."""
    record = state.session(session)
    if record is None:
        return
    if how == "rollback":
        work.rollback(run, state, session, node, to=max(record.depth, 1))
    else:
        work.flush(run, state, session, node)
        work.release(state, session, max(record.depth, 1))


def group_task(run: Run, state: State, key: int, args: Arguments, node: ast.AST) -> Value:
    """``group.create_task(coroutine)``: tasks of one group run at the same time."""
    record = state.heap.get(key)
    value = args.get(0) or ANYTHING
    if isinstance(value, FunctionValue) and run.module is not None:
        value = Pending(value, Arguments(args.positional[1:]), node, run.module)
    held = state.reachable((value,))
    with run.sessions_used() as sessions:
        result = background(run, state, Arguments((value,)), node)
    used = shared(state, value, sessions, held)
    if isinstance(record, Instance):
        known = record.attributes.get("~sessions", Const(frozenset()))
        already = known.value if isinstance(known, Const) and isinstance(known.value, frozenset) else frozenset()
        if used & already:
            run.emit(SharedSession(run.site(node), run.call_sites(), "the task group"))
        state.heap[key] = Instance(record.cls, {**record.attributes, "~sessions": Const(already | used)}, record.schema)
    return result


def background(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """A function or coroutine that runs on its own: it is followed, but what it does does not come back."""
    target = args.get(0) or ANYTHING
    attempt = state.fork()
    outer, run.raised = run.raised, None
    try:
        _alone(run, attempt, target, args, node)
    except (Infeasible, Diverted):
        pass
    finally:
        run.raised = outer
    return ANYTHING


def _alone(run: Run, attempt: State, target: Value, args: Arguments, node: ast.AST) -> None:
    with run.joined():
        if isinstance(target, FunctionValue):
            run.call(attempt, target, Arguments(args.positional[1:], args.named), node)
        else:
            run.tables.await_value(run, attempt, target, node)


def _attribute_helper(run: Run, state: State, name: str, args: Arguments, node: ast.AST) -> Value:
    value, attribute = args.get(0) or NONE, args.get(1)
    record = state.record(value)
    if isinstance(record, OrmObject) and isinstance(value, Ref) and isinstance(attribute, Const) and attribute.value in record.attributes:
        named = str(attribute.value)
        if name == "get_history":
            read(run, state, value.id, named, node)
        elif name in ("set_committed_value", "set_attribute"):
            given = args.get(2) or ANYTHING
            state.heap[value.id] = record.evolve(attributes={**record.attributes, named: IS_LOADED}, values={**record.values, named: given})
    return ANYTHING


def _make_transient(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0) or NONE
    record = state.record(value)
    if isinstance(record, OrmObject) and isinstance(value, Ref):
        gone = next(
            ((n, s) for n, s in record.attributes.items() if n in record.mapped.columns and s.bits & DROPPED and s.sure & DROPPED), None
        )
        if gone is not None:
            origin = gone[1].origins[0][1] if gone[1].origins else None
            run.emit(MadeTransient(run.site(node), run.call_sites(), record.mapped.name, gone[0], origin), record.mapped.name)
        attributes = {n: (s if s.bits == 1 else type(s)(2)) for n, s in record.attributes.items()}
        state.heap[value.id] = record.evolve(life=TRANSIENT, session=None, attributes=attributes)
    return NONE


def factory_of(run: Run, state: State, args: Arguments, *, asynchronous: bool, cls: Class | None = None) -> Factory:
    """The options that a session factory is given."""
    options = {"expire_on_commit": True, "autoflush": True}
    chosen: dict[str, bool | None] = {}
    for name, default in options.items():
        value = args.get(None, name)
        if value is None:
            chosen[name] = None if args.open else default
        else:
            chosen[name] = value.value if isinstance(value, Const) and isinstance(value.value, bool) else None
    given = args.get(None, "class_")
    if given is not None:
        kind = session_class(run, given.symbol) if isinstance(given, ClassValue | Library) else None
        asynchronous = kind == "async" if kind is not None else asynchronous
        cls = given.symbol if isinstance(given, ClassValue) else None
    return Factory(chosen["expire_on_commit"], chosen["autoflush"], asynchronous, cls)


def factory_method(run: Run, state: State, factory: Factory, name: str, args: Arguments, node: ast.AST) -> Value:
    """``factory.begin()``, ``scoped_session.commit()`` and so on."""
    session = run.tables.call(run, state, factory, Arguments(), node)
    if name == "begin":
        return Block(session, "factory")
    if name in OPERATIONS and isinstance(session, Ref):
        return run.tables.call(run, state, Method(session, name), args, node)
    return ANYTHING


def awaited(run: Run, state: State, symbol: External, args: Arguments, node: ast.AST) -> Value:
    """``await library_function(...)`` that was left pending."""
    return ANYTHING


def expression_method(receiver: Value, name: str, args: Arguments) -> Value:
    """A method of a column or SQL expression: another SQL expression."""
    if isinstance(receiver, Attribute) and name in ("of_type", "and_"):
        return receiver
    if isinstance(receiver, Attribute) and name == "in_":
        return SqlExpression()
    return SqlExpression()


def inspection(run: Run, state: State, owner: Value, name: str, node: ast.AST) -> Value:
    """``inspect(obj).name``: never loads, but for ``attrs.x.value`` and ``load_history``, which are not followed."""
    return ANYTHING


def object_method(run: Run, state: State, key: int, record: OrmObject, name: str, args: Arguments, node: ast.AST) -> Value:
    """A library method of a mapped object."""
    if record.mapped.is_sqlmodel and name in ("model_dump", "dict", "model_dump_json", "json", "model_copy", "copy"):
        dumped(run, record, node, f"{name}()")
        return containers.make(run, state, node, "dict", None, ANYTHING) if name != "model_copy" else ANYTHING
    if name == "sqlmodel_update":
        given = state.record(args.get(0) or NONE)
        from greenroom.interpret.access import put

        for attribute, value in given.by_key.items() if isinstance(given, Collection) else ():
            put(run, state, Ref(key), str(attribute), value, node)
        return Ref(key)
    if name in ("__str__", "__repr__"):
        text_of(run, state, Ref(key), node)
    if name == "__eq__" and args.positional:
        return equal(run, state, Ref(key), args.positional[0], node)
    return ANYTHING


def dumped(run: Run, record: OrmObject, node: ast.AST, how: str) -> None:
    """An object was turned into data through ``__dict__``: what is expired is missing."""
    for name, known in record.attributes.items():
        if name in record.mapped.columns and known.bits & DROPPED and known.sure & DROPPED:
            origin = known.origins[0][1] if known.origins else None
            run.emit(Dumped(run.site(node), run.call_sites(), record.mapped.name, name, origin, how), record.mapped.name)
            return


# Builtins and helpers, one small function each


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
        state.heap[key] = Collection(kind, items, element, partial=partial)
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
    truth(run, state, args.get(0) or ANYTHING, node)
    return ANYTHING


def _printed(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    _text(run, state, args, node)
    return NONE


def _getattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    name = args.get(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        return get(run, state, args.get(0) or ANYTHING, name.value, node)
    return ANYTHING


def _hasattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    _getattr(run, state, args, node)
    return ANYTHING


def _setattr(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    from greenroom.interpret.access import put

    target, name = args.get(0) or ANYTHING, args.get(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        put(run, state, target, name.value, args.get(2) or ANYTHING, node)
        return NONE
    # An unknown attribute: the object has changes to flush.
    for atom in atoms(target):
        record = state.record(atom)
        if isinstance(record, OrmObject) and isinstance(atom, Ref):
            columns = [n for n, c in record.mapped.columns.items() if not c.primary_key and not c.generated_on_update]
            dirty = record.dirty | set(columns[:1])
            attributes = record.attributes
            if any(s.bits & DROPPED for n, s in attributes.items() if n in columns):
                # Lost values may be put back.
                dirty |= {work.SOMETHING}
                attributes = {n: s.unsure() if s.bits & DROPPED else s for n, s in attributes.items()}
                if any(attributes[n].bits & DROPPED for n in record.mapped.primary_key if n in attributes):
                    _doubt(run, state, record.session)
            state.heap[atom.id] = record.evolve(dirty=dirty, attributes=attributes)
    return NONE


def _doubt(run: Run, state: State, session: int | None) -> None:
    """Assigning a lost primary key raises: whether anything follows is not known."""
    run.may_raise(MISSING_GREENLET, state)
    if session is not None:
        for key, record in state.objects_of(session):
            state.heap[key] = record.evolve(attributes={name: known.unsure() for name, known in record.attributes.items()})


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


def _gather(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    pending: list[Value] = list(args.positional)
    repeated = False
    expanded: list[Value] = []
    for value in pending:
        record = state.record(value)
        if isinstance(record, Collection):
            repeated = repeated or record.items is None
            expanded.extend(containers.elements(record))
        else:
            expanded.append(value)
    users: dict[int, int] = {}
    results: list[Value] = []
    for value in expanded:
        held = state.reachable(expanded)
        with run.sessions_used() as used, _one_by_one(state, value if repeated or args.open else NONE):
            results.append(run.tables.await_value(run, state, value, node))
        for session in shared(state, value, used, held):
            users[session] = users.get(session, 0) + (2 if repeated or args.open else 1)
    if any(count > 1 for count in users.values()):
        run.emit(SharedSession(run.site(node), run.call_sites(), "asyncio.gather"))
    return containers.make(
        run, state, node, "list", None if repeated else tuple(results), Collection("list", tuple(results)).any() if repeated else None
    )


@contextmanager
def _one_by_one(state: State, value: Value) -> Iterator[None]:
    """Within the block, a call that is made for each of many objects is made for one of them."""
    given = spread(value.args) if isinstance(value, Pending) else []
    keys = [item.id for item in given if isinstance(item, Ref) and (found := state.orm(item.id)) is not None and found.many]
    for many, group in ((False, keys), (True, keys)):
        for key in group:
            found = state.orm(key)
            if found is not None:
                state.heap[key] = found.evolve(many=many)
        if not many:
            yield


def shared(state: State, value: Value, used: set[int], held: set[int]) -> set[int]:
    """The sessions that a coroutine ``used`` and others can reach; those among its own arguments are there to be used."""
    found = {session for session in used & held if (record := state.session(session)) is not None and record.is_async}
    if isinstance(value, Pending):
        for item in spread(value.args):
            given = state.record(item)
            if isinstance(given, SessionObject) and given.is_async and isinstance(item, Ref):
                found.add(item.id)
    return found


def _create_task(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``asyncio.create_task``: tasks that have not been awaited yet run at the same time."""
    value = args.get(0) or ANYTHING
    held = state.reachable((value,))
    with run.sessions_used() as sessions:
        result = background(run, state, args, node)
    used = shared(state, value, sessions, held)
    known = state.variables.get(TASKS, Const(frozenset()))
    running = known.value if isinstance(known, Const) and isinstance(known.value, frozenset) else frozenset()
    if used & running:
        run.emit(SharedSession(run.site(node), run.call_sites(), "asyncio.create_task"))
    state.variables[TASKS] = Const(running | used)
    return result


def _in_thread(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``to_thread(function, *args)``: another thread has no greenlet either."""
    if not args.positional:
        return ANYTHING
    return run.tables.call(run, state, args.positional[0], Arguments(args.positional[1:], args.named), node)


def _task(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return args.get(0) or ANYTHING


HANDLERS: dict[str, Handler] = {
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
    "asyncio.gather": _gather,
    "anyio.gather": _gather,
    "asyncio.create_task": _create_task,
    "asyncio.ensure_future": _create_task,
    "asyncio.wait_for": _task,
    "asyncio.shield": _task,
    "asyncio.to_thread": _in_thread,
    "*.run_in_threadpool": _in_thread,
    "contextlib.aclosing": _same,
    "*.jsonable_encoder": _encode,
}
