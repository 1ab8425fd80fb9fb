"""Alembic's environment for async PostgreSQL: ``env.py`` is three lines.

::

    from app.tables import Base
    from greenroom.kit.database import migrations

    migrations.run(Base.metadata)
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from alembic import context
from sqlalchemy import Connection, MetaData, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from greenroom.kit.database import choices
from greenroom.kit.database.connecting import Connector, refused
from greenroom.kit.database.failures import AwayError, sqlstate
from greenroom.kit.database.server.roles import quoted
from greenroom.kit.database.settings import DatabaseSettings
from greenroom.kit.database.url import Target, parse

__all__ = ["MigrationError", "choices", "run"]

_LOCK: Final = zlib.crc32(b"greenroom.migrations")
"""The advisory lock of this database that a migration holds."""

_CONNECT_PATIENCE: float = 30
"""Seconds to wait for a server that starts."""

_NOT_IN_TIME: Final = "55P03"  # lock_not_available


class MigrationError(RuntimeError):
    """The migration cannot begin; the message says why and what to do."""


def run(metadata: MetaData, url: str | None = None, *, role: str | None = None, patience: float = 300, lock_timeout: float = 10) -> None:
    """Run what Alembic was called for, on ``url``, else on ``DATABASE_OWNER_URL``, else on ``DATABASE_URL``.

    ``role`` is the owner role to become, where the one that logs in is another. Two deployments do not migrate at once: the second
    waits for the first, up to ``patience`` seconds. A statement that waits for a table longer than ``lock_timeout`` seconds fails,
    for all requests to that table queue up behind it. Each migration is a transaction of its own.

    A connection in ``config.attributes["connection"]`` is used as it is: for tests.
    Raises ``MigrationError``, and ``SettingsError`` for a wrong setting.
    """
    given = context.config.attributes.get("connection")
    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql", target_metadata=metadata, literal_binds=True, dialect_opts={"paramstyle": "named"},
            transaction_per_migration=True,
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
    elif given is not None:
        _migrate(given, metadata)
    else:
        target = parse(url) if url else DatabaseSettings().owner_target
        if target.pooled:
            raise MigrationError(
                "a migration needs a connection of its own, and a pooler stands between: set DATABASE_OWNER_URL to the address of "
                "the server itself (at Neon, the host without -pooler)"
            )
        asyncio.run(_online(target, metadata, role, patience, lock_timeout))


async def _online(target: Target, metadata: MetaData, role: str | None, patience: float, lock_timeout: float) -> None:
    arguments = target.connect_arguments() | {"server_settings": {"application_name": "migrations", **target.settings}}
    arguments["async_creator_fn"] = Connector(_CONNECT_PATIENCE, target.socket)
    engine = create_async_engine(target.url, poolclass=NullPool, connect_args=arguments)
    try:
        async with _connected(engine) as connection:
            # A lock of the session, which outlives the transactions of the single migrations.
            await connection.execute(text(f"SET lock_timeout = {round(patience * 1000)}"))
            try:
                await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            except DBAPIError as error:
                if sqlstate(error) != _NOT_IN_TIME:
                    raise
                raise MigrationError(f"another migration of this database has been running for more than {patience:g} seconds") from None
            await connection.execute(text(f"SET lock_timeout = {round(lock_timeout * 1000)}"))
            if role is not None:
                await connection.execute(text(f"SET ROLE {quoted(role)}"))
            await connection.commit()
            await connection.run_sync(_migrate, metadata)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = engine.connect()
    try:
        _ = await connection.start()
    except AwayError as error:
        where = f"{engine.url.host}:{engine.url.port or 5432}"
        raise MigrationError(f"no database answers at {where}: check DATABASE_OWNER_URL and DATABASE_URL") from error
    except Exception as error:
        refusal = refused(error, "DATABASE_OWNER_URL or DATABASE_URL")
        if refusal is None:
            raise
        raise refusal from None
    try:
        yield connection
    finally:
        await connection.close()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
