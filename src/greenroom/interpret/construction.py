"""Objects made by calling a class: mapped objects, schemas, sessions, everything else."""

from __future__ import annotations

import ast

from greenroom.domain.heap import TRANSIENT, Collection, Instance, OrmObject, SessionObject
from greenroom.domain.loading import IS_BLANK, LoadState
from greenroom.domain.state import State
from greenroom.domain.values import (
    NONE,
    Anything,
    Arguments,
    Factory,
    FunctionValue,
    Ref,
    Value,
)
from greenroom.facts.records import Column, MappedClass, Relationship, Schema
from greenroom.interpret import library
from greenroom.interpret.access import is_enum, put
from greenroom.interpret.binding import bind
from greenroom.interpret.boundary import dumping, mass
from greenroom.interpret.run import Run
from greenroom.interpret.serialize import validate
from greenroom.interpret.session.materialise import retire
from greenroom.interpret.symbolic import session_class
from greenroom.program.symbols import Class, Function
from greenroom.program.types import Named


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
    if is_enum(run, symbol):
        return Anything(Named(symbol), ("enum", id(node)))
    key = run.identity(node, ("new", symbol.node))
    retire(run, state, key)
    schema = run.backend.schema(symbol)
    state.heap[key] = Instance(symbol, {}, schema)
    init = run.program.member(symbol, "__init__")
    if isinstance(init, Function):
        run.tables.call(run, state, FunctionValue(init, Ref(key)), args, node)
        if state.heap.get(key) == Instance(symbol, {}, schema):
            _keep_arguments(run, state, init, key, args)
    else:
        _fill(run, state, symbol, key, args)
        if schema is not None:
            _validate_fields(run, state, schema, args, node)
    return Ref(key)


def _keep_arguments(run: Run, state: State, init: Function, key: int, args: Arguments) -> None:
    """``self.name = name`` in an ``__init__`` that was not worth following."""
    body = init.node.body
    given = bind(run, state, FunctionValue(init, Ref(key)), args) if isinstance(body, list) else {}
    kept: dict[str, Value] = {}
    for statement in body if isinstance(body, list) else ():
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(), attr=attr)], value=ast.Name(id=name)) if name in given:
                kept[attr] = given[name]
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(), attr=attr), value=ast.Name(id=name)) if name in given:
                kept[attr] = given[name]
            case _:
                pass
    record = state.heap[key]
    if kept and isinstance(record, Instance):
        state.heap[key] = Instance(record.cls, kept, record.schema)


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
    retire(run, state, key)
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
    for value in args.spread:
        dumping.assigned(run, mapped, value, node)
        mass.assigned(run, mapped, value, node)
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
    put(run, state, Ref(key), name, value, node)


def open_session(run: Run, state: State, factory: Factory, node: ast.AST) -> Value:
    """A new session; of a factory with a scope the one that there is in it."""
    if factory.engine is not None:
        run.tracker.bound_to[node] = factory.engine
    made = SessionObject(factory.expire_on_commit, factory.autoflush, is_async=factory.is_async, cls=factory.cls, foreign=factory.foreign)
    if factory.scope is not None:
        scoped = run.tracker.identity(factory.scope, "session", ())
        state.heap.setdefault(scoped, made)
        opened = state.heap[scoped]
        if isinstance(opened, SessionObject) and opened.over is not None:
            state.heap[scoped] = opened.evolve(over=None)  # the scope gives it out again
        return Ref(scoped)
    key = run.identity(node, "session")
    if key in state.heap and key in state.reachable():
        retire(run, state, key)
    state.heap[key] = made
    return Ref(key)
