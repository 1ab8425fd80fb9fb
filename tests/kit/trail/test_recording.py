"""What leaves a trail, and what is in it: on a real PostgreSQL, as the application's role."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from greenroom.kit.database import Database, sqlstate
from greenroom.kit.trail import note
from tests.kit.trail.reading import trail_of
from tests.kit.trail.subjects import ANN, BOT, Book, Lending, Shelf, by

pytestmark = pytest.mark.anyio


class RejectedError(Exception):
    """Something went wrong in the middle."""


async def _book(db: Database, **values: Any) -> int:  # noqa: ANN401  # columns of all types
    async with db.begin(info=by()) as session:
        book = Book(title="Emma", **values)
        session.add(book)
        await session.flush()
        return book.id


async def test_an_insert_is_told_with_all_columns(db: Database) -> None:
    book_id = await _book(db, pages=300)
    [row] = await trail_of(db, "book", book_id)
    assert (row.seq, row.change, row.actor_kind, row.actor_id, row.actor_name) == (1, "insert", "human", "ann", "Ann")
    assert row.changes["title"] == [None, "Emma"]
    assert row.changes["pages"] == [None, 300]
    assert set(row.changes) == set(Book.model_fields)
    assert row.scope == {"shelf_id": None}


async def test_an_update_is_told_with_what_changed(db: Database) -> None:
    book_id = await _book(db)
    async with db.begin(info=by(BOT, operation="retitle", request_id="r-1", reason="a typo")) as session:
        book = await session.get_one(Book, book_id)
        book.title = "Persuasion"
    row = (await trail_of(db, "book", book_id))[-1]
    assert row.changes.pop("updated_at")[0] is not None
    assert row.changes == {"title": ["Emma", "Persuasion"], "version": [1, 2]}
    assert (row.seq, row.change, row.operation, row.request_id, row.reason) == (2, "update", "retitle", "r-1", "a typo")
    assert (row.actor_kind, row.actor_id, row.on_behalf_of) == ("agent", "bot", "ann")


async def test_a_delete_keeps_what_was_and_where_it_was(db: Database) -> None:
    async with db.begin(info=by()) as session:
        shelf = Shelf(name="old")
        session.add(shelf)
        await session.flush()
        book = Book(title="Emma", shelf_id=shelf.id)
        session.add(book)
    async with db.begin(info=by()) as session:
        await session.delete(await session.get_one(Book, book.id))
    row = (await trail_of(db, "book", book.id))[-1]
    assert (row.change, row.changes["title"], row.scope) == ("delete", ["Emma", None], {"shelf_id": shelf.id})


async def test_a_change_of_quiet_columns_alone_is_none(db: Database) -> None:
    book_id = await _book(db)
    async with db.begin(info=by()) as session:
        await session.execute(update(Book).where(col(Book.id) == book_id).values(title=Book.title))
    assert len(await trail_of(db, "book", book_id)) == 1


async def test_secrets_are_told_to_have_changed(db: Database) -> None:
    book_id = await _book(db, token="swordfish")  # noqa: S106  # a value to look for
    async with db.begin(info=by()) as session:
        (await session.get_one(Book, book_id)).token = None
    first, second = await trail_of(db, "book", book_id)
    assert first.changes["token"] == [None, "***"]
    assert second.changes["token"] == ["***", None]
    async with db.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM greenroom_trail.entry AS e WHERE e::text LIKE '%swordfish%'"))
        assert found.scalar_one() == 0


async def test_statements_of_core_and_raw_sql_leave_the_same_trail(db: Database) -> None:
    async with db.begin(info=by()) as session:
        added = insert(Book).values(title="A").returning(col(Book.id))
        book_id = (await session.execute(added)).scalar_one()
        await session.execute(text("UPDATE book SET title = 'B' WHERE id = :id"), {"id": book_id})
        await session.execute(
            text("INSERT INTO book SELECT * FROM book WHERE id = :id ON CONFLICT (id) DO UPDATE SET title = 'C'"), {"id": book_id}
        )
        await session.execute(delete(Book).where(col(Book.id) == book_id))
    rows = await trail_of(db, "book", book_id)
    assert [(row.change, row.changes["title"]) for row in rows] == [
        ("insert", [None, "A"]),
        ("update", ["A", "B"]),
        ("update", ["B", "C"]),
        ("delete", ["C", None]),
    ]
    assert [row.seq for row in rows] == [1, 2, 3, 4]


async def test_what_a_foreign_key_deletes_leaves_a_trail(db: Database) -> None:
    async with db.begin(info=by()) as session:
        shelf = Shelf(name="gone")
        session.add(shelf)
        await session.flush()
        book = Book(title="Emma", shelf_id=shelf.id)
        session.add(book)
    async with db.begin(info=by(BOT)) as session:
        await session.execute(delete(Shelf).where(col(Shelf.id) == shelf.id))
    row = (await trail_of(db, "book", book.id))[-1]
    assert (row.change, row.actor_id) == ("delete", "bot")


async def test_a_key_of_two_columns_and_its_change(db: Database) -> None:
    async with db.begin(info=by()) as session:
        session.add(Lending(id=7, reader="ann"))
    async with db.begin(info=by()) as session:
        await session.execute(update(Lending).where(col(Lending.id) == 7).values(reader="bob"))
    assert [row.change for row in await trail_of(db, "lending", "7,ann")] == ["insert", "delete"]
    assert [row.change for row in await trail_of(db, "lending", "7,bob")] == ["insert"]


async def test_a_change_by_nobody_is_refused(db: Database) -> None:
    with pytest.raises(DBAPIError, match="nobody is named for this change of book") as refused:
        async with db.begin() as session:
            session.add(Book(title="Emma"))
    assert sqlstate(refused.value) == "GRT01"


async def test_a_context_ends_with_its_transaction(db: Database) -> None:
    """Also on the same connection, which the pool gives on."""
    await _book(db)
    with pytest.raises(DBAPIError, match="nobody"):
        async with db.begin() as session:
            session.add(Book(title="Emma"))


async def test_a_note_is_on_what_comes_after_it(db: Database) -> None:
    async with db.begin(info=by(operation="add")) as session:
        first = Book(title="one")
        session.add(first)
        await session.flush()
        await note(session, reason="because")
        second = Book(title="two")
        session.add(second)
    [before], [after] = await trail_of(db, "book", first.id), await trail_of(db, "book", second.id)
    assert (before.operation, before.reason) == ("add", None)
    assert (after.operation, after.reason) == ("add", "because")


async def test_a_note_needs_a_context(db: Database) -> None:
    async with db.begin() as session:
        with pytest.raises(LookupError, match="no context"):
            await note(session, reason="because")


async def test_what_is_rolled_back_leaves_no_trail(db: Database) -> None:
    with suppress(RejectedError):
        async with db.begin(info=by()) as session:
            book = Book(title="never")
            session.add(book)
            await session.flush()
            raise RejectedError
    assert await trail_of(db, "book", book.id) == []


async def test_a_savepoint_that_is_rolled_back_takes_its_rows_along(db: Database) -> None:
    async with db.begin(info=by()) as session:
        book = Book(title="one")
        session.add(book)
        await session.flush()
        book_id = book.id  # the savepoint's rollback expires the object
        with suppress(RejectedError):
            async with session.begin_nested():
                await session.execute(update(Book).where(col(Book.id) == book_id).values(title="two"))
                raise RejectedError
        await session.execute(update(Book).where(col(Book.id) == book_id).values(title="three"))
    rows = await trail_of(db, "book", book_id)
    assert [(row.seq, row.changes["title"]) for row in rows] == [(1, [None, "one"]), (2, ["one", "three"])]


async def test_values_of_all_kinds_are_told_as_text_that_loses_nothing(db: Database) -> None:
    book_id = await _book(db, price=Decimal("12345678901234567890.123456789"), words=["a", 'b"c'], details={"é": [1, None]})
    [row] = await trail_of(db, "book", book_id)
    assert row.changes["words"] == [None, ["a", 'b"c']]
    assert row.changes["details"] == [None, {"é": [1, None]}]
    async with db.read() as connection:
        price = await connection.execute(
            text("SELECT (changes->'price'->>1)::numeric FROM greenroom_trail.entry WHERE entity = 'book' AND entity_id = :id"),
            {"id": str(book_id)},
        )
        assert price.scalar_one() == Decimal("12345678901234567890.123456789")


async def test_text_that_an_actor_brings_is_no_danger(db: Database) -> None:
    odd = "x'\"\\\n\t\x01\x7f é \U0001f600 \x00"
    async with db.begin(info=by(reason=odd)) as session:
        book = Book(title=odd.replace("\x00", ""))
        session.add(book)
    [row] = await trail_of(db, "book", book.id)
    assert row.reason == odd.replace("\x00", "")


async def test_the_objects_of_the_session_are_not_touched(db: Database) -> None:
    async with db.begin(info=by()) as session:
        book = (await session.exec(select(Book).limit(1))).one()
        book.pages += 1
        await session.flush()
        assert book.pages > 0
        assert ANN.id == "ann"
