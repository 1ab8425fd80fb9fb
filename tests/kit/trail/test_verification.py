"""Whoever alters the trail is found out: the chain of each entity, its end, and the checkpoints over all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from types import SimpleNamespace

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col, update

from greenroom.kit import clock
from greenroom.kit.database import Database
from greenroom.kit.trail import Fault, Verdict, tell, verify
from greenroom.kit.trail.chain import Snapshot, link, stamp
from greenroom.kit.trail.following import TEXTS, Following, members
from tests.kit.trail.reading import trail_of
from tests.kit.trail.subjects import BOT, Book, Shelf, by

pytestmark = pytest.mark.anyio


async def _write(db: Database, shelves: int = 3, changes: int = 3) -> list[int]:
    async with db.begin(info=by()) as session:
        made = [Shelf(name="0") for _ in range(shelves)]
        session.add_all(made)
    for number in range(1, changes):
        async with db.begin(info=by(BOT, reason="é\n")) as session:
            await session.exec(update(Shelf).where(col(Shelf.id).in_([shelf.id for shelf in made])).values(name=str(number)))
    return [shelf.id for shelf in made]


async def _verify(db: Database, **more: object) -> Verdict:
    async with db.engine.connect() as connection:
        return await verify(connection, **more)  # type: ignore[arg-type]  # whatever a test gives


async def _checkpoint(db: Database) -> bytes:
    async with db.engine.begin() as connection:
        hashed: bytes = (await connection.execute(text("SELECT hash FROM greenroom_trail.checkpoint()"))).scalar_one()
        return hashed


@pytest.fixture
async def tampering(superuser: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a transaction in which nothing is refused; it is rolled back."""
    async with superuser.connect() as connection:
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
        await connection.rollback()


async def _found(connection: AsyncConnection) -> set[tuple[Fault, str]]:
    """Verify within the transaction of the one who tampers."""
    verdict = await verify(connection)
    return {(found.fault, found.entity_id) for found in verdict.breaks}


async def test_what_the_database_has_written_is_sound(db: Database) -> None:
    await _write(db)
    await _checkpoint(db)
    await _write(db)
    published = await _checkpoint(db)
    verdict = await _verify(db, published=[published])
    assert verdict.breaks == ()
    assert verdict.rows >= 18
    assert verdict.entities >= 6
    assert verdict.checkpoints >= 2


TAMPERING = {
    Fault.ALTERED: "UPDATE greenroom_trail.entry SET actor_id = 'bob' WHERE entity = 'shelf' AND entity_id = '{0}' AND seq = 2",
    Fault.MISSING: "DELETE FROM greenroom_trail.entry WHERE entity = 'shelf' AND entity_id = '{0}' AND seq = 2",
    Fault.UNLINKED: "UPDATE greenroom_trail.entry SET previous = sha256('x') WHERE entity = 'shelf' AND entity_id = '{0}' AND seq = 2",
    Fault.HEAD: "DELETE FROM greenroom_trail.entry WHERE entity = 'shelf' AND entity_id = '{0}' AND seq = 3",
    Fault.HEADLESS: "DELETE FROM greenroom_trail.head WHERE entity = 'shelf' AND entity_id = '{0}'",
    Fault.EMPTY: "DELETE FROM greenroom_trail.entry WHERE entity = 'shelf' AND entity_id = '{0}'",
}
COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "transaction_id": "transaction_id + 1",
    "change": "'delete'",
    "operation": "'other'",
    "actor_kind": "'system'",
    "actor_issuer": "'other'",
    "actor_name": "'other'",
    "on_behalf_of": "'other'",
    "request_id": "'other'",
    "reason": "NULL",
    "scope": "'{{\"a\": 1}}'",
    "changes": "jsonb_set(changes, '{{name,1}}', '\"other\"')",
    "hash": "sha256('x')",
}


@pytest.mark.parametrize("fault", TAMPERING, ids=lambda fault: fault.name)
async def test_each_kind_of_tampering_is_named(db: Database, tampering: AsyncConnection, fault: Fault) -> None:
    victim, *_ = await _write(db)
    await tampering.exec_driver_sql(TAMPERING[fault].format(victim))
    assert await _found(tampering) == {(fault, str(victim))}


@pytest.mark.parametrize("column", COLUMNS)
async def test_no_column_of_a_row_can_be_changed(db: Database, tampering: AsyncConnection, column: str) -> None:
    victim, *_ = await _write(db)
    value = COLUMNS[column].format()
    await tampering.exec_driver_sql(
        f"UPDATE greenroom_trail.entry SET {column} = {value} "  # noqa: S608  # of the table above
        f"WHERE entity = 'shelf' AND entity_id = '{victim}' AND seq = 2"
    )
    assert {entity_id for _, entity_id in await _found(tampering)} == {str(victim)}


