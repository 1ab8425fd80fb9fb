"""The trail is found by all that it says, page by page, also when what it speaks of is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import Database
from greenroom.kit.trail import Find, TrailEntry, entries
from tests.kit.trail.subjects import BOT, Book, Shelf, by

pytestmark = pytest.mark.anyio


async def _history(db: Database) -> tuple[int, int]:
    """Put two books on a shelf, change one, delete both; return the numbers of the shelf and of the first book."""
    async with db.begin(info=by(operation="stock", request_id="r-1")) as session:
        shelf = Shelf(name="new")
        session.add(shelf)
        await session.flush()
        first, second = Book(title="Emma", shelf_id=shelf.id), Book(title="Persuasion", shelf_id=shelf.id)
        session.add_all([first, second])
    async with db.begin(info=by(BOT, operation="retitle", reason="a typo")) as session:
        await session.execute(update(Book).where(col(Book.id) == first.id).values(title="Emma II"))
    async with db.begin(info=by(operation="clear")) as session:
        await session.execute(delete(Book).where(col(Book.shelf_id) == shelf.id))
    return shelf.id, first.id


async def _found(db: Database, find: Find) -> list[TrailEntry]:
    async with db.read() as connection:
        return list((await entries(connection, find)).entries)


async def test_what_is_gone_is_found_by_its_place(db: Database) -> None:
    shelf, _ = await _history(db)
    found = await _found(db, Find(scope={"shelf_id": shelf}))
    assert [(entry.operation, entry.change) for entry in found] == [
        ("clear", "delete"),
        ("clear", "delete"),
        ("retitle", "update"),
        ("stock", "insert"),
        ("stock", "insert"),
    ]


@pytest.mark.parametrize(
    ("find", "count"),
    [
        (Find(actor_id="bot"), 1),
        (Find(actor_kind=ActorKind.HUMAN), 4),
        (Find(actor_issuer="https://issuer.test"), 5),
        (Find(operation="clear"), 2),
        (Find(change="insert"), 2),
        (Find(request_id="r-1"), 2),
        (Find(entity="shelf"), 0),
        (Find(actor_id="bot", change="insert"), 0),
    ],
)
async def test_each_condition_narrows(db: Database, find: Find, count: int) -> None:
    shelf, _ = await _history(db)
    placed = Find(**{name: getattr(find, name) for name in find.__slots__ if name != "scope"}, scope={"shelf_id": shelf})
    assert len(await _found(db, placed)) == count


async def test_a_time_range_holds_its_begin_and_not_its_end(db: Database) -> None:
    _, book = await _history(db)
    end, _, begin = await _found(db, Find(entity="book", entity_id=str(book)))
    within = await _found(db, Find(entity="book", entity_id=str(book), since=begin.at, until=end.at))
    assert [entry.seq for entry in within] == [2, 1]
    assert await _found(db, Find(entity="book", entity_id=str(book), since=end.at + timedelta(microseconds=1))) == []


@pytest.mark.parametrize("limit", range(1, 7))
async def test_pages_hold_each_row_once(db: Database, limit: int) -> None:
    shelf, _ = await _history(db)
    find = Find(scope={"shelf_id": shelf})
    seen: list[TrailEntry] = []
    before: int | None = None
    async with db.read() as connection:
        while True:
            page = await entries(connection, find, limit=limit, before=before)
            assert len(page.entries) <= limit
            seen += page.entries
            before = page.before
            if before is None:
                break
            await _history(db)
    assert seen == await _found(db, find)
    assert len(seen) == 5


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_page_has_a_size(db: Database, limit: int) -> None:
    async with db.read() as connection:
        with pytest.raises(ValueError, match="at least one"):
            await entries(connection, Find(), limit=limit)
