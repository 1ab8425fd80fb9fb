"""Bases of request and response schemas."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, ClassVar, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler, ValidationInfo, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

_NUMBERS = (int, float)


class Input(BaseModel):
    """The base of what a request's body may hold.

    Unknown members are refused. Numbers and booleans are so in JSON: the string ``"5"`` is no number, and ``true`` is not 1.
    In OpenAPI each member that may be null has ``examples: [null]``, unless it has examples of its own: Swagger UI fills in examples,
    and else sends 0 (or 1, a real id) for each integer that nobody has typed.
    """

    model_config = ConfigDict(extra="forbid")

    _plain: ClassVar[dict[str, type]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._plain = {
            name: kind for name, field in cls.model_fields.items() if (kind := _plain_type(field.annotation)) in {int, float, bool}
        }

    @field_validator("*", mode="before")
    @classmethod
    def _is_of_its_json_type(cls, value: object, info: ValidationInfo) -> object:
        expected = cls._plain.get(info.field_name or "")
        if expected is not None:
            for one in value if isinstance(value, list) else (value,):
                _check(one, expected)
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        document = handler(schema)
        for member in handler.resolve_ref_schema(document).get("properties", {}).values():
            if {"type": "null"} in member.get("anyOf", ()) and "examples" not in member:
                member["examples"] = [None]
        return document


class Output(BaseModel):
    """The base of what a response holds. It reads rows as dicts, and ORM objects where ``lists.loads_for`` has loaded them."""

    model_config = ConfigDict(from_attributes=True)


def _check(value: object, expected: type) -> None:
    if expected is bool and not (value is None or isinstance(value, bool)):
        raise PydanticCustomError("bool_type", "Input should be true or false")
    if expected in _NUMBERS and isinstance(value, (str, bytes, bool)):
        raise PydanticCustomError("number_type", "Input should be a number")


def _plain_type(annotation: object) -> type | None:
    """Return the one class that a field holds, or a list of it, beside None."""
    arguments = get_args(annotation)
    if get_origin(annotation) in {Union, UnionType}:
        rest = [argument for argument in arguments if argument is not NoneType]
        return _plain_type(rest[0]) if len(rest) == 1 else None
    if get_origin(annotation) in {Annotated, list}:
        return _plain_type(arguments[0])
    return annotation if isinstance(annotation, type) else None


def _none_for_zero(value: object) -> object:
    return None if type(value) is int and value == 0 else value


_T = TypeVar("_T")

ZeroToNone = Annotated[_T, BeforeValidator(_none_for_zero)]
"""A switch for clients that send 0 for "none", as forms filled by an older Swagger UI do: ``assignee_id: ZeroToNone[Id | None] = None``.

Not needed with Swagger UI here (see ``Input``), and blind to the 1 that it prefills where the minimum is 1: without it, 0 is refused.
"""
