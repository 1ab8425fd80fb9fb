"""Whatever was done to a row, each of its states can be had back from its trail."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from greenroom.kit import clock
from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.trail import fold, state_after, state_at, states, tell_contexts
from tests.kit.trail.conftest import application_url
from tests.kit.trail.subjects import Book, by

TITLES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TITLES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TITLES, inner, max_size=3),
    max_leaves=6,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TITLES,
    "pages": st.integers(-(2**31), 2**31 - 1),
    "price": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20),
    "code": st.none() | st.uuids(),
    "printed": st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants naive bounds
    "words": st.lists(TITLES, max_size=3),
    "details": st.dictionaries(TITLES, JSON, max_size=3),
}
STEPS = st.lists(st.fixed_dictionaries({}, optional=VALUES) | st.just(None), min_size=1, max_size=8)
"""What is done, one step after the other: values to set, or the end of the row (the next step is another life of the same id)."""


_IDS = count(1_000_000)


@pytest.fixture(scope="module")
def url(prepared: str) -> str:
    return application_url(prepared)


async def _live(url: str, steps: list[dict[str, Any] | None]) -> tuple[list[Any], list[Any]]:
    """Do the steps to one row; return what the row was after each that changed something, and what its trail says."""
    database = Database(DatabaseSettings(url=url), listeners=[tell_contexts])
    seen: list[Any] = []
    book_id = next(_IDS)
    try:
        async with database.begin(info=by()) as session:
            book: Book | None = None
            for step in steps:
                if step is None and book is not None:
                    await session.delete(book)
                    book = None
                elif book is None:
                    book = Book(id=book_id, **{"title": "", **(step or {})})
                    session.add(book)
                else:
                    for name, value in (step or {}).items():
                        setattr(book, name, value)
                await session.flush()
                now = text("SELECT to_jsonb(book)::text FROM book WHERE id = :id")
                printed = (await session.execute(now, {"id": book_id})).scalar_one_or_none()
                image = None if printed is None else json.loads(printed, parse_float=Decimal)
                if not seen or seen[-1] != image:
                    seen.append(image)
        async with database.read() as connection:
            restored = [moment.state async for moment in states(connection, "book", book_id)]
            assert await state_at(connection, "book", book_id, clock.now() + timedelta(seconds=5)) == restored[-1]
            for seq, state in enumerate(restored, start=1):
                assert await state_after(connection, "book", book_id, seq) == state
            assert await state_at(connection, "book", book_id, datetime(2000, 1, 1, tzinfo=UTC)) is None
    finally:
        await database.dispose()
    return seen, restored


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_the_trail_gives_back_every_state(url: str, steps: list[dict[str, Any] | None]) -> None:
    seen, restored = asyncio.run(_live(url, steps))
    assert restored == seen


def test_a_state_is_the_fold_of_changes() -> None:
    made = fold(None, "insert", {"a": [None, 1], "b": [None, None]})
    assert made == {"a": 1, "b": None}
    assert fold(made, "update", {"b": [None, 2]}) == {"a": 1, "b": 2}
    assert fold(made, "delete", {"a": [1, None], "b": [None, None]}) is None


@pytest.mark.anyio
async def test_a_state_becomes_an_object_of_the_model_again(db: Database) -> None:
    exact = Decimal("12345678901234567890.123456789")
    async with db.begin(info=by()) as session:
        book = Book(title="Emma", price=exact, printed=datetime(1815, 12, 23, tzinfo=UTC), words=["a"], details={"large": 2**60})
        session.add(book)
    async with db.read() as connection:
        state = await state_after(connection, "book", book.id, 1)
    assert state is not None
    assert Book.model_validate(state).model_dump() == book.model_dump()


@pytest.mark.anyio
async def test_a_change_that_never_was_is_an_error(db: Database) -> None:
    async with db.read() as connection:
        with pytest.raises(LookupError, match="book 0 has no change 1"):
            await state_after(connection, "book", 0, 1)
