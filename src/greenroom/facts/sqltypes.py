"""SQL types by name: as given to a column and as implied by an annotation."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External
from greenroom.program.types import AnnotatedRef, LiteralRef, Named, TypeRef, Union

IMPLIED = {
    "builtins.int": "Integer",
    "builtins.str": "String",
    "builtins.bool": "Boolean",
    "builtins.float": "Float",
    "builtins.bytes": "LargeBinary",
    "decimal.Decimal": "Numeric",
    "datetime.datetime": "DateTime",
    "datetime.date": "Date",
    "datetime.time": "Time",
    "datetime.timedelta": "Interval",
    "uuid.UUID": "Uuid",
}
"""Python type to the SQL type that a bare annotation makes; ``type_annotation_map`` is not read."""
_ENUMS = {"Enum", "ENUM", "SAEnum", "EnumType"}
_MOMENTS = {"DateTime", "DATETIME", "TIMESTAMP"}
"""Types of SQLAlchemy that take ``timezone=``."""
_ENUM_BASES = {"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"}


@dataclass(frozen=True, slots=True)
class SqlType:
    """A SQL type's name and the enumeration behind it."""

    name: str
    enum: Class | None = None
    timezone: bool | None = None
    """Whether values have a timezone, where the type is one of SQLAlchemy's own for dates with times."""
    implied: bool = False
    """Whether the annotation alone makes it."""


def read_sql_type(expression: Expression) -> SqlType | None:
    """Return the type that a positional argument of a column gives; None when it is no name or call."""
    target = expression.follow()
    call = library_call(target)
    if call is not None:
        if call.name in ("with_variant", "as_mutable", "as_generic") and isinstance(call.node.func, ast.Attribute):
            return read_sql_type(target.at(call.node.func.value)) if call.name == "with_variant" else _first(call.positional)
        enum = next((found for item in call.positional if (found := enumeration(item)) is not None), None)
        if enum is None and "enum_class" in call.keywords:
            enum = enumeration(call.keywords["enum_class"])
        if enum is not None or call.name in _ENUMS:
            return SqlType("Enum", enum)
        own = _own_name(target)
        return SqlType(own or call.name, None, None if own else _timezone(call))
    symbol = target.resolve() if isinstance(target.node, (ast.Name, ast.Attribute)) else None
    if isinstance(symbol, (Class, External)):
        return SqlType(symbol.name, None, False if isinstance(symbol, External) and _is_moment(symbol.path) else None)
    if isinstance(target.node, ast.Call):
        return SqlType(name) if (name := _own_name(target)) else None
    return SqlType(target.spelled()) if target.spelled() else None


def enumeration(expression: Expression) -> Class | None:
    """Return the project's enumeration class that the expression names."""
    symbol = expression.resolve() if isinstance(expression.node, (ast.Name, ast.Attribute)) else None
    return symbol if isinstance(symbol, Class) and is_enumeration(expression.scope.program, symbol) else None


def is_enumeration(program: Program, cls: Class) -> bool:
    """Whether the class is an ``enum.Enum``."""
    return program.has_external_base(cls, _ENUM_BASES.__contains__)


def sql_type_of_annotation(reference: TypeRef, program: Program | None = None) -> SqlType | None:
    """Return the SQL type that an annotation alone gives a column."""
    match reference:
        case AnnotatedRef(type=inner):
            return sql_type_of_annotation(inner, program)
        case Union(members=members):
            found = [implied for member in members if (implied := sql_type_of_annotation(member, program)) is not None]
            return found[0] if found else None
        case LiteralRef():
            return SqlType("Enum")
        case Named(symbol=External(path=path)):
            return SqlType(IMPLIED[path], implied=True) if path in IMPLIED else None
        case Named(symbol=Class() as cls) if program is not None and is_enumeration(program, cls):
            return SqlType("Enum", cls)
    return None


def _is_moment(path: str) -> bool:
    root, name = path.partition(".")[0], path.rpartition(".")[2]
    return name in _MOMENTS and root in ("sqlalchemy", "sqlmodel")


def _timezone(call: Call) -> bool | None:
    """The ``timezone`` of ``DateTime(...)``, False by default; None for other types, and where it is no constant."""
    if not _is_moment(call.path):
        return None
    given = call.argument(0, "timezone")
    value = False if given is None else given.constant()
    return value if isinstance(value, bool) else None


def _first(arguments: tuple[Expression, ...]) -> SqlType | None:
    return read_sql_type(arguments[0]) if arguments else None


def _own_name(expression: Expression) -> str:
    """The project's own type (a ``TypeDecorator`` subclass) keeps its own name."""
    node = expression.node
    symbol = expression.at(node.func).resolve() if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)) else None
    return symbol.name if isinstance(symbol, Class) else ""
