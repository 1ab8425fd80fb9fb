"""From a response schema to the columns that it needs, and from rows back to what the schema reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import JSON, ColumnElement, DateTime, Enum, FromClause, Label, Select, String, func, select, type_coerce
from sqlalchemy import inspect as mapping_of
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.orm.util import AliasedClass
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

Entity = type[SQLModel] | AliasedClass[Any]
Condition = ColumnElement[bool] | bool
"""A condition of SQL. To a type checker the comparison of a model's attribute is a ``bool``, which SQLModel's own ``where`` takes too."""


@dataclass(frozen=True, slots=True)
class ToOne:
    """A nested object: the row of ``entity`` that satisfies ``on``, joined; absent (None) where there is none, unless ``inner``.

    ``on`` must find at most one row for each: name the primary key or a unique column of ``entity``. For a second join of the same table
    use ``sqlalchemy.orm.aliased``.
    """

    entity: Entity
    on: Condition
    inner: bool = False


@dataclass(frozen=True, slots=True)
class ToMany:
    """A nested list: the rows of ``entity`` that satisfy ``on``, in order of ``order``, gathered as JSON in the same statement.

    PostgreSQL gathers for the rows of the page only: it evaluates costly columns after LIMIT.
    https://www.postgresql.org/docs/release/9.6.0/ ("evaluation of … expressions … after sorting")
    """

    entity: Entity
    on: Condition
    order: Sequence[Any] = ()


Nested = Mapping[str, ToOne | ToMany]
Columns = Mapping[str, Any]


class DeclarationError(Exception):
    """A declaration that cannot work; raised at import, with the mend."""


@dataclass(slots=True)
class _Shape:
    """Where the members of one object stand in a row."""

    names: tuple[str, ...] = ()
    start: int = 0
    marker: int | None = None
    """The position of a column that is NULL when the object is absent."""
    nested: list[tuple[str, _Shape]] = field(default_factory=list)

    def fold(self, row: Sequence[Any]) -> dict[str, Any]:
        names = self.names
        members = dict(zip(names, row[self.start : self.start + len(names)] if self.start else row, strict=False))
        for name, shape in self.nested:
            absent = shape.marker is not None and row[shape.marker] is None
            members[name] = None if absent else shape.fold(row)
        return members


class Selection:
    """The columns and joins that a response schema needs of an entity.

    ``nested`` says where nested objects come from and ``columns`` which expressions members come from that are no attributes of the entity;
    the keys are names of members, dotted below the first level (``project.owner``). Raises ``DeclarationError`` for a member that comes
    from nowhere.
    """

    def __init__(self, schema: type[BaseModel], entity: Entity, nested: Nested, columns: Columns) -> None:
        """Derive everything; nothing is derived again for a request."""
        self.schema = schema
        self.entity = entity
        self.columns: list[ColumnElement[Any]] = []
        self._labelled: list[Label[Any]] = []
        self._nested, self._given = nested, columns
        self._unused = {*nested, *columns}
        self._joins: list[ToOne] = []
        self._shape = self._describe(schema, entity, "")
        if self._unused:
            raise DeclarationError(f"{schema.__name__} has no member {', '.join(sorted(self._unused))}")

    @property
    def identity(self) -> ColumnElement[Any]:
        """The primary key, one column."""
        return identity_of(self.entity)

    @property
    def optional(self) -> list[FromClause]:
        """The tables joined outer: of these a row of the list may have none."""
        return [table_of(join.entity) for join in self._joins if not join.inner]

    @property
    def fold(self) -> Callable[[Sequence[Any]], dict[str, Any]]:
        """Make of a row what the schema reads. Columns that follow those of the selection are left alone."""
        return self._shape.fold

    def select(self, *more: ColumnElement[Any]) -> Select[Any]:
        """Return the statement, with ``more`` columns after those of the selection."""
        return self._joined(select(*self._labelled, *more))

    def count(self) -> Select[Any]:
        """Return the statement that counts the rows."""
        return self._joined(select(func.count()))

    def _joined(self, statement: Select[Any]) -> Select[Any]:
        source = table_of(self.entity)
        for join in self._joins:
            on: Any = join.on
            source = source.join(table_of(join.entity), on, isouter=not join.inner)
        return statement.select_from(source)

    def _describe(self, schema: type[BaseModel], entity: Entity, path: str) -> _Shape:
        shape = _Shape(start=len(self.columns))
        objects: list[tuple[str, str, type[BaseModel]]] = []
        names: list[str] = []
        for name, member in schema.model_fields.items():
            place, key = f"{path}{name}", _key(name, member)
            source = self._nested.get(place)
            model = nested_schema(member)
            if isinstance(source, ToMany) and model is not None:
                column = self._gathered(model, source, place)
            elif model is not None and place not in self._given:
                objects.append((key, place, model))
                continue
            else:
                column = self._column(entity, place, name)
            self._unused.discard(place)
            names.append(key)
            self._add(column, place)
        shape.names = tuple(names)
        for key, place, model in objects:
            shape.nested.append((key, self._object(model, place)))
        return shape

    def _object(self, model: type[BaseModel], place: str) -> _Shape:
        join = self._nested.get(place)
        if not isinstance(join, ToOne):
            raise DeclarationError(
                f"{self.schema.__name__}.{place} is an object: say where it comes from, nested={{{place!r}: ToOne(...)}}"
            )
        self._unused.discard(place)
        self._joins.append(join)
        if join.inner:
            return self._describe(model, join.entity, f"{place}.")
        shape = self._describe(model, join.entity, f"{place}.")
        shape.marker = self._position(identity_of(join.entity), f"{place}.")
        return shape

    def _position(self, column: ColumnElement[Any], place: str) -> int:
        """Return where a column stands; it is selected as well when it does not yet."""
        for position, known in enumerate(self.columns):
            if known is column:
                return position
        self._add(column, place)
        return len(self.columns) - 1

    def _add(self, column: ColumnElement[Any], place: str) -> None:
        self.columns.append(column)
        self._labelled.append(_as_stored(column).label(place.replace(".", "__")))

    def _gathered(self, model: type[BaseModel], source: ToMany, place: str) -> ColumnElement[Any]:
        members: list[Any] = []
        for name, member in model.model_fields.items():
            below = f"{place}.{name}"
            self._unused.discard(below)
            members += [_key(name, member), self._column(source.entity, below, name)]
        built: Any = func.json_build_object(*members, type_=JSON)
        ordered = aggregate_order_by(built, *source.order) if source.order else built
        rows = select(func.coalesce(func.json_agg(ordered, type_=JSON), func.json_build_array(type_=JSON), type_=JSON))
        on: Any = source.on
        found: ColumnElement[Any] = (
            rows.select_from(table_of(source.entity)).where(on).correlate_except(table_of(source.entity)).scalar_subquery()
        )
        return found

    def _column(self, entity: Entity, place: str, name: str) -> ColumnElement[Any]:
        if place in self._given:
            return plain(self._given[place])
        found = column_of(entity, name)
        if found is None:
            raise DeclarationError(f"{self.schema.__name__}.{place} comes from nowhere: say columns={{{place!r}: <expression>}}")
        return found


def table_of(entity: Entity) -> FromClause:
    """Return the table, or the alias of it, that an entity stands for."""
    table: FromClause = mapping_of(entity).selectable
    return table


def plain(expression: Any) -> ColumnElement[Any]:  # noqa: ANN401  # an attribute of a model is, to a type checker, of its Python type
    """Return the column of a table, or of an alias, for an attribute of a model; any other expression is returned as it is.

    Statements of plain columns are Core's, and cheaper to look up in SQLAlchemy's cache than those with attributes of models.
    """
    found: ColumnElement[Any] | None = expression
    if isinstance(expression, QueryableAttribute):
        found = column_of(expression.parent.entity, expression.key)
    if found is None:
        raise DeclarationError(f"{expression} is no column")
    return found


def column_of(entity: Entity, name: str) -> ColumnElement[Any] | None:
    """Return the column of an attribute, if it is one."""
    mapped = mapping_of(entity).mapper.columns.get(name)
    return None if mapped is None else table_of(entity).corresponding_column(mapped)


def identity_of(entity: Entity) -> ColumnElement[Any]:
    """Return the primary key, which must be one column."""
    found = list(table_of(entity).primary_key)
    if len(found) != 1:
        raise DeclarationError(f"{table_of(entity)} has no primary key of one column")
    return found[0]


def nested_schema(member: FieldInfo) -> type[BaseModel] | None:
    """Return the schema in ``X``, ``X | None`` or ``list[X]``."""
    return _schema_in(member.annotation)


def _schema_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  # an annotation is any object
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, list, Annotated}:
        for argument in get_args(annotation):
            if argument is not NoneType and (found := _schema_in(argument)) is not None:
                return found
    return None


def _as_stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Leave out what SQLAlchemy would do to each value in Python where the schema does it as well: words to enumerations, times to UTC.

    asyncpg gives ``timestamptz`` as aware times in UTC already.
    """
    if isinstance(column.type, UTCDateTime):
        return type_coerce(column, DateTime(timezone=True))
    if isinstance(column.type, Enum) and not column.type.native_enum:
        return type_coerce(column, String)
    return column


def _key(name: str, member: FieldInfo) -> str:
    return member.validation_alias if isinstance(member.validation_alias, str) else name