async def test_an_end_that_is_cut_off_with_its_head_is_found_by_a_checkpoint(db: Database, tampering: AsyncConnection) -> None:
    victim, *_ = await _write(db)
    await _checkpoint(db)
    await tampering.exec_driver_sql(f"DELETE FROM greenroom_trail.entry WHERE entity = 'shelf' AND entity_id = '{victim}' AND seq = 3")  # noqa: S608  # a number
    await tampering.exec_driver_sql(
        "UPDATE greenroom_trail.head AS h SET seq = e.seq, hash = e.hash FROM greenroom_trail.entry AS e "  # noqa: S608  # a number
        f"WHERE h.entity = 'shelf' AND h.entity_id = '{victim}' AND (e.entity, e.entity_id, e.seq) = (h.entity, h.entity_id, 2)"
    )
    assert {fault for fault, _ in await _found(tampering)} == {Fault.CHECKPOINT_BROKEN}


async def test_an_altered_checkpoint_is_found(db: Database, tampering: AsyncConnection) -> None:
    await _write(db)
    await _checkpoint(db)
    await tampering.exec_driver_sql(
        "UPDATE greenroom_trail.checkpoint SET heads = heads + 1 WHERE id = (SELECT max(id) FROM greenroom_trail.checkpoint)"
    )
    assert Fault.CHECKPOINT_ALTERED in {fault for fault, _ in await _found(tampering)}


async def test_a_published_checkpoint_that_is_gone_is_found(db: Database) -> None:
    verdict = await _verify(db, published=[b"kept elsewhere"])
    assert [found.fault for found in verdict.breaks] == [Fault.CHECKPOINT_GONE]


async def test_a_checkpoint_is_of_what_is_committed(db: Database) -> None:
    """Of two transactions at the time of the checkpoint, the one that commits later is not in it."""
    [shelf_id] = await _write(db, shelves=1, changes=1)
    written, checked = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with db.begin(info=by()) as session:
            await session.exec(update(Shelf).where(col(Shelf.id) == shelf_id).values(name="later"))
            written.set()
            await checked.wait()

    task = asyncio.create_task(slow())
    await written.wait()
    await _write(db, shelves=1)
    await _checkpoint(db)
    checked.set()
    await task
    assert (await _verify(db)).breaks == ()


async def test_a_checkpoint_needs_a_transaction_of_its_own(db: Database) -> None:
    async with db.engine.connect() as connection:
        await tell(connection, by()["trail"])
        await connection.exec_driver_sql("INSERT INTO shelf (name, created_at, updated_at, version) VALUES ('x', now(), now(), 1)")
        with pytest.raises(DBAPIError, match="a transaction of its own"):
            await connection.exec_driver_sql("SELECT greenroom_trail.checkpoint()")


async def test_many_writers_leave_chains_without_gaps(db: Database) -> None:
    [shared] = await _write(db, shelves=1, changes=1)

    async def work(number: int) -> None:
        async with db.begin(info=by()) as session:
            await session.exec(update(Shelf).where(col(Shelf.id) == shared).values(name=f"writer {number}"))
            session.add(Book(title=str(number)))

    await asyncio.gather(*(work(number) for number in range(20)))
    rows = await trail_of(db, "shelf", shared)
    assert [row.seq for row in rows] == list(range(1, 22))
    assert (await _verify(db)).breaks == ()


WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.lists(st.none() | WORDS, min_size=1, max_size=6))
def test_the_text_that_is_hashed_is_the_same_here_and_there(members: list[str | None], prepared: str) -> None:
    async def there() -> str:
        connection = await asyncpg.connect(prepared.replace("+asyncpg", ""))
        try:
            arguments = ", ".join(f"${place}::text" for place in range(1, len(members) + 1))
            printed: str = await connection.fetchval(f"SELECT jsonb_build_array({arguments})::text", *members)
            return printed
        finally:
            await connection.close()

    assert asyncio.run(there()) == json.dumps(members, ensure_ascii=False)


def test_a_snapshot_sees_what_was_committed_before_it() -> None:
    snapshot = Snapshot.parse("10:20:12,15")
    assert [number for number in range(8, 22) if snapshot.sees(number)] == [8, 9, 10, 11, 13, 14, 16, 17, 18, 19]
    assert Snapshot.parse("10:10:").sees(9)


def test_a_restored_dump_keeps_its_proofs() -> None:
    """On the new server transactions are numbered anew, below those that a checkpoint of the old one saw; rows are not."""

    def row(number: int, transaction: int, seq: int, previous: bytes) -> SimpleNamespace:
        made = SimpleNamespace(**dict.fromkeys(TEXTS), id=number, at=clock.now(), transaction_id=transaction, entity="x", entity_id="1")
        made.seq, made.changes, made.previous = seq, "{}", previous
        made.hash = link(previous, members(made))
        return made

    old = row(1, 5_000, 1, b"")
    new = row(2, 700, 2, old.hash)
    old.head_seq = new.head_seq = 2
    old.head_hash = new.head_hash = new.hash
    seen = SimpleNamespace(id=1, at=clock.now(), snapshot="5001:5001:", last_id=1, heads=1, digest=sha256(old.hash).digest(), previous=b"")
    seen.hash = link(b"", ["1", stamp(seen.at), seen.snapshot, "1", "1", seen.digest.hex()])
    following = Following([seen])
    following.take(old)
    following.take(new)
    assert following.end(10).breaks == ()
