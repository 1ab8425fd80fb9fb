"""``Table(...)`` constructs, ``__table_args__`` and ``ForeignKeyConstraint``."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from greenroom.facts.calls import Call, library_call
from greenroom.facts.columns import CONSTRUCTORS, column_of_call
from greenroom.facts.expression import Expression
from greenroom.facts.keys import target_text
from greenroom.facts.records import Column
from greenroom.program.symbols import Class


@dataclass(slots=True)
class TableFacts:
    """What a table says beyond the columns of its class."""

    name: str | None = None
    columns: dict[str, Column] = field(default_factory=dict)
    implicit_returning: bool = True
    foreign_keys: dict[str, list[str]] = field(default_factory=dict)
    """Column name to the targets that ``ForeignKeyConstraint`` gives it."""
    primary_key: set[str] = field(default_factory=set)
    """Column names that a ``PrimaryKeyConstraint`` lists."""


def read_table(expression: Expression, owner: Class | None) -> TableFacts | None:
    """Return the table that a ``Table("name", metadata, Column(...), ...)`` call describes."""
    call = library_call(expression)
    if call is None or call.name != "Table":
        return None
    facts = TableFacts(name=call.positional[0].text() if call.positional else call.text("name"))
    _read_items(facts, call.positional[2:], owner)
    if "implicit_returning" in call.keywords:
        facts.implicit_returning = call.flag("implicit_returning", default=True)
    facts.columns = with_constraints(facts.columns, facts)
    return facts


def read_table_args(expression: Expression) -> TableFacts:
    """Return what ``__table_args__`` says: constraints, and keyword arguments in a dict that stands last."""
    facts = TableFacts()
    target = expression.follow()
    items = target.elements() if isinstance(target.node, (ast.Tuple, ast.List)) else [target]
    _read_items(facts, items, None)
    for item in items:
        value = item.entries().get("implicit_returning")
        if value is not None:
            facts.implicit_returning = value.truth(default=True)
    return facts


def with_constraints(columns: dict[str, Column], facts: TableFacts) -> dict[str, Column]:
    """Return the columns with the keys added that table-level constraints give them."""
    return {name: _constrained(column, column.column_name or name, facts) for name, column in columns.items()}


def _constrained(column: Column, in_table: str, facts: TableFacts) -> Column:
    keys = (*column.foreign_keys, *facts.foreign_keys.get(in_table, ()))
    if in_table in facts.primary_key:
        return replace(column, foreign_keys=keys, primary_key=True, nullable=False)
    return replace(column, foreign_keys=keys) if keys != column.foreign_keys else column


def _read_items(facts: TableFacts, items: Iterable[Expression], owner: Class | None) -> None:
    for item in items:
        if isinstance(item.node, ast.Starred):
            _read_items(facts, item.at(item.node.value).elements(), owner)
            continue
        call = library_call(item)
        if call is None:
            continue
        if call.name in CONSTRUCTORS:
            column = column_of_call(call, owner)
            if column is not None:
                facts.columns[column.name] = column
        elif call.name == "ForeignKeyConstraint":
            _read_foreign_keys(facts, call)
        elif call.name == "PrimaryKeyConstraint":
            facts.primary_key.update(name for name in map(_column_text, call.positional) if name)


def _read_foreign_keys(facts: TableFacts, call: Call) -> None:
    local, remote = call.argument(0, "columns"), call.argument(1, "refcolumns")
    if local is None or remote is None:
        return
    for column, target in zip(local.elements(), remote.elements(), strict=False):
        name, text = _column_text(column), target_text(target)
        if name and text:
            facts.foreign_keys.setdefault(name, []).append(text)


def _column_text(expression: Expression) -> str | None:
    return expression.text() or expression.spelled() or None
