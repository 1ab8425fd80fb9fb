"""Orders as data, and where in an order a row stands: the algebra behind keyset pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Case, ClauseElement, Column, ColumnElement, FromClause, ScalarSelect, and_, bindparam, case, false, or_, tuple_
from sqlalchemy.sql.functions import coalesce

from greenroom.kit.lists.selection import DeclarationError, plain
from greenroom.kit.lists.values import bound_type

Nulls = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class Sort:
    """An expression to sort by. Where it can be NULL, ``nulls`` says where those rows stand, in both directions."""

    expression: Any
    nulls: Nulls | None = None


def rank(expression: Any, values: Sequence[Any]) -> ColumnElement[int]:  # noqa: ANN401  # an attribute of a model, to mypy of its Python type
    """Return the place of a value among ``values``, to sort words by what they mean: ``rank(Task.priority, list(Priority))``."""
    return case(*((plain(expression) == value, place) for place, value in enumerate(values)), else_=len(values))


@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order."""

    expression: ColumnElement[Any]
    descending: bool = False
    nulls: Nulls | None = None

    def reversed(self) -> Key:
        """Return the part of the opposite order."""
        nulls: Nulls | None = None if self.nulls is None else ("last" if self.nulls == "first" else "first")
        return replace(self, descending=not self.descending, nulls=nulls)

    def term(self) -> ColumnElement[Any]:
        """Return the term of ORDER BY."""
        term = self.expression.desc() if self.descending else self.expression.asc()
        match self.nulls:
            case None:
                return term
            case "first":
                return term.nulls_first()
            case "last":
                return term.nulls_last()

    def beyond(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        """Return the condition of standing after the value; None is NULL."""
        if value is None:
            return self.expression.is_not(None) if self.nulls == "first" else false()
        after = self.expression < value if self.descending else self.expression > value
        return or_(after, self.expression.is_(None)) if self.nulls == "last" else after

    def level(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        """Return the condition of standing where the value does."""
        return self.expression.is_(None) if value is None else self.expression == value


def boundary(place: int) -> str:
    """Return the name of the bound parameter that holds the value of the key at ``place``."""
    return f"boundary_{place}"


def after(keys: Sequence[Key], is_null: Sequence[bool]) -> ColumnElement[bool]:
    """Return the condition of standing after a row whose keys are bound as ``boundary(0)``, …, those marked in ``is_null`` being NULL.

    Keys of one direction without NULL are compared as a row, which an index on them can answer:
    https://www.postgresql.org/docs/current/functions-comparisons.html#ROW-WISE-COMPARISON
    """
    values = [
        None if null else bindparam(boundary(place), type_=bound_type(key.expression.type))
        for place, (key, null) in enumerate(zip(keys, is_null, strict=True))
    ]
    if len({key.descending for key in keys}) == 1 and not any(key.nulls for key in keys):
        own, given = tuple_(*(key.expression for key in keys)), tuple_(*values)
        return own < given if keys[0].descending else own > given
    alternatives = [
        and_(*(key.level(value) for key, value in zip(keys[:place], values[:place], strict=True)), keys[place].beyond(values[place]))
        for place in range(len(keys))
    ]
    return or_(*alternatives)


def parse(sort: str, sorts: Mapping[str, Sort], identity: ColumnElement[Any]) -> tuple[Key, ...]:
    """Return the keys of ``-created_at,priority``, the identity being the last: it makes the order total.

    A name that comes again is left out. The identity goes the way of the key before it, so that one index can serve.
    """
    keys: dict[str, Key] = {}
    for word in sort.split(","):
        name = word.removeprefix("-")
        known = sorts[name]
        keys.setdefault(name, Key(plain(known.expression), word.startswith("-"), known.nulls))
    last = list(keys.values())[-1]
    if not any(key.expression is identity for key in keys.values()):
        return (*keys.values(), Key(identity, last.descending))
    return tuple(keys.values())


def check(name: str, sort: Sort, optional: Collection[FromClause]) -> None:
    """Raise ``DeclarationError`` for what can be NULL when nobody has said where those rows stand; ``optional`` are tables joined outer."""
    if sort.nulls is None and _may_be_null(plain(sort.expression), optional):
        raise DeclarationError(f"{name} can be NULL: say where such rows stand, Sort(..., nulls='last')")


def _may_be_null(expression: ClauseElement, optional: Collection[FromClause]) -> bool:
    if isinstance(expression, Column):
        return bool(expression.nullable) or any(expression.table is table for table in optional)
    if isinstance(expression, coalesce) or (isinstance(expression, Case) and expression.else_ is not None):
        return False
    return isinstance(expression, ScalarSelect) or any(_may_be_null(part, optional) for part in expression.get_children())
