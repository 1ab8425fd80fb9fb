"""Library calls: the functions and classes of SQLAlchemy, and the tables that know those of other libraries."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from greenroom.domain.events import MadeTransient
from greenroom.domain.heap import TRANSIENT, Collection, OrmObject, SessionObject
from greenroom.domain.holding import spread
from greenroom.domain.loading import DROPPED, IS_LOADED
from greenroom.domain.plans import NOTHING
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    THERE,
    Aliased,
    Anything,
    Arguments,
    Attribute,
    Block,
    ClassValue,
    Const,
    Factory,
    Inspection,
    Library,
    LoaderOption,
    Method,
    Ref,
    SqlExpression,
    Statement,
    Value,
)
from greenroom.interpret import containers, engine_loops, queries
from greenroom.interpret.access import MAPPER, TABLE, get, put
from greenroom.interpret.attributes import read
from greenroom.interpret.boundary import keys
from greenroom.interpret.dumps import dumped
from greenroom.interpret.protocols import equal
from greenroom.interpret.protocols import text as text_of
from greenroom.interpret.run import Run
from greenroom.interpret.session import history, unflushed, work
from greenroom.interpret.session.identity import mapped_of
from greenroom.interpret.standard import HANDLERS
from greenroom.interpret.symbolic import session_class
from greenroom.interpret.tasks import TASK_HANDLERS
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named
from greenroom.semantics.options import COLUMN_OPTIONS, RELATIONSHIP_OPTIONS
from greenroom.semantics.sessions import OPERATIONS

DATABASE_PACKAGES = frozenset({"sqlalchemy", "sqlmodel"})
DMLS = frozenset({"update", "delete", "insert"})
SAFE_ROOTS = frozenset({"builtins", "logging", "structlog", "loguru", "typing", "datetime", "uuid", "enum", "dataclasses", "functools",
                        "itertools", "collections", "math", "string", "operator", "contextlib", "copy"})  # fmt: skip
"""Packages whose functions raise nothing that a handler around database code is there for."""

_HANDLERS = {**HANDLERS, **TASK_HANDLERS, **engine_loops.LOOP_HANDLERS}


def call(run: Run, state: State, symbol: External, args: Arguments, node: ast.AST) -> Value:
    """A call of a library function or class."""
    name = symbol.name
    if symbol.root in DATABASE_PACKAGES:
        return _database(run, state, symbol, name, args, node)
    handler = _HANDLERS.get(symbol.path) or _HANDLERS.get(f"*.{name}")
    if handler is not None:
        return handler(run, state, args, node)
    if symbol.root not in SAFE_ROOTS:
        if name == "jsonable_encoder":
            return ANYTHING
        escape(run, state, args, node)
    return Anything(None, ("call", id(node), tuple(id(c.site.node) for c in run.calls if c.site is not None)))


def unknown(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """A call of something that nothing is known of."""
    escape(run, state, args, node)
    return ANYTHING


def escape(run: Run, state: State, args: Arguments, node: ast.AST) -> None:
    """Code that is not in sight gets ``args``: objects that go along with their session, or are awaited for, may come back loaded."""
    run.may_raise(None, state)
    values = spread(args)
    history.handed_over(run, state, values, node)
    unflushed.escaped(state, values)
    keys.given(state, values, node)
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
        mapped = mapped_of(run, args.get(0))
        return LoaderOption(mapped, NOTHING, (), mapped)
    if name in ("async_sessionmaker", "sessionmaker"):
        return factory_of(run, state, args, asynchronous=name == "async_sessionmaker")
    if name == "create_async_engine":
        return engine_loops.made(run, args, node)
    if name == "create_engine":
        return Anything(Named(External("sqlalchemy.Engine")), ("engine", id(node)))
    if name in ("AsyncSession", "Session"):
        made = factory_of(run, state, args, asynchronous=name == "AsyncSession")
        return run.tables.call(run, state, made, Arguments(), node)
    if name in ("async_scoped_session", "scoped_session"):
        given = args.get(0) or ANYTHING
        return replace(given, scope=node) if isinstance(given, Factory) else given
    if name in ("inspect", "instance_state"):
        value = args.get(0) or ANYTHING
        if isinstance(value, ClassValue) and mapped_of(run, value) is not None:
            return Library(MAPPER)
        return Inspection(value) if isinstance(state.record(value), OrmObject) else ANYTHING
    if name == "class_mapper":
        return Library(MAPPER)
    if name == "keys" and symbol.path.rpartition(".")[0] in containers.COLUMNS:
        return containers.make(run, state, node, "list", None, Library(External(f"{containers.COLUMN.path}.key")))
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
    engine = engine_loops.engine_of(args.get(0, "bind"))
    return Factory(chosen["expire_on_commit"], chosen["autoflush"], asynchronous, cls, engine=engine)


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


def not_null(attribute: Attribute) -> SqlExpression:
    """``Model.attribute.is_not(None)``: something is there, whatever it is."""
    column = attribute.mapped.columns.get(attribute.name)
    if column is None or column.primary_key:
        return SqlExpression()
    return SqlExpression(equal=((f"{attribute.mapped.name}.{attribute.name}", THERE),))


def expression_method(state: State, receiver: Value, name: str, args: Arguments) -> Value:
    """A method of a column or SQL expression: another SQL expression."""
    keys.given(state, spread(args))
    if isinstance(receiver, Attribute) and name in ("of_type", "and_"):
        return receiver
    if isinstance(receiver, Attribute) and name in ("is_not", "isnot") and args.get(0) == NONE:
        return not_null(receiver)
    if isinstance(receiver, Attribute) and name == "is_" and args.get(0) == NONE:
        return SqlExpression(equal=((f"{receiver.mapped.name}.{receiver.name}", NONE),))
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
        for attribute, value in given.by_key.items() if isinstance(given, Collection) else ():
            put(run, state, Ref(key), str(attribute), value, node)
        return Ref(key)
    if name in ("__str__", "__repr__"):
        text_of(run, state, Ref(key), node)
    if name == "__eq__" and args.positional:
        return equal(run, state, Ref(key), args.positional[0], node)
    return ANYTHING


# Builtins and helpers, one small function each
