"""A database with two roles, as in production: the owner changes the schema, the application only the data."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
from sqlalchemy import URL


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the two roles."""

    owner: str = "greenroom_owner"
    application: str = "greenroom_app"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the two roles connect to: ``DATABASE_URL`` and ``DATABASE_OWNER_URL``. Printing one does not show it."""

    application: str = field(repr=False)
    owner: str = field(repr=False)


def create_database(superuser: URL, name: str, roles: Roles | None = None) -> Urls:
    """Make a database that the owner role owns, and in which the application's role may do nothing but read and write rows.

    Roles that exist already get a new password. Tables that the owner makes later are open to the application's role; a table that must
    not be (the trail's) takes that back itself: ``REVOKE … FROM``.
    """
    roles = roles or Roles()
    passwords = {role: secrets.token_urlsafe(24) for role in (roles.owner, roles.application)}
    _blocking(_create(superuser, name, roles, passwords))
    return Urls(*(_url(superuser, role, passwords[role], name) for role in (roles.application, roles.owner)))


def drop_database(superuser: URL, name: str, roles: Roles | None = None) -> None:
    """Delete a database, whoever is connected to it, and the roles, if they are given (and own nothing elsewhere)."""
    _blocking(_drop(superuser, name, (roles.owner, roles.application) if roles else ()))


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


async def _create(superuser: URL, name: str, roles: Roles, passwords: dict[str, str]) -> None:
    owner, application, database = quoted(roles.owner), quoted(roles.application), quoted(name)
    connection = await _connect(superuser)
    try:
        for role, password in passwords.items():
            exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if exists else "CREATE"
            await connection.execute(f"{verb} ROLE {quoted(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}'")
        await connection.execute(f"CREATE DATABASE {database} OWNER {owner}")
        await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {application}")
    finally:
        await connection.close()
    await _execute(
        superuser.set(database=name),
        f"""
        ALTER SCHEMA public OWNER TO {owner};
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {application};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {application};
        """,
    )


async def _drop(superuser: URL, name: str, roles: Sequence[str]) -> None:
    await _execute(superuser, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
    for role in roles:
        await _execute(superuser, f"DROP ROLE IF EXISTS {quoted(role)}")


async def _execute(url: URL, script: str) -> None:
    connection = await _connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


async def _connect(url: URL) -> Any:  # noqa: ANN401  # asyncpg ships no types
    return await asyncpg.connect(host=url.host, port=url.port, user=url.username, password=url.password, database=url.database)


def _url(superuser: URL, role: str, password: str, database: str) -> str:
    return superuser.set(username=role, password=password, database=database).render_as_string(hide_password=False)


def _blocking(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, whether or not a loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
