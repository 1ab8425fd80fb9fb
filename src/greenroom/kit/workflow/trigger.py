"""The table as a trigger: the database refuses what the table does not have, whoever writes it.

``fire`` is enough where all goes through it. The trigger holds against the rest: a status set by hand, a bulk UPDATE, another program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import DDL, event
from sqlalchemy.dialects import postgresql

from greenroom.kit.database import Broken
from greenroom.kit.problems import Conflict
from greenroom.kit.workflow.flow import Workflow

_LONGEST_NAME: Final = 63
"""Bytes: PostgreSQL cuts longer identifiers. https://www.postgresql.org/docs/current/sql-syntax-lexical.html"""

_PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $workflow$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.{column} IN ({initial}) THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'no row of the workflow begins in %', NEW.{column}
            USING ERRCODE = 'check_violation', CONSTRAINT = {name}, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF (OLD.{column}, NEW.{column}) IN ({pairs}) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'no row of the workflow leads from % to %', OLD.{column}, NEW.{column}
        USING ERRCODE = 'check_violation', CONSTRAINT = {name}, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$workflow$
"""
_ON_UPDATE: Final = """
CREATE OR REPLACE TRIGGER {trigger} BEFORE UPDATE ON {table}
FOR EACH ROW WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {function}()
"""
_ON_INSERT: Final = """
CREATE OR REPLACE TRIGGER {trigger_of_inserts} BEFORE INSERT ON {table}
FOR EACH ROW EXECUTE FUNCTION {function}()
"""


class TransitionTrigger:
    """The DDL for one workflow (PostgreSQL 14 and later).

    In a migration: ``for statement in trigger.create: op.execute(statement)``, and again whenever the table has changed; ``drop``
    takes it away. With ``create_all``: ``trigger.attach()`` once. Rows that are inserted must begin in an initial state, unless
    ``inserts`` is false. What it refuses is error 23514 with ``name`` as the constraint: ``Database(…, constraints=trigger.constraints)``
    makes that a ``Conflict``.
    """

    def __init__(self, workflow: Workflow[Any, Any], *, inserts: bool = True) -> None:
        self._workflow = workflow
        table = workflow.table
        column = workflow.state_column.name
        self.name = _fitting(f"workflow_{table.name}_{column}")
        self._names = {
            "table": _PREPARER.format_table(table),
            "column": _PREPARER.quote(column),
            "function": (f"{_PREPARER.quote_schema(table.schema)}." if table.schema else "") + _PREPARER.quote(self.name),
            "trigger": _PREPARER.quote(self.name),
            "trigger_of_inserts": _PREPARER.quote(_fitting(f"{self.name}_begin")),
            "name": _literal(self.name),
            "initial": _listed(workflow.initial),
            "pairs": ", ".join(f"({_literal(source)}, {_literal(row.target)})" for row in workflow.rows for source in sorted(row.sources)),
        }
        self._templates = (_FUNCTION, _ON_UPDATE, _ON_INSERT) if inserts else (_FUNCTION, _ON_UPDATE)

    @property
    def create(self) -> tuple[str, ...]:
        """The statements that put the trigger in place, or replace it."""
        return tuple(template.format(**self._names).strip() for template in self._templates)

    @property
    def drop(self) -> tuple[str, ...]:
        """The statements that take the trigger away."""
        names = self._names
        return (
            f"DROP TRIGGER IF EXISTS {names['trigger']} ON {names['table']}",
            f"DROP TRIGGER IF EXISTS {names['trigger_of_inserts']} ON {names['table']}",
            f"DROP FUNCTION IF EXISTS {names['function']}()",
        )

    @property
    def constraints(self) -> dict[str, Broken]:
        """What a refusal is to the client."""
        return {self.name: Broken("There is no way from the current state to this one", problem=Conflict, code="transition")}

    def attach(self) -> None:
        """Let ``create_all`` create the trigger after the table."""
        for statement in self.create:
            ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy's DDL is untyped; it formats with %
            event.listen(self._workflow.table, "after_create", ddl.execute_if(dialect="postgresql"))


def _literal(word: str) -> str:
    return "'" + str(word).replace("'", "''") + "'"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(_literal(word) for word in sorted(words))


def _fitting(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"{name.encode()[: _LONGEST_NAME - 9].decode(errors='ignore')}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
