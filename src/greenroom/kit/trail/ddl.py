"""What the trail needs in the database, as statements: for a migration, or at once for a test.

The owner of the tables runs them. The application's role gets no more than SELECT: the functions write with the owner's rights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from importlib import resources
from typing import Final

from alembic.operations import Operations
from sqlalchemy import DDL, Connection, Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail.declaration import Trail, Trailed

# Triggers fire in the order of their names: the underscore comes before those of others, so that a trigger that changes the row again is
# recorded after the change that it answers. https://www.postgresql.org/docs/current/trigger-definition.html
TRIGGER: Final = "_greenroom_trail"
# A statement ends with a semicolon at the end of a line, outside of a function's body.
_STATEMENT: Final = re.compile(r"(?:[^;$]|\$body\$.*?\$body\$)+;", re.DOTALL)
_COMMENT: Final = re.compile(r"^--.*\n", re.MULTILINE)
_PREPARER: Final = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed


def install(application_role: str | None = None) -> Iterator[str]:
    """Yield the statements that make the schema ``greenroom_trail`` with its tables and functions.

    ``application_role`` may read it and make checkpoints, and nothing else. Without one, the owner is the application, and could undo all
    this: good enough for a look, and ``check`` says so.
    """
    yield from _statements("tables.sql")
    yield "REVOKE ALL ON ALL TABLES IN SCHEMA greenroom_trail FROM PUBLIC"
    yield from upgrade()
    if application_role is not None:
        role = quoted(application_role)
        yield f"GRANT USAGE ON SCHEMA greenroom_trail TO {role}"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA greenroom_trail TO {role}"
        yield f"GRANT EXECUTE ON FUNCTION greenroom_trail.checkpoint() TO {role}"


def upgrade() -> Iterator[str]:
    """Yield the statements that put this version's functions in the place of those of an earlier one; ``check`` says when they differ."""
    yield from _statements("functions.sql")
    yield "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA greenroom_trail FROM PUBLIC"
    yield f"COMMENT ON SCHEMA greenroom_trail IS 'greenroom.kit.trail {version()}'"


def version() -> str:
    """Return what tells the functions of one version of the kit from those of another: a digest of their text."""
    return sha256(_source("functions.sql").encode()).hexdigest()[:12]


def uninstall() -> Iterator[str]:
    """Yield the statement that drops the trail, with all its rows and triggers."""
    yield "DROP SCHEMA greenroom_trail CASCADE"


def attach(table: str, how: Trailed, keys: Sequence[str] = ("id",)) -> Iterator[str]:
    """Yield the statements that make a table leave a trail: its name as a statement has it, and the columns of its primary key."""
    given = ", ".join(_literal(argument) for argument in arguments(how, keys))
    yield (
        f"CREATE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION greenroom_trail.record({given})"
    )
    # TRUNCATE fires no trigger for rows: it would empty the table without a trace.
    yield f"CREATE TRIGGER {TRIGGER}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION greenroom_trail.refuse()"


def arguments(how: Trailed, keys: Sequence[str]) -> list[str]:
    """Return what the trigger of a table with this primary key is given."""
    return [how.entity, *(_array(columns) for columns in (keys, how.scope, how.secrets, how.quiet))]


def detach(table: str) -> Iterator[str]:
    """Yield the statements that end the trail of a table; its rows in the trail stay."""
    for name in (TRIGGER, f"{TRIGGER}_truncate"):
        yield f"DROP TRIGGER {name} ON {table}"


def everything(trail: Trail, application_role: str | None = None) -> Iterator[str]:
    """Yield all statements for a trail and all its tables."""
    yield from install(application_role)
    for table, how in trail.tables.items():
        yield from attach(name_of(table), how, [column.name for column in table.primary_key])


async def create(connection: AsyncConnection, trail: Trail, application_role: str | None = None) -> None:
    """Run all statements for a trail and all its tables at once."""
    await connection.run_sync(run, everything(trail, application_role))


def run(target: Connection | Operations, statements: Iterable[str]) -> None:
    """Run statements as they are: in a migration, ``ddl.run(op, ddl.install("app"))``, which can also be written out (``--sql``)."""
    for statement in statements:
        ready = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        if isinstance(target, Connection):
            target.execute(ready)
        else:
            target.execute(ready)


def _source(name: str) -> str:
    return _COMMENT.sub("", resources.files(__package__).joinpath("sql", name).read_text(encoding="utf-8"))


def _statements(name: str) -> Iterator[str]:
    return (statement.strip().removesuffix(";") for statement in _STATEMENT.findall(_source(name)))


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL, quoted where it must be."""
    return str(_PREPARER.quote(name))


def name_of(table: Table) -> str:
    """Return a table's name as a statement has it, quoted where it must be."""
    return str(_PREPARER.format_table(table))


def _array(columns: Sequence[str]) -> str:
    quoted = ",".join('"' + column.replace("\\", "\\\\").replace('"', '\\"') + '"' for column in columns)
    return "{" + quoted + "}"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
