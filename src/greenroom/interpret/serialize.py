"""Serialization: which attributes a pydantic schema reads from an object, how deep, and what that loads."""

from __future__ import annotations

import ast

from greenroom.domain.heap import Collection, Instance, OrmObject
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, Choice, ClassValue, Const, FunctionValue, Ref, Rows, Value
from greenroom.facts.records import Schema, SchemaField
from greenroom.interpret.access import get
from greenroom.interpret.attributes import read
from greenroom.interpret.run import Diverted, Infeasible, Run
from greenroom.program.symbols import Class, Function
from greenroom.program.types import AnnotatedRef, LiteralRef, Named, TypeRef, TypeVarRef, Union

VALIDATING = frozenset({"model_validate", "from_orm", "parse_obj", "validate"})
DEEPEST = 6
"""Nested schemas followed."""


def validate_call(run: Run, state: State, symbol: Class, name: str, args: Arguments, node: ast.AST) -> Value:
    """``Schema.model_validate(obj)`` and its kin; other class methods of a library base give nothing that is followed."""
    if name in VALIDATING:
        schema = run.backend.schema(symbol)
        value = args.get(0, "obj") or NONE
        mapped = run.backend.mapped(symbol)
        if mapped is not None and mapped.is_sqlmodel:
            return _table_from(run, state, symbol, value, args, node)
        if schema is not None:
            validate(run, state, value, Named(symbol), node, schema.name)
            return Anything(Named(symbol), ("validated", id(node)))
    if name == "model_construct":
        return Anything(Named(symbol), ("validated", id(node)))
    return ANYTHING


def _table_from(run: Run, state: State, symbol: Class, value: Value, args: Arguments, node: ast.AST) -> Value:
    """``Hero.model_validate(data)``: a new table object; from another table object it reads everything."""
    record = state.record(value)
    if isinstance(record, OrmObject) and isinstance(value, Ref):
        for name in (*record.mapped.columns, *record.mapped.relationships):
            read(run, state, value.id, name, node, schema=f"{symbol.name}.{name}")
    if isinstance(record, Instance) and record.schema is not None:
        return run.tables.call(run, state, ClassValue(symbol), Arguments((), tuple(record.attributes.items())), node)
    if isinstance(value, Anything) and isinstance(value.type, Named) and isinstance(value.type.symbol, Class):
        schema = run.backend.schema(value.type.symbol)
        if schema is not None:
            return run.tables.call(run, state, ClassValue(symbol), Arguments((), tuple((name, ANYTHING) for name in schema.fields)), node)
    return run.tables.call(run, state, ClassValue(symbol), Arguments((), (), open=True), node)


def validate(run: Run, state: State, value: Value, type_ref: TypeRef, node: ast.AST, path: str, depth: int = 0) -> None:
    """Read from ``value`` what validation against ``type_ref`` reads."""
    if depth > DEEPEST:
        return
    if not depth:
        state.held |= state.reachable((value,))
    match type_ref:
        case AnnotatedRef(inner):
            validate(run, state, value, inner, node, path, depth)
        case TypeVarRef(_, bound) if bound is not None:
            validate(run, state, value, bound, node, path, depth)
        case Union(members):
            for member, common in _meant(run, state, value, members):
                outer, run.certain = run.certain, common if run.certain is None else run.certain
                validate(run, state, value, member, node, path, depth)
                run.certain = outer
        case Named(symbol, args):
            if isinstance(symbol, Class):
                schema = run.backend.schema(symbol)
                if schema is not None and run.backend.mapped(symbol) is None:
                    for part in _objects(state, value):
                        _validate_object(run, state, part, schema, type_ref, node, path, depth)
            elif args:
                _validate_elements(run, state, value, args, symbol.name, node, path, depth)
        case _:
            return


def _meant(run: Run, state: State, value: Value, members: tuple[TypeRef, ...]) -> list[tuple[TypeRef, frozenset[str] | None]]:
    """The members of a union that a value may be validated against, with what all of them read where only one will be taken.

    A dictionary names its schema in a field that each schema restricts to a literal; where the name is not known, none is followed.
    """
    found: list[tuple[TypeRef, frozenset[str] | None]] = [(m, None) for m in members if isinstance(m, Named | AnnotatedRef | Union)]
    schemas = {m: schema for m in members if isinstance(m, Named) and (schema := _schema(run, m)) is not None}
    if len(schemas) < 2:
        return found
    record = state.record(value)
    if isinstance(record, Collection):
        return [(m, common) for m, common in found if m not in schemas or _tagged(record, schemas[m])]
    reads = [frozenset(field.reads for field in schema.fields.values()) for schema in schemas.values()]
    common = frozenset.intersection(*reads)
    return [(m, common if m in schemas else None) for m, _ in found]


def _schema(run: Run, type_ref: Named) -> Schema | None:
    return run.backend.schema(type_ref.symbol) if isinstance(type_ref.symbol, Class) else None


