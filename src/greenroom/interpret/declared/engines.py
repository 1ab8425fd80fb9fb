"""What the engines of a project say by themselves: their drivers, and what stands between them and the database."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.domain.events import BlockingDriver, Observation, PooledStatements
from greenroom.domain.loading import Site
from greenroom.facts.collect import Backend
from greenroom.facts.engines import Engine
from greenroom.facts.expression import Expression
from greenroom.facts.urls import Address
from greenroom.semantics.drivers import BLOCKING, driver_of
from greenroom.source.discover import Group

TRANSACTION_PORT = 6543
"""Where Supabase's pooler serves transaction mode."""

CREATORS = frozenset({"async_creator", "async_creator_fn", "creator"})
"""Arguments that make connections in a way of their own."""


def observe(backend: Backend, group: Group) -> Iterator[Observation]:
    """Asynchronous engines whose driver waits, or keeps statements that a pooler loses."""
    for engine in backend.engines():
        address = engine.address
        if not engine.asynchronous or address is None:
            continue
        site = Site(engine.module, engine.node)
        driver = driver_of(address.dialect, address.driver, sqlalchemy=backend.sqlalchemy)
        if driver in BLOCKING:
            yield BlockingDriver(site, (), engine.name, driver, address.stated)
        pooler = _pooler(address)
        if driver == "asyncpg" and pooler:
            half = _keeps_statements(engine, address)
            if half is not None:
                yield PooledStatements(site, (), pooler, half, address.stated)


def _pooler(address: Address) -> str:
    """What in an address names a transaction-mode pooler; empty where nothing does."""
    label = address.host.partition(".")[0]
    if label.endswith("-pooler"):
        return f"the host `{label}`"
    if "pgbouncer" in address.host:
        return f"the host `{address.host}`"
    return f"port {TRANSACTION_PORT}" if address.port == TRANSACTION_PORT else ""


def _keeps_statements(engine: Engine, address: Address) -> bool | None:
    """Whether an engine keeps prepared statements by name, or (True) only their names; None where it does not, or nobody knows.

    Without asyncpg's own cache statements have no names, and nothing collides. SQLAlchemy's cache alone leaves names that each
    process counts from one, unless a function makes them.
    """
    if any(keyword.arg is None for keyword in engine.node.keywords) or not engine.call.keywords.keys().isdisjoint(CREATORS):
        return None
    arguments = _entries(engine.call.keywords.get("connect_args"))
    if arguments is None or "statement_cache_size=" in address.query.replace("prepared_statement", ""):
        return None
    if _is_zero(arguments.get("statement_cache_size")) is not False:
        return None
    query = "prepared_statement_cache_size=0" in address.query
    half = query or _is_zero(arguments.get("prepared_statement_cache_size")) is not False
    return None if half and "prepared_statement_name_func" in arguments else half


def _entries(given: Expression | None) -> dict[str, Expression] | None:
    """The items of ``connect_args``; None where they cannot be read off."""
    if given is None:
        return {}
    node = given.follow().node
    if isinstance(node, ast.Dict) and None not in node.keys:
        return given.entries()
    return given.entries() if isinstance(node, ast.Call) and given.entries() else None


def _is_zero(value: Expression | None) -> bool | None:
    """Whether a size is 0; None where it is not known."""
    if value is None:
        return False
    known = value.constant()
    return known == 0 if isinstance(known, int) else None
