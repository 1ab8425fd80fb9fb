"""Whether the application's role can alter the trail: tried, not asked."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail import ddl
from greenroom.kit.trail.declaration import Trail

_ON_THE_TRAIL: Final = (
    "INSERT INTO greenroom_trail.{0} SELECT * FROM greenroom_trail.{0} WHERE false",
    "UPDATE greenroom_trail.{0} SET hash = ''",
    "DELETE FROM greenroom_trail.{0}",
    "TRUNCATE greenroom_trail.{0} CASCADE",
    "ALTER TABLE greenroom_trail.{0} DISABLE TRIGGER USER",
    "DROP TABLE greenroom_trail.{0} CASCADE",
)
_ON_A_TABLE: Final = ("TRUNCATE {0} CASCADE", "ALTER TABLE {0} DISABLE TRIGGER USER", f"DROP TRIGGER {ddl.TRIGGER} ON {{0}}")
_ON_THE_WHOLE: Final = (
    "SET LOCAL session_replication_role = replica",
    "SELECT greenroom_trail.append('x', '1', 'insert', '{}', '{}', '{}')",
    "DROP SCHEMA greenroom_trail CASCADE",
    """
    CREATE TEMP TABLE forged (id int);
    CREATE TRIGGER forged AFTER INSERT ON forged FOR EACH ROW EXECUTE FUNCTION greenroom_trail.record('x', '{id}', '{}', '{}', '{}')
    """,
)


async def alterations(connection: AsyncConnection, trail: Trail) -> list[str]:
    """Try to alter the trail by the connection's role in every way that we know; return the statements that were not refused.

    Each is rolled back. ``assert await alterations(connection, TRAIL) == []``; the locks that it takes make it one for tests.
    """
    tried = [statement.format(table) for table in ("entry", "head", "checkpoint") for statement in _ON_THE_TRAIL]
    tried += [statement.format(ddl.name_of(table)) for table in trail.tables for statement in _ON_A_TABLE]
    return [statement for statement in [*tried, *_ON_THE_WHOLE] if not await _is_refused(connection, statement)]


async def _is_refused(connection: AsyncConnection, statement: str) -> bool:
    attempt = await connection.begin_nested()
    try:
        for one in statement.split(";"):
            await connection.exec_driver_sql(one)
    except DBAPIError:
        return True
    finally:
        await attempt.rollback()
    return False