def _tagged(record: Collection, schema: Schema) -> bool:
    """Whether every literal of a schema that a dictionary has a value for is that value."""
    for field in schema.fields.values():
        value = record.by_key.get(field.reads)
        if value is None or not isinstance(field.type, LiteralRef):
            continue
        member = value.token[2] if isinstance(value, Anything) and isinstance(value.token, tuple) and value.token[0] == "member" else None
        named = {str(literal).rpartition(".")[2] for literal in field.type.values}
        if not (isinstance(value, Const) and value.value in field.type.values) and member not in named:
            return False
    return True


def label(type_ref: TypeRef) -> str:
    """The schema's name in a type, for messages."""
    match type_ref:
        case Named(symbol, args):
            if isinstance(symbol, Class):
                return symbol.name
            return next((found for arg in args if (found := label(arg))), "")
        case Union(members):
            return next((found for member in members if (found := label(member))), "")
        case AnnotatedRef(inner):
            return label(inner)
        case _:
            return ""


def _objects(state: State, value: Value) -> list[Value]:
    return [atom for atom in (value.atoms if isinstance(value, Choice) else (value,)) if isinstance(atom, Ref)]


def _validate_elements(
    run: Run, state: State, value: Value, args: tuple[TypeRef, ...], container: str, node: ast.AST, path: str, depth: int
) -> None:
    for atom in value.atoms if isinstance(value, Choice) else (value,):
        if isinstance(atom, Rows):
            validate(run, state, atom.element, args[0], node, path, depth)
            continue
        record = state.record(atom)
        if not isinstance(record, Collection):
            continue
        inner = args[-1] if container.lower() in ("dict", "mapping") else args[0]
        for part in (*(record.items or ()), *record.by_key.values(), *((record.element,) if record.element is not None else ())):
            validate(run, state, part, inner, node, path, depth)


def _validate_object(run: Run, state: State, value: Value, schema: Schema, type_ref: Named, node: ast.AST, path: str, depth: int) -> None:
    record = state.record(value)
    if not isinstance(record, OrmObject) or not isinstance(value, Ref):
        _validate_carrier(run, state, value, schema, node, path, depth)
        return
    if not schema.from_attributes and not run.schema_lenient:
        return
    for validator in schema.before_validators:
        _call_validator(run, state, validator, value, node)
    mapping = _arguments(run, schema, type_ref)
    certain = run.certain
    for field in schema.fields.values():
        outer, run.schema = run.schema, f"{path}.{field.name}"
        run.certain = None if certain is None or field.reads in certain else frozenset()
        try:
            found = get(run, state, value, _attribute(run, record, field), node)
        except (Infeasible, Diverted):
            continue
        finally:
            run.schema = outer
        validate(run, state, found, run.program.substitute(field.type, mapping), node, f"{path}.{field.name}", depth + 1)
    run.certain = certain


def _attribute(run: Run, record: OrmObject, field: SchemaField) -> str:
    """The first of a field's aliases that the object has, as pydantic tries them."""
    for name in (field.reads, *field.otherwise):
        if name in record.attributes or run.program.member(record.mapped.symbol, name) is not None:
            return name
    return field.reads


def _arguments(run: Run, schema: Schema, type_ref: Named) -> dict[str, TypeRef]:
    mapping = dict(run.program.type_arguments(schema.symbol))
    if type_ref.args:
        parameters = [ref.name for field in schema.fields.values() for ref in _variables(field.type)]
        mapping.update(zip(dict.fromkeys(parameters), type_ref.args, strict=False))
    return mapping


def _variables(type_ref: TypeRef) -> list[TypeVarRef]:
    match type_ref:
        case TypeVarRef():
            return [type_ref]
        case Named(_, args):
            return [found for arg in args for found in _variables(arg)]
        case Union(members):
            return [found for member in members for found in _variables(member)]
        case AnnotatedRef(inner):
            return _variables(inner)
        case _:
            return []


def _validate_carrier(run: Run, state: State, value: Value, schema: Schema, node: ast.AST, path: str, depth: int) -> None:
    """A dict or an instance that holds ORM objects in its fields."""
    record = state.record(value)
    held = record.by_key if isinstance(record, Collection) else getattr(record, "attributes", {}) if record is not None else {}
    own = getattr(record, "schema", None)
    for field in schema.fields.values():
        inner = held.get(field.reads)
        if inner is None:
            inner = held.get(field.name)
        if inner is not None and own is not schema:
            validate(run, state, inner, field.type, node, f"{path}.{field.name}", depth + 1)


def _call_validator(run: Run, state: State, validator: object, value: Value, node: ast.AST) -> None:
    if not isinstance(validator, Function) or validator.owner is None:
        return
    receiver = ClassValue(validator.owner)
    schema, run.schema = run.schema, ""
    try:
        run.tables.call(run, state, FunctionValue(validator, receiver), Arguments((value, ANYTHING)), node)
    except (Infeasible, Diverted):
        pass
    finally:
        run.schema = schema
