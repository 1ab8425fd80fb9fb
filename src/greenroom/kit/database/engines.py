"""Engines for asyncpg: one that writes, one that reads and cannot write."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Final

import orjson
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from greenroom.kit.database.connecting import Connector
from greenroom.kit.database.failures import of_system
from greenroom.kit.database.settings import DatabaseSettings
from greenroom.kit.database.url import Target

FAILED: Final = "greenroom.failed"
"""In a connection's ``info``: a statement has failed on it since the transaction began."""

_CHECKED_IN: Final = "greenroom.checked_in"


def writing_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Make the engine that writes."""
    return _engine(settings, settings.target, {})


def reading_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Make the engine that reads: each statement is a transaction of its own, which saves BEGIN and ROLLBACK, and is read-only.

    Behind a transaction-mode pooler neither holds (a setting of the connection would leak to its next user, and the two messages of a
    prepared statement may reach two servers), so there each use is one ``BEGIN READ ONLY`` transaction.
    """
    target = settings.read_target
    if target.arguments.get("target_session_attrs") == "read-write":
        # Our own read-only setting would make every host look like one that is not.
        target = replace(target, arguments={**target.arguments, "target_session_attrs": "primary"})
    if target.pooled:
        return _engine(settings, target, {}, execution_options={"postgresql_readonly": True})
    return _engine(settings, target, {"default_transaction_read_only": "on"}, isolation_level="AUTOCOMMIT")


def server_settings(settings: DatabaseSettings, target: Target) -> dict[str, str]:
    """Return what is sent to the server as a connection begins.

    A pooler refuses what it does not know or would hand on to others: only the name is sent to one. Set the time limits on the
    role there: ``ALTER ROLE … SET statement_timeout = '30s'``.
    """
    own = {"application_name": settings.application_name}
    if not target.pooled:
        own |= {
            "statement_timeout": _milliseconds(settings.statement_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(settings.idle_in_transaction_timeout),
        }
    return own | dict(target.settings)


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _engine(settings: DatabaseSettings, target: Target, server: dict[str, str], **options: Any) -> AsyncEngine:  # noqa: ANN401  # of SQLAlchemy
    arguments = {"timeout": settings.connect_timeout} | target.connect_arguments()
    arguments["server_settings"] = server_settings(settings, target) | server
    engine = create_async_engine(
        target.url,
        connect_args=arguments | {"async_creator_fn": Connector(settings.connect_patience, target.socket)},
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        # The connections used last are warm; the others grow old and are let go.
        pool_use_lifo=True,
        # Values may be secrets, and errors are logged.
        hide_parameters=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        **options,
    )
    pool = engine.sync_engine.pool
    event.listen(pool, "checkin", _note_the_time)
    event.listen(engine.sync_engine, "handle_error", _note_the_failure)
    event.listen(pool, "checkout", partial(_check, engine, settings.ping_after))
    return engine


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _note_the_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_CHECKED_IN] = monotonic()


def _note_the_failure(context: ExceptionContext) -> BaseException | None:
    away = of_system(context.original_exception)
    if away is not None:
        context.is_disconnect = True
        return away
    if context.connection is not None and not context.is_disconnect:
        context.connection.info[FAILED] = True
    return None


def _check(
    engine: AsyncEngine, ping_after: float, connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection
) -> None:
    """Make the pool replace a connection that is dead.

    Either the server has closed it, which is known without asking; or it has been idle for so long that asking is worth the round
    trip, for a firewall between may have forgotten it.
    """
    record.info.pop(FAILED, None)
    if proxy.driver_connection.is_closed():  # type: ignore[union-attr]  # a connection that is checked out has one
        raise DisconnectionError("the server has closed the connection")
    if monotonic() - record.info.get(_CHECKED_IN, monotonic()) < ping_after:
        return
    try:
        engine.dialect.do_ping(connection)
    except Exception as error:  # any error means that it cannot be used
        raise DisconnectionError("the connection does not answer") from error
