"""Whether a database is set up so that the trail is complete and the application cannot alter it: asked at start."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail.ddl import TRIGGER, name_of
from greenroom.kit.trail.declaration import Trail

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
_WITHOUT: Final = text(
    """
    SELECT name FROM unnest(CAST(:names AS text[])) AS t(name) WHERE NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = to_regclass(name) AND tgname = :trigger AND tgenabled IN ('O', 'A')
    )
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
    names = [name_of(table) for table in trail.tables]
    without = await connection.execute(_WITHOUT, {"names": names, "trigger": TRIGGER})
    return found + [f"the table {name} leaves no trail: run a migration that calls trail.ddl.attach() for it" for name in without.scalars()]
