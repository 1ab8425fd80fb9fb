"""Fields of request schemas, as far as their values are concerned."""

from __future__ import annotations

from greenroom.domain.provenance import Sent
from greenroom.domain.values import Anything, Value
from greenroom.facts.records import Schema, SchemaField
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class, External
from greenroom.program.types import AnnotatedRef, Named, NoneRef, TypeRef, Union


def described(token: Sent) -> str:
    """How messages call a value that the client sends."""
    if isinstance(token.holder, Sent) and token.schema is None:
        return f"an element of {described(token.holder)}"
    return f"`{token.schema.name}.{token.name}`" if token.schema is not None else f"the parameter `{token.name}`"


def declared(run: Run, token: Sent) -> tuple[Schema, SchemaField] | None:
    """The field that a value comes from; None where it is a parameter."""
    schema = run.backend.schema(token.schema) if token.schema is not None else None
    field = schema.fields.get(token.name) if schema is not None else None
    return None if schema is None or field is None else (schema, field)


def is_checked(run: Run, token: Sent) -> bool:
    """Whether a validator looks at a field, or changes what was sent."""
    found = declared(run, token)
    if found is None:
        return token.schema is not None  # of a field that is not known nothing is
    schema, field = found
    return field.checked or schema.wraps or not schema.validated.isdisjoint((field.name, "*"))


def leaf(type_ref: TypeRef, token: Sent) -> Value:
    """What a field holds, where that is one plain value: it may be None beside that."""
    inner = plain(type_ref)
    return Anything(inner, token) if inner is not None else Anything()


def plain(type_ref: TypeRef) -> Named | None:
    """The one plain type of a field, None and ``Annotated`` aside."""
    match type_ref:
        case AnnotatedRef(inner):
            return plain(inner)
        case Union(members):
            rest = [member for member in members if not isinstance(member, NoneRef)]
            return plain(rest[0]) if len(rest) == 1 else None
        case Named(External() | Class(), ()):
            return type_ref
        case _:
            return None


def may_be_left_out(type_ref: TypeRef) -> bool:
    """Whether a type allows None."""
    match type_ref:
        case AnnotatedRef(inner):
            return may_be_left_out(inner)
        case Union(members):
            return any(isinstance(member, NoneRef) or may_be_left_out(member) for member in members)
        case _:
            return isinstance(type_ref, NoneRef)
