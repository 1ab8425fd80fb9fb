"""What values a column can be compared with, for filters (as input) and for cursors (as the database has given them)."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field, NaiveDatetime, WithJsonSchema
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Enum, Float, Integer, Numeric, SmallInteger, String, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

from greenroom.kit.lists.selection import DeclarationError
from greenroom.kit.models import Int2, Int4, Int8, Line, UtcDatetime

Table = tuple[tuple[type[TypeEngine[Any]], Any], ...]

# All that a double holds and more, and far from where numeric overflows: https://www.postgresql.org/docs/current/datatype-numeric.html
_NUMERIC = Annotated[
    Decimal,
    Field(allow_inf_nan=False, ge=-(10**300), le=10**300, decimal_places=400),
    WithJsonSchema({"type": "number", "minimum": -1e300, "maximum": 1e300}),
]

# The first that fits counts: SmallInteger and BigInteger are Integers, a Float is a Numeric.
INPUT: Final[Table] = (
    (Boolean, bool),
    (SmallInteger, Int2),
    (BigInteger, Int8),
    (Integer, Int4),
    (Float, Annotated[float, Field(allow_inf_nan=False)]),
    (Numeric, _NUMERIC),
    (DateTime, UtcDatetime),
    (Date, date),
    (Uuid, uuid.UUID),
    (String, Annotated[str, Line(500)]),
)
"""What a client may ask for."""

STORED: Final[Table] = (
    (Boolean, bool),
    (SmallInteger, Int2),
    (BigInteger, Annotated[int, Field(ge=-(2**63), lt=2**63)]),
    (Integer, Int4),
    (Float, float),
    (Numeric, Decimal),
    (DateTime, AwareDatetime),
    (Date, date),
    (Uuid, uuid.UUID),
    (String, Annotated[str, Field(pattern=r"^[^\x00]*$")]),
)
"""What a column may hold, read back from a cursor; a forged one must not reach the database with a value that it cannot take."""


def value_type(kind: TypeEngine[Any], table: Table, *, of: str) -> Any:  # noqa: ANN401  # an annotation is any object
    """Return the annotation of what a column of this type can be compared with. Raises ``DeclarationError`` when nobody knows."""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, Enum) and plain.enum_class is not None:
        return plain.enum_class
    if isinstance(plain, DateTime) and not plain.timezone and plain is kind:
        if table is STORED:
            return NaiveDatetime
        raise DeclarationError(f"{of} holds naive times: declare its column with NaiveUtc")
    for known, annotation in table:
        if isinstance(plain, known):
            return annotation
    raise DeclarationError(f"{of} is of type {kind!r}, which nothing is known of; a filter can say what its values are with type=")


def bound_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type to bind a value as that is compared with a column: the column's without its size.

    SQLAlchemy casts bound values for asyncpg, and a cast to ``numeric(6, 2)`` or ``varchar(50)`` overflows, rounds or cuts.
    """
    if isinstance(kind, Numeric) and not isinstance(kind, Float):
        return Numeric()
    if isinstance(kind, TypeDecorator) and isinstance(kind.impl_instance, String):
        return String()
    return String() if isinstance(kind, String) and not isinstance(kind, Enum) else kind
