"""The chain of an entity is in the order of its changes, whoever writes at once and whatever else fires."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from greenroom.kit.database import Contended, Database
from greenroom.kit.trail import tell, verify
from tests.kit.trail.reading import trail_of
from tests.kit.trail.subjects import Book, Lending, Shelf, by

pytestmark = pytest.mark.anyio

AGAIN = (
    """
    CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE shelf SET name = 'again' WHERE id = NEW.id AND name = 'once'; RETURN NULL; END $$
    """,
    "CREATE TRIGGER a_first AFTER UPDATE ON shelf FOR EACH ROW EXECUTE FUNCTION again()",
    "INSERT INTO shelf (id, name, created_at, updated_at, version) VALUES (900001, 'new', now(), now(), 1)",
    "UPDATE shelf SET name = 'once' WHERE id = 900001",
)
"""A trigger of the application that comes before most by its name, and what sets it off."""


async def test_twenty_writers_of_the_same_entities_in_any_order_leave_no_gap(db: Database) -> None:
    async with db.begin(info=by()) as session:
        shelves = [Shelf(name="0") for _ in range(4)]
        session.add_all(shelves)
    numbers = [shelf.id for shelf in shelves]

    async def work(writer: int) -> None:
        async with db.begin(info=by(request_id=f"r-{writer}")) as session:
            # Rows are locked in one order, as everybody must who changes several: the trail adds no lock that comes before them.
            for number in numbers:
                await session.execute(update(Shelf).where(col(Shelf.id) == number).values(name=f"writer {writer}"))

    await asyncio.gather(*(work(writer) for writer in range(20)))
    chains = [await trail_of(db, "shelf", number) for number in numbers]
    assert [[row.seq for row in chain] for chain in chains] == [list(range(1, 22))] * 4
    assert len({tuple(row.request_id for row in chain) for chain in chains}) == 1
    async with db.engine.connect() as connection:
        assert (await verify(connection)).breaks == ()


async def test_an_old_snapshot_may_try_again(db: Database) -> None:
    """A key that was used and freed after the snapshot was taken: nothing but the trail stands in the way of this insert."""

    async def be_late() -> None:
        async with db.begin(info=by(), isolation="REPEATABLE READ") as late:
            await late.execute(text("SELECT 1 FROM book LIMIT 1"))
            async with db.begin(info=by()) as early:
                early.add(Book(id=900_002, title="first"))
                await early.flush()
                await early.execute(text("DELETE FROM book WHERE id = 900002"))
            late.add(Book(id=900_002, title="second"))

    with pytest.raises(Contended):
        await be_late()


async def test_what_a_trigger_of_the_application_changes_again_comes_after(owner: AsyncEngine) -> None:
    async with owner.connect() as connection:
        await tell(connection, by()["trail"])
        for statement in AGAIN:
            await connection.exec_driver_sql(statement)
        told = "SELECT changes -> 'name' ->> 1 FROM greenroom_trail.entry WHERE entity = 'shelf' AND entity_id = '900001' ORDER BY seq"
        assert (await connection.exec_driver_sql(told)).scalars().all() == ["new", "once", "again"]
        await connection.rollback()


async def test_keys_of_two_columns_are_never_taken_for_each_other(db: Database) -> None:
    async with db.begin(info=by()) as session:
        session.add_all([Lending(id=8, reader=reader) for reader in ("a,b", "a\\,b", "a\\", "plain")])
    for told in ("8,a\\,b", "8,a\\\\\\,b", "8,a\\\\", "8,plain"):
        assert [row.seq for row in await trail_of(db, "lending", told)] == [1]


async def test_how_values_are_told_does_not_hang_on_who_tells_them(owner: AsyncEngine) -> None:
    async with owner.connect() as connection:
        await tell(connection, by()["trail"])
        await connection.exec_driver_sql("SET LOCAL timezone = 'Asia/Tokyo'")
        await connection.exec_driver_sql("SET LOCAL extra_float_digits = -10")
        await connection.exec_driver_sql(
            "INSERT INTO book (id, title, pages, printed, words, details, created_at, updated_at, version) "
            "VALUES (900003, 't', 0, '2026-01-01 09:00:00+09', '{}', '{}', now(), now(), 1)"
        )
        told = "SELECT changes -> 'printed' ->> 1 FROM greenroom_trail.entry WHERE entity = 'book' AND entity_id = '900003'"
        assert (await connection.exec_driver_sql(told)).scalar_one() == "2026-01-01T00:00:00+00:00"
        await connection.rollback()


async def test_values_that_json_does_not_know_are_told_as_text(owner: AsyncEngine) -> None:
    """What docs/kit/trail.md says of each type."""
    kinds = {
        "'NaN'::float8": '"NaN"',
        "'-infinity'::float8": '"-Infinity"',
        "0.1::float8": "0.1",
        "'NaN'::numeric": '"NaN"',
        "1.50::numeric": "1.50",
        "'infinity'::timestamptz": '"infinity"',
        "'2026-01-01 00:00+02'::timestamptz": '"2025-12-31T22:00:00+00:00"',
        "'1 year 2 days 3 hours'::interval": '"P1Y2DT3H"',
        "'\\x00ff'::bytea": '"\\\\x00ff"',
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid": '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
        "'{1,NULL}'::int[]": "[1, null]",
        "'happy'::mood": '"happy"',
        """'{"b": 1, "a": [null]}'::jsonb""": '{"a": [null], "b": 1}',
        "'[2026-01-01,2026-02-01)'::daterange": '"[2026-01-01,2026-02-01)"',
    }
    async with owner.connect() as connection:
        await tell(connection, by()["trail"])
        await connection.exec_driver_sql("SET LOCAL intervalstyle = 'postgres_verbose'")
        await connection.exec_driver_sql("SET LOCAL bytea_output = 'escape'")
        await connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('happy')")
        columns = ", ".join(f"{value} AS c{place}" for place, value in enumerate(kinds))
        await connection.exec_driver_sql(f"CREATE TABLE kinds AS SELECT 1 AS id, {columns}")
        await connection.exec_driver_sql(
            "CREATE TRIGGER t AFTER INSERT OR DELETE ON kinds FOR EACH ROW EXECUTE FUNCTION "
            "greenroom_trail.record('kinds', '{id}', '{}', '{}', '{}')"
        )
        await connection.exec_driver_sql("DELETE FROM kinds")
        for place, told in enumerate(kinds.values()):
            found = f"SELECT (changes -> 'c{place}' -> 0)::text FROM greenroom_trail.entry WHERE entity = 'kinds'"  # noqa: S608  # a number
            assert (await connection.exec_driver_sql(found)).scalar_one() == told
        await connection.rollback()
