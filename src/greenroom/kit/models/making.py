"""New rows: what is given, and the defaults of the rest, without the detours of SQLModel's own constructor.

That one sets each field of a table twice, through Pydantic's machinery and its own, and validates neither: a third of the time that an
application spends on an INSERT. This one sets it once, as SQLAlchemy does.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy.orm.attributes import set_attribute
from sqlmodel import SQLModel

_UNCHANGING: Final = (bool, int, float, str, bytes, Enum, NoneType)


@cache
def _defaults(table: type[SQLModel]) -> tuple[tuple[str, Any, FieldInfo | None], ...]:
    """Return the fields that have a default: the value, or the field that makes one for each row."""
    found: list[tuple[str, Any, FieldInfo | None]] = []
    for name, field in table.model_fields.items():
        if field.default_factory is None and isinstance(field.default, _UNCHANGING):
            found.append((name, field.default, None))
        elif field.default_factory is not None or field.default is not PydanticUndefined:
            found.append((name, None, field))
    return tuple(found)


def fill(record: SQLModel, given: Mapping[str, Any]) -> None:
    """Set the attributes of a new row. Raises ``TypeError`` for a name that the table does not have."""
    table = type(record)
    fields, relationships = table.model_fields, table.__sqlmodel_relationships__
    for name in given:
        if name not in fields and name not in relationships:
            raise TypeError(f"{table.__name__} has no attribute {name!r}")
    for name, value in given.items():
        set_attribute(record, name, value)
    for name, value, field in _defaults(table):
        if name not in given:
            set_attribute(record, name, value if field is None else field.get_default(call_default_factory=True))
    # What Pydantic's other methods (model_dump, copy) look at.
    object.__setattr__(record, "__pydantic_fields_set__", {name for name in given if name in fields})
    object.__setattr__(record, "__pydantic_extra__", None)
    object.__setattr__(record, "__pydantic_private__", None)
