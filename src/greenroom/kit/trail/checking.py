"""Whether a database is set up so that the trail is complete and the application cannot alter it: asked at start."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail import ddl
from greenroom.kit.trail.declaration import Trail, Trailed

_ROLE: Final = text(
    """
    SELECT current_user AS name, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_super,
        to_regclass('greenroom_trail.entry') IS NOT NULL AS is_installed
    """
)
_POWERS: Final = text(
    """
    SELECT pg_has_role(current_user, relowner, 'MEMBER') AS owns,
        has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes
    FROM pg_class WHERE oid = 'greenroom_trail.entry'::regclass
    """
)
_VERSION: Final = text("SELECT obj_description('greenroom_trail'::regnamespace, 'pg_namespace')")
_TABLES: Final = text(
    """
    SELECT name, pg_has_role(current_user, relowner, 'MEMBER') AS owns, tgname IS NOT NULL AS is_attached, tgargs AS given
    FROM unnest(CAST(:names AS text[])) AS t(name)
    LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)
    LEFT JOIN pg_trigger ON tgrelid = pg_class.oid AND tgname = :trigger AND tgenabled IN ('O', 'A')
    """
)


async def check(connection: AsyncConnection, trail: Trail) -> list[str]:
    """Return what is wrong, each with its mend; nothing where the trail is complete and safe from the connection's role.

    In production refuse to start on any; in development, where the owner's role is the application's, show them.
    """
    role = (await connection.execute(_ROLE)).one()
    if not role.is_installed:
        return ["the trail is not installed: run the migration that calls trail.ddl.install()"]
    found = []
    powers = (await connection.execute(_POWERS)).one()
    if role.is_super:
        found.append(f"the role {role.name!r} is a superuser and can alter the trail: connect as a role of the application")
    elif powers.owns:
        found.append(f"the role {role.name!r} owns the trail and can switch it off: connect as a role that does not own the tables")
    elif powers.writes:
        found.append(f"the role {role.name!r} may write the trail: REVOKE it (trail.ddl.install grants SELECT alone)")
    if (await connection.execute(_VERSION)).scalar_one() != f"greenroom.kit.trail {ddl.version()}":
        found.append("the functions of the trail are of another version of the kit: run a migration that calls trail.ddl.upgrade()")
    declared = {ddl.name_of(table): (table, how) for table, how in trail.tables.items()}
    rows = (await connection.execute(_TABLES, {"names": list(declared), "trigger": ddl.TRIGGER})).all()
    for row in rows:
        if not row.is_attached:
            found.append(f"the table {row.name} leaves no trail: run a migration that calls trail.ddl.attach() for it")
        elif row.given != b"".join(argument.encode() + b"\0" for argument in _arguments(*declared[row.name])):
            found.append(f"the table {row.name} leaves another trail than is declared: run a migration that detaches and attaches it")
        if row.owns and not role.is_super and not powers.owns:
            found.append(f"the role {role.name!r} owns the table {row.name} and can switch its trail off: give it to the trail's owner")
    return found


def _arguments(table: Table, how: Trailed) -> list[str]:
    return ddl.arguments(how, [column.name for column in table.primary_key])
