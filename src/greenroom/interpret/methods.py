"""Methods: what each kind of receiver does when one is called."""

from __future__ import annotations

import ast

from greenroom.domain.heap import Collection, Instance, OrmObject, SessionObject
from greenroom.domain.holding import spread
from greenroom.domain.provenance import Dump, Sent
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Anything,
    Arguments,
    Attribute,
    Block,
    ClassValue,
    Const,
    DynamicQuery,
    Factory,
    Inspection,
    Library,
    LoaderOption,
    Method,
    Pending,
    Ref,
    Rows,
    SqlExpression,
    Statement,
    Value,
)
from greenroom.interpret import blocking, containers, dynamic, engine_loops, library, queries, tasks, taught
from greenroom.interpret.boundary import dumping
from greenroom.interpret.run import Run
from greenroom.interpret.serialize import label, validate, validate_call
from greenroom.interpret.session import rows
from greenroom.interpret.session.sessions import perform
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named
from greenroom.semantics.options import COLUMN_OPTIONS, RELATIONSHIP_OPTIONS
from greenroom.semantics.sessions import OPERATIONS

MANAGERS = frozenset({"asynccontextmanager", "contextmanager"})


def method(run: Run, state: State, callee: Method, receiver: Value, name: str, args: Arguments, node: ast.AST) -> Value:  # noqa: C901, PLR0912 - one case for each kind of receiver
    """Call the library method ``name`` of a receiver."""
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
                return tasks.group_task(run, state, key, args, node)
            return library.unknown(run, state, args, node)
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
            return dynamic.dynamic_method(run, state, receiver, name, node)
        case Block(Ref(key), "nested") if name in ("rollback", "commit"):
            return Pending(callee, args, node, run.here)
        case Anything(Named(External("greenroom.TypeAdapter"), (type_ref,))) if name.startswith("validate"):
            validate(run, state, args.get(0) or NONE, type_ref, node, label(type_ref))
            return ANYTHING
        case Anything(_, Dump() as token):
            return dumping.method(run, state, receiver, token, name, args)
        case Anything(Named(Class()), Sent()) if name in dumping.DUMPING:
            return dumping.dump(run, state, receiver, args)
        case Method(Inspection(owner), "attrs") | Method(Method(Inspection(owner), "attrs"), _):
            return library.inspected(run, state, owner, receiver, name, node)
        case Library(External(path)) if path.endswith("object_mapper"):
            return library.key_of(run, state, args.get(0) or NONE, node)
        case Inspection(owner):
            return library.inspection(run, state, owner, name, node)
        case Attribute() | SqlExpression():
            return library.expression_method(state, receiver, name, args)
        case Anything(Named(External("sqlalchemy.Engine" | "sqlalchemy.engine.Engine" | "sqlalchemy.engine.base.Engine"))):
            blocking.engine_call(run, name, node)
            return ANYTHING
        case Anything(Named(External(path))) if run.settings.operations and taught.known(run, state, f"{path}.{name}", spread(args), node):
            return ANYTHING
        case _:
            if name == "run_until_complete":
                return engine_loops.until_complete(run, state, receiver, args, node)
            if name in tasks.STARTING:
                return tasks.STARTING[name](run, state, args, node)
            return library.unknown(run, state, args, node) if not isinstance(receiver, Const) else ANYTHING


def _session_method(
    run: Run, state: State, callee: Method, record: SessionObject, key: int, name: str, args: Arguments, node: ast.AST
) -> Value:
    operation = OPERATIONS.get(name)
    blocking.session_call(run, record, name, node)
    if operation is None:
        return ANYTHING
    if operation.awaits and record.is_async and not run.greenlet:
        return Pending(callee, args, node, run.here)
    return perform(run, state, key, operation, args, node)
