"""Whatever a superuser does to the rows behind the triggers' back is found; what nobody does is never found."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import col

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.trail import Verdict, checkpoint, tell_contexts, verify
from tests.kit.trail.conftest import application_url
from tests.kit.trail.subjects import BOT, Shelf, by

CHANGES: dict[str, str] = {
    "id": "id + 1000000",
    "at": "at - interval '1 second'",
    "transaction_id": "transaction_id - 1",
    "entity": "entity || 'x'",
    "entity_id": "entity_id || '0'",
    "seq": "seq + 100",
    "change": "CASE change WHEN 'delete' THEN 'insert' ELSE 'delete' END",
    "operation": "coalesce(operation, '') || 'x'",
    "actor_kind": "'system'",
    "actor_id": "actor_id || 'x'",
    "actor_issuer": "''",
    "actor_name": "NULL",
    "on_behalf_of": "coalesce(on_behalf_of, '') || 'x'",
    "request_id": "'x'",
    "reason": "'x'",
    "scope": """scope || '{"x": 1}'""",
    "changes": """changes || '{"x": [1, 2]}'""",
    "previous": "sha256(previous)",
    "hash": "sha256(hash)",
}
ROW = "(SELECT id FROM greenroom_trail.entry ORDER BY id OFFSET {} LIMIT 1)"
ALTER = "UPDATE greenroom_trail.entry SET {} = {} WHERE id = {}"
REMOVE = "DELETE FROM greenroom_trail.entry WHERE id = {}"
INVENT = """
    INSERT INTO greenroom_trail.entry SELECT id + 1000000, at, transaction_id, entity, entity_id, seq + 50, change, operation, actor_kind,
        actor_id, actor_issuer, actor_name, on_behalf_of, request_id, reason, scope, changes, previous, hash
    FROM greenroom_trail.entry WHERE id = {}
"""
SWAP = """
    UPDATE greenroom_trail.entry AS e SET {0} = other.{0} FROM greenroom_trail.entry AS other
    WHERE e.id IN ({1}, {2}) AND other.id IN ({1}, {2}) AND other.id <> e.id
"""
ALTER_HEAD = "UPDATE greenroom_trail.head SET {} WHERE ctid = (SELECT min(ctid) FROM greenroom_trail.head)"
ALTER_CHECKPOINT = "UPDATE greenroom_trail.checkpoint SET {}"
REMOVE_CHECKPOINTS = "DELETE FROM greenroom_trail.checkpoint"
# As if nothing had ever been.
REMOVE_ALL = """
    WITH gone AS (DELETE FROM greenroom_trail.head RETURNING 1) DELETE FROM greenroom_trail.entry WHERE (SELECT count(*) FROM gone) > 0
"""
HEADS = st.sampled_from(["seq = seq + 1", "hash = sha256(hash)", "entity_id = entity_id || 'x'"])
CHECKPOINTS = st.sampled_from(
    ["at = at + interval '1 s'", "snapshot = snapshot || '0'", "last_id = last_id - 1", "digest = hash", "heads = 0"]
)
SWAPPED = st.sampled_from(["changes", "at", "hash", "id"])
PLACES = st.integers(0, 7).map(ROW.format)
DEEDS = st.one_of(
    st.builds(lambda column, row: ALTER.format(column, CHANGES[column], row), st.sampled_from(sorted(CHANGES)), PLACES),
    PLACES.map(REMOVE.format),
    PLACES.map(INVENT.format),
    st.builds(SWAP.format, SWAPPED, PLACES, PLACES),
    HEADS.map(ALTER_HEAD.format),
    CHECKPOINTS.map(ALTER_CHECKPOINT.format),
    st.just(REMOVE_CHECKPOINTS),
    st.just(REMOVE_ALL),
)


async def _write(url: str) -> bytes:
    database = Database(DatabaseSettings(url=url), listeners=[tell_contexts])
    try:
        async with database.begin(info=by()) as session:
            shelves = [Shelf(name=name) for name in "abc"]
            session.add_all(shelves)
        async with database.begin(info=by(BOT, operation="rename")) as session:
            await session.execute(update(Shelf).where(col(Shelf.id).in_([shelf.id for shelf in shelves])).values(name="other"))
            await session.execute(delete(Shelf).where(col(Shelf.id) != shelves[0].id))
        async with database.engine.begin() as connection:
            return await checkpoint(connection)
    finally:
        await database.dispose()


async def _tampered(url: str, deeds: list[str], published: bytes) -> tuple[int, Verdict]:
    """Do the deeds in a transaction that is rolled back; return how many rows they touched and what is found."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            before = await _content(connection)
            for deed in deeds:
                await connection.exec_driver_sql(deed)
            touched = int(before != await _content(connection))
            verdict = await verify(connection, published=[published])
            await connection.rollback()
            return touched, verdict
    finally:
        await engine.dispose()


async def _content(connection: AsyncConnection) -> list[Any]:
    tables = " UNION ALL ".join(f"SELECT t::text FROM greenroom_trail.{name} AS t" for name in ("entry", "head", "checkpoint"))  # noqa: S608  # names of ours
    return sorted((await connection.exec_driver_sql(tables)).scalars())


@pytest.fixture(scope="module")
def published(prepared: str) -> bytes:
    return asyncio.run(_write(application_url(prepared)))


@settings(max_examples=80, deadline=None)
@given(deed=DEEDS)
def test_no_tampering_goes_unseen(prepared: str, published: bytes, deed: str) -> None:
    try:
        touched, verdict = asyncio.run(_tampered(prepared, [deed], published))
    except IntegrityError:
        # Two rows cannot trade what is unique in one statement: PostgreSQL refuses that to everybody.
        return
    assert touched == (not verdict.sound)


def test_nothing_is_found_where_nothing_was_done(prepared: str, published: bytes) -> None:
    touched, verdict = asyncio.run(_tampered(prepared, [], published))
    assert (touched, verdict.breaks) == (0, ())
