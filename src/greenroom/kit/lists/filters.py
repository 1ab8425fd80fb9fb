"""Filters as data: which parameters there are, what they take and what they ask of the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, String, any_, bindparam, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from greenroom.kit.lists.selection import DeclarationError, plain
from greenroom.kit.lists.values import INPUT, bound_type, value_type
from greenroom.kit.models import Line

Operator = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "null", "contains"]


@dataclass(frozen=True, slots=True)
class Filter:
    """What may be asked of ``expression``: one query parameter for each of ``operators``.

    ``eq`` is asked by the filter's own name (``status=done``), the others by ``name__operator``: ``status__in=done&status__in=review`` (any
    of them), ``due__gte``, ``due__lt``, ``due__null=true``, ``tags__contains=a&tags__contains=b`` (all; of an array or a JSON list).
    ``type`` is what a value must be, as an annotation; by default it follows from the column.
    """

    expression: Any
    operators: Sequence[Operator] = ("eq",)
    type: Any = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: its name, its annotation, and the condition that it puts."""

    name: str
    annotation: Any
    condition: Callable[[Any], ColumnElement[bool]]
    by_value: bool = False
    """Whether the condition is another for each value, instead of having the value as a bound parameter of the same name."""


MOST_VALUES = 100
"""How many values a parameter may have that can be repeated."""

BOUND = "given_"
"""What the names of bound parameters begin with, so that they meet no others."""


def parameters(filters: Mapping[str, Filter]) -> dict[str, Parameter]:
    """Return all parameters of filters, by name."""
    found = [_parameter(name, operator, given) for name, given in filters.items() for operator in given.operators]
    return {parameter.name: parameter for parameter in found}


def search_parameter(expressions: Sequence[Any]) -> Parameter:
    """Return the parameter ``search``: some of the expressions holds the text, case aside."""
    pattern = bindparam(f"{BOUND}search", type_=String)
    condition = or_(*(plain(expression).ilike(pattern) for expression in expressions))
    return Parameter("search", Annotated[str, Line(200)], lambda _: condition)


def containing(text: str) -> str:
    """Return the LIKE pattern of what contains a text; its own wildcards are taken literally.

    A backslash is the escape character without ESCAPE: https://www.postgresql.org/docs/current/functions-matching.html
    """
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"


def _parameter(name: str, operator: Operator, given: Filter) -> Parameter:
    expression = plain(given.expression)
    parameter = name if operator == "eq" else f"{name}__{operator}"
    kind = expression.type

    def scalar() -> Any:  # noqa: ANN401  # an annotation is any object
        return given.type or value_type(kind, INPUT, of=name)

    match operator:
        case "null":
            return Parameter(parameter, bool, lambda value: expression.is_(None) if value else expression.is_not(None), by_value=True)
        case "in":
            values = bindparam(BOUND + parameter, type_=ARRAY(bound_type(kind)))
            return Parameter(parameter, _several(scalar()), lambda _: expression == any_(values))
        case "contains":
            wanted = bindparam(BOUND + parameter, type_=ARRAY(bound_type(kind.item_type)) if isinstance(kind, ARRAY) else kind)
            return Parameter(parameter, _several(given.type or _member_type(kind, of=name)), lambda _: expression.contains(wanted))
        case _:
            compare = _COMPARISONS[operator]
            value = bindparam(BOUND + parameter, type_=bound_type(kind))
            return Parameter(parameter, scalar(), lambda _: compare(expression, value))


_COMPARISONS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda expression, value: expression == value,
    "ne": lambda expression, value: expression != value,
    "gt": lambda expression, value: expression > value,
    "gte": lambda expression, value: expression >= value,
    "lt": lambda expression, value: expression < value,
    "lte": lambda expression, value: expression <= value,
}


def _several(annotation: Any) -> Any:  # noqa: ANN401  # an annotation is any object
    return Annotated[list[annotation], Field(min_length=1, max_length=MOST_VALUES)]


def _member_type(kind: TypeEngine[Any], *, of: str) -> Any:  # noqa: ANN401  # an annotation is any object
    if isinstance(kind, ARRAY):
        return value_type(kind.item_type, INPUT, of=of)
    if isinstance(kind, JSONB):
        return Annotated[str, Line(500)]
    raise DeclarationError(f"{of} can contain nothing: it is neither an array nor jsonb")
