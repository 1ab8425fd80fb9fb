"""Rows that are there before a run: two of each class that it needs, whose keys fit together."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.facts.collect import Backend
from greenroom.facts.records import Column, Default, Inheritance, MappedClass
from greenroom.program.symbols import Class, External, Variable
from greenroom.program.types import AnnotatedRef, LiteralRef, Named, TypeRef, Union
from greenroom.prove import examples
from greenroom.prove.choices import Choices, Underivable
from greenroom.prove.values import Member

NUMBERS = (1, 2)
"""The rows of a class. Those of number one belong together, and so do those of number two."""
_BY_SQL_TYPE = {
    "builtins.int": {"Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT"},
    "builtins.str": {"String", "Text", "Unicode", "UnicodeText", "VARCHAR", "TEXT", "CHAR", "CITEXT", "AutoString", "INET", "CIDR"},
    "builtins.bool": {"Boolean", "BOOLEAN"},
    "builtins.float": {"Float", "REAL", "Double", "DOUBLE_PRECISION", "DOUBLE", "FLOAT"},
    "builtins.bytes": {"LargeBinary", "BLOB", "BYTEA", "BINARY", "VARBINARY"},
    "decimal.Decimal": {"Numeric", "NUMERIC", "DECIMAL"},
    "datetime.datetime": {"DateTime", "TIMESTAMP", "DATETIME", "UTCDateTime", "DateTimeUTC"},
    "datetime.date": {"Date", "DATE"},
    "datetime.time": {"Time", "TIME"},
    "datetime.timedelta": {"Interval", "INTERVAL"},
    "uuid.UUID": {"Uuid", "UUID", "GUID"},
}
_PATHS = {name: path for path, names in _BY_SQL_TYPE.items() for name in names}
_DOCUMENTS = {"JSON", "JSONB", "MutableDict", "HSTORE"}


class Rows:
    """The rows that a test puts into its database."""

    def __init__(self, backend: Backend, choices: Choices) -> None:
        self.backend = backend
        self.choices = choices
        self.needed: dict[Class, MappedClass] = {}
        self.words: set[str] = set()
        """The attributes that the code on the way names."""
        self.suggested: dict[str, list[object]] = {}
        """Constants that the code compares with attributes, or assigns to them, by the attribute's name."""
        self._kept: set[tuple[Class, str]] = set()
        self._fixed: dict[tuple[Class, str], object] = {}
        self._tables = {mapped.table: mapped for mapped in reversed(backend.mapped_classes()) if mapped.table is not None}

    def need(self, cls: Class) -> MappedClass | None:
        """Have rows of a class, and of those that its foreign keys demand; None where it has no table."""
        mapped = self.backend.mapped(cls)
        if mapped is None or mapped.table is None:
            return None
        if cls not in self.needed:
            self.needed[cls] = mapped
            for column in mapped.columns.values():
                target = self.target(column)
                if target is not None and not column.nullable:
                    self.need(target[0].symbol)
        return mapped

    def fix(self, mapped: MappedClass, attribute: str, value: object) -> None:
        """Have the first row hold what the code asks for."""
        self._fixed.setdefault((mapped.symbol, attribute), value)

    def keep(self, mapped: MappedClass, attribute: str) -> None:
        """Have the rows hold a value: something else is given the same."""
        self._kept.add((mapped.symbol, attribute))

    def _suggestion(self, mapped: MappedClass, attribute: str) -> tuple[int, object]:
        """The row that holds a constant of the code, and the constant; row 0 where none does."""
        found = self.suggested.get(attribute, [])
        ways = [(0, None), *((number, value) for value in found for number in NUMBERS)]
        return self.choices.pick(f"row.{mapped.name}.{attribute}~", ways) if found else ways[0]

    def target(self, column: Column) -> tuple[MappedClass, str] | None:
        """The class and the attribute that a foreign key refers to."""
        for written in column.foreign_keys:
            table, _, name = written.rpartition(".")
            mapped = self._tables.get(table) or self._tables.get(table.rpartition(".")[2])
            if mapped is None:
                continue
            for attribute, other in mapped.columns.items():
                if name in (other.column_name, attribute):
                    return mapped, attribute
        return None

    def key(self, mapped: MappedClass, number: int) -> object:
        """The primary key of a row, as ``session.get`` takes it.

        Raises:
            Underivable: Nothing is known of the type of one of its columns.
        """
        parts = tuple(self.value(mapped, name, number) for name in mapped.primary_key)
        if not parts:
            raise Underivable(f"no primary key of `{mapped.name}` is in sight")
        return parts[0] if len(parts) == 1 else parts

    def value(self, mapped: MappedClass, attribute: str, number: int, depth: int = 8) -> object:
        """What a column of a row holds.

        Raises:
            Underivable: Nothing is known of its type.
        """
        column = mapped.columns[attribute]
        fixed = self._fixed.get((mapped.symbol, attribute))
        if fixed is not None and number == 1 and self.choices.pick(f"row.{mapped.name}.{attribute}==", (True, False)):
            return fixed
        suggested = self._suggestion(mapped, attribute)
        if suggested[0] == number:
            return suggested[1]
        target = self.target(column)
        if target is not None and depth:
            other, name = target
            if self.choices.pick("rows.shared", (False, True)) and not column.primary_key and other is not mapped:
                number = 1
            return self.value(other, name, number, depth - 1)
        return self._plain(mapped, column, number)

    def statements(self) -> Iterator[tuple[MappedClass, list[dict[str, object]]]]:
        """The rows of each class, those that others refer to first.

        Raises:
            Underivable: A column must have a value, and nothing is known of its type.
        """
        for mapped in self._ordered():
            numbers = self.choices.pick(f"rows.{mapped.name}", (NUMBERS, NUMBERS[:1], ()))
            if numbers:
                yield mapped, [self._row(mapped, number) for number in numbers]

    def _ordered(self) -> list[MappedClass]:
        done: dict[Class, MappedClass] = {}

        def visit(mapped: MappedClass, above: tuple[Class, ...]) -> None:
            if mapped.symbol in done or mapped.symbol in above:
                return
            for column in mapped.columns.values():
                target = self.target(column)
                if target is not None and target[0].symbol in self.needed:
                    visit(target[0], (*above, mapped.symbol))
            done[mapped.symbol] = mapped

        for mapped in list(self.needed.values()):
            visit(mapped, ())
        # The rows of a subclass are rows of the class as well.
        return [mapped for mapped in done.values() if not any(_extends(other, mapped) for other in done.values())]

    def _row(self, mapped: MappedClass, number: int) -> dict[str, object]:
        row: dict[str, object] = {}
        for name, column in mapped.columns.items():
            if column.computed or (mapped.polymorphic_on == name and mapped.inheritance is not Inheritance.NONE):
                continue
            if column.primary_key or not self._left_out(mapped, column):
                row[name] = self.value(mapped, name, number)
        return row

    def _left_out(self, mapped: MappedClass, column: Column) -> bool:
        """Whether a column is left to its default, or to NULL."""
        knob = f"row.{mapped.name}.{column.name}"
        key = (mapped.symbol, column.name)
        if key in self._fixed or key in self._kept or self._suggestion(mapped, column.name)[0]:
            return False
        target = self.target(column)
        if target is not None:
            wanted = target[0].symbol in self.needed and target[0] is not mapped
            return column.nullable and not self.choices.pick(knob, (wanted, not wanted))
        if self._path(column) == "datetime.datetime" and column.server_default:
            return column.name not in self.words
        if column.nullable:
            full = column.name in self.words and self.choices.pick("rows.full", (False, True))
            return not self.choices.pick(knob, (full, not full))
        given = column.default is not Default.NONE or column.has_init_default or column.server_default or column.identity
        return given and not (self._options(column) and self.choices.pick(knob, (False, True)))

    def _options(self, column: Column) -> bool:
        return column.enum is not None or self._path(column) == "builtins.bool"

    def _path(self, column: Column) -> str | None:
        named = _named(column.python_type)
        if named is not None and isinstance(named.symbol, External) and named.symbol.path in examples.PLAIN:
            return named.symbol.path
        return _PATHS.get(column.sql_type or "")

    def _plain(self, mapped: MappedClass, column: Column, number: int) -> object:
        named = _named(column.python_type)
        enum = column.enum
        if enum is not None:
            members = members_of(self.backend, enum)
            if members:
                return self.choices.pick(f"row.{mapped.name}.{column.name}=", members)
        literal = column.python_type
        if isinstance(literal, LiteralRef) and literal.values:
            return self.choices.pick(f"row.{mapped.name}.{column.name}=", literal.values)
        path = self._path(column)
        if path == "builtins.bool":
            default = column.default_value
            given = default.value if isinstance(default, ast.Constant) and isinstance(default.value, bool) else None
            usual = examples.truth(column.name) if given is None else not given
            return self.choices.pick(f"row.{mapped.name}.{column.name}=", (usual, not usual))
        if path == "datetime.datetime":
            return examples.moment(column.name, aware=True)  # SQLite stores either, and types of projects mostly refuse naive ones
        if path is not None:
            return self._numbered(mapped, column, path, number)
        if column.sql_type == "ARRAY" or (named is not None and _is(named, "builtins.list")):
            return []
        if column.sql_type in _DOCUMENTS or (named is not None and _is(named, "builtins.dict")):
            return {}
        if column.primary_key or column.foreign_keys:
            return number
        raise Underivable(
            f"column `{mapped.name}.{column.name}` must have a value, and nothing is known of its type {column.sql_type or ''}".rstrip()
        )

    def _numbered(self, mapped: MappedClass, column: Column, path: str, number: int) -> object:
        if path == "builtins.str" and column.sql_type in _BY_SQL_TYPE["uuid.UUID"]:
            return str(examples.identifier(number))
        if column.primary_key and path == "builtins.str":
            return f"{mapped.name.lower()}-{number}"
        return examples.PLAIN[path](column.name, number)


def _extends(below: MappedClass, above: MappedClass) -> bool:
    """Whether a class is mapped to rows of another one."""
    return below is not above and below.is_kind_of(above.symbol) and below.inheritance in (Inheritance.SINGLE, Inheritance.JOINED)


def members_of(backend: Backend, enum: Class) -> list[Member]:
    """The members of an enumeration, in order."""
    found: list[Member] = []
    for name, bound in enum.members.items():
        variable = bound[-1]
        if isinstance(variable, Variable) and variable.value is not None and not name.startswith("_"):
            raw = variable.value.value if isinstance(variable.value, ast.Constant) else None
            if raw is None and isinstance(variable.value, ast.Call):  # auto()
                text = backend.program.has_external_base(enum, lambda path: path == "enum.StrEnum")
                raw = name.lower() if text else len(found) + 1
            found.append(Member(enum, name, raw))
    return found


def _named(type_ref: TypeRef | None) -> Named | None:
    match type_ref:
        case Named():
            return type_ref
        case AnnotatedRef(type=inner):
            return _named(inner)
        case Union(members=members):
            return next((found for member in members if (found := _named(member)) is not None), None)
    return None


def _is(named: Named, path: str) -> bool:
    return isinstance(named.symbol, External) and named.symbol.path == path
