"""Migrations of closed sets of words (``varchar`` with a CHECK): an operation of Alembic, and autogenerate that finds the change.

Alembic compares CHECK constraints by their names at most; a word that is added to the Python enumeration would pass the review of
the models and be refused by the database at run time.
https://alembic.sqlalchemy.org/en/latest/autogenerate.html#what-does-autogenerate-detect-and-what-does-it-not-detect
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import comparators, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from sqlalchemy import CheckConstraint, Dialect, Enum, String, Table, inspect

_LITERAL = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Choices:
    """The words that a column may hold, as a named constraint says."""

    table: str
    column: str
    constraint: str
    schema: str | None = None


@Operations.register_operation("exchange_choices")
class ExchangeChoices(MigrateOperation):
    """``op.exchange_choices("task", "status", "ck_task_status", ["open", "done"], before=["open"])``.

    The constraint is exchanged in one step: no row can come in between that fits neither. Rows that do not fit make it fail.
    """

    def __init__(self, of: Choices, values: Sequence[str], before: Sequence[str]) -> None:
        self.of = of
        self.values = list(values)
        self.before = list(before)

    @classmethod
    def exchange_choices(  # what a migration file writes down
        cls,
        operations: Operations,
        table: str,
        column: str,
        constraint: str,
        values: Sequence[str],
        *,
        before: Sequence[str],
        schema: str | None = None,
    ) -> Any:  # noqa: ANN401  # the protocol of Alembic
        """Let a column hold these words, in place of those it held before."""
        return operations.invoke(cls(Choices(table, column, constraint, schema), values, before))

    def reverse(self) -> ExchangeChoices:
        """Return the downgrade."""
        return ExchangeChoices(self.of, self.before, self.values)

    def to_diff_tuple(self) -> tuple[str, Choices, list[str], list[str]]:
        """Return the change for ``alembic check`` and ``compare_metadata``."""
        return ("exchange_choices", self.of, self.before, self.values)


@Operations.implementation_for(ExchangeChoices)
def _exchange(operations: Operations, operation: ExchangeChoices) -> None:
    quote = operations.get_context().dialect.identifier_preparer.quote
    of = operation.of
    table = ".".join(quote(part) for part in (of.schema, of.table) if part)
    words = ", ".join("'" + value.replace("'", "''") + "'" for value in operation.values)
    constraint, column = quote(of.constraint), quote(of.column)
    operations.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} CHECK ({column} IN ({words}))")


@renderers.dispatch_for(ExchangeChoices)
def _rendered(_context: AutogenContext, operation: ExchangeChoices) -> str:
    of = operation.of
    schema = f", schema={of.schema!r}" if of.schema else ""
    return f"op.exchange_choices({of.table!r}, {of.column!r}, {of.constraint!r}, {operation.values!r}, before={operation.before!r}{schema})"


@comparators.dispatch_for("table")
def _compare(  # the protocol of Alembic
    context: AutogenContext,
    changes: ModifyTableOps,
    schema: str | None,
    name: str,
    in_database: Table | None,
    declared: Table | None,
) -> None:
    if in_database is None or declared is None or context.connection is None:
        return
    checks = {check["name"]: check["sqltext"] for check in inspect(context.connection).get_check_constraints(name, schema=schema)}
    for column, constraint, values in _declared(declared, inspect(context.connection).dialect):
        text = checks.get(constraint)
        if text is None:
            continue
        before = [word.replace("''", "'") for word in _LITERAL.findall(text)]
        if set(before) != set(values):
            _leave_the_constraint(changes, column)
            changes.ops.append(ExchangeChoices(Choices(name, column, constraint, schema), values, before))


def _leave_the_constraint(changes: ModifyTableOps, column: str) -> None:
    """Make a change of the column's length be just that: of an ``Enum`` it would add the constraint once more."""
    for change in changes.ops:
        if isinstance(change, AlterColumnOp) and change.column_name == column and isinstance(change.modify_type, Enum):
            change.modify_type = String(change.modify_type.length)


def _declared(table: Table, dialect: Dialect) -> Iterator[tuple[str, str, list[str]]]:
    """Yield column, constraint and words of each closed set."""
    for constraint in table.constraints:
        # The CHECK that an Enum brings along: others may speak of the column too. SQLAlchemy has no public word for it.
        if not (isinstance(constraint, CheckConstraint) and getattr(constraint, "_type_bound", False) and constraint.name):
            continue
        for column in constraint.columns:
            if isinstance(column.type, Enum) and not column.type.native_enum:
                # With the naming convention applied, which SQLAlchemy does when it compiles.
                name = dialect.identifier_preparer.format_constraint(constraint) or ""
                yield column.name, name.strip('"'), list(column.type.enums)
