"""Whether a column of dates with times has a timezone: by its type, by the project's ``type_annotation_map``, or by SQLModel's version."""

from __future__ import annotations

import enum

from greenroom.facts.calls import library_call
from greenroom.facts.collect import Backend
from greenroom.facts.declarations import declared_value
from greenroom.facts.expression import Expression
from greenroom.facts.records import Column, MappedClass
from greenroom.facts.sqltypes import read_sql_type
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named, TypeRef, Union
from greenroom.source.dependencies import is_exact

_MOMENT = "datetime.datetime"
_STRICT_SINCE = (0, 0, 45)
"""The version of SQLModel whose ``datetime`` fields became ``UTCDateTime``, which refuses naive values."""
_WITHOUT_MAP = ("sqlalchemy", "sqlmodel", "builtins", "typing", "typing_extensions", "pydantic", "abc")
"""Packages whose base classes bring no ``type_annotation_map``."""


class Moment(enum.Enum):
    """What a column does with values of the other kind."""

    NAIVE = "without timezone"
    AWARE = "with timezone"
    STRICT = "with timezone, refusing naive values"


def moment_of(backend: Backend, mapped: MappedClass, column: Column) -> Moment | None:
    """Return what a column of dates with times holds; None for other columns and where it is not known."""
    if column.timezone is not None:
        return Moment.AWARE if column.timezone else Moment.NAIVE
    if not column.implied_type or not is_moment(column.python_type):
        return None
    if column.sql_type == "UTCDateTime":
        return _of_sqlmodel(backend)
    timezone = _mapped_to(backend.program, mapped.symbol)
    return None if timezone is None else Moment.AWARE if timezone else Moment.NAIVE


def is_moment(type_ref: TypeRef | None) -> bool:
    """Whether a type is ``datetime``, or may be None beside that; not where ``Annotated`` says more of it."""
    if isinstance(type_ref, Union):
        return any(is_moment(member) for member in type_ref.members)
    return type_ref == Named(External(_MOMENT))


def _of_sqlmodel(backend: Backend) -> Moment | None:
    asked = backend.dependencies.versions.get("sqlmodel", "")
    version = backend.dependencies.version("sqlmodel")
    if version is None:
        return Moment.STRICT
    if not is_exact(asked):
        return None
    return Moment.STRICT if version >= _STRICT_SINCE else Moment.NAIVE


def _mapped_to(program: Program, cls: Class) -> bool | None:
    """What ``type_annotation_map`` makes of ``datetime``, False where there is none; None where it cannot be told."""
    for base in program.mro(cls):
        if isinstance(base, External):
            if base.root not in _WITHOUT_MAP:
                return None
            continue
        given = declared_value(program, base, "type_annotation_map")
        if given is None and (registry := declared_value(program, base, "registry")) is not None:
            call = library_call(registry)
            given = call.keywords.get("type_annotation_map") if call is not None else None
            if call is None or call.name != "registry":
                return None
        if given is not None:
            return _in_map(given)
    return False


def _in_map(given: Expression) -> bool | None:
    target = given.follow()
    keys = getattr(target.node, "keys", None)
    values = getattr(target.node, "values", None)
    if not isinstance(keys, list) or not isinstance(values, list):
        return None
    for key, value in zip(keys, values, strict=True):
        if key is None:
            return None
        if target.at(key).path() == _MOMENT:
            sql_type = read_sql_type(target.at(value))
            return sql_type.timezone if sql_type is not None else None
    return False
