"""Walking by cursors gives each row once, in order, in any declared order, whatever is inserted or deleted meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from greenroom.kit.lists import PageRequest
from greenroom.kit.problems import NotFound
from tests.kit.lists.tables import Priority, Status, Task, task, tasks

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = Task.__table__  # type: ignore[attr-defined]  # a table has one

small = st.integers(0, 2)
rows = st.fixed_dictionaries({
    "created_at": small.map(lambda minutes: START + timedelta(minutes=minutes, microseconds=minutes)),
    "title": st.sampled_from(["a", "b", "ab"]),
    "status": st.sampled_from(Status),
    "priority": st.sampled_from(Priority),
    "due": st.none() | small.map(lambda days: START + timedelta(days=days)),
    "score": st.none() | st.sampled_from([0.1, 1e-9, 3e20, -0.5]),
    "points": st.none() | small.map(lambda cents: Decimal(cents) / 100),
    "day": st.none() | small.map(lambda days: date(2026, 1, 1 + days)),
    "open": st.booleans(),
})  # fmt: skip


class Order(NamedTuple):
    """How an order looks to Python."""

    key: Callable[[Any], Any]
    nulls: int = 1
    """1 where NULL stands last, -1 where it stands first."""


ORDERS = {
    "created_at": Order(lambda row: row.created_at),
    "title": Order(lambda row: row.title),
    "status": Order(lambda row: row.status.value),
    "priority": Order(lambda row: list(Priority).index(row.priority)),
    "due": Order(lambda row: row.due),
    "score": Order(lambda row: row.score, -1),
    "points": Order(lambda row: row.points),
    "day": Order(lambda row: row.day, -1),
    "open": Order(lambda row: row.open),
    "id": Order(lambda row: row.id),
}
happenings = st.tuples(st.none() | rows, st.none() | st.integers(0, 11))
"""What happens between two pages: a row comes, a row goes."""
sorts = st.lists(st.tuples(st.sampled_from(["", "-"]), st.sampled_from(list(ORDERS))).map("".join), min_size=1, max_size=4)


def in_order(found: Sequence[Any], sort: Sequence[str]) -> list[int]:
    """Sort as the list should: stable, by the least important key first."""
    direction = {word.removeprefix("-"): word.startswith("-") for word in reversed(sort)}
    names = list(dict.fromkeys(word.removeprefix("-") for word in sort))
    # The identity comes last, and goes the way of the last key that counts.
    result = sorted(found, key=lambda row: row.id, reverse=direction[names[-1]])
    for name in reversed(names):
        order = ORDERS[name]
        valued = sorted((row for row in result if order.key(row) is not None), key=order.key, reverse=direction[name])
        null = [row for row in result if order.key(row) is None]
        result = [*valued, *null] if order.nulls == 1 else [*null, *valued]
    return [row.id for row in result]


async def walk(connection: AsyncConnection, first: PageRequest, *, back: bool = False) -> list[list[int]]:
    pages: list[list[int]] = []
    page: PageRequest | None = first
    while page is not None:
        found = await tasks.read(connection, page)
        pages.append([item.id for item in found.items])
        assert len(pages) < 50, "it goes round in circles"
        cursor = found.previous if back else found.next
        page = tasks.request(**{**page.query.model_dump(exclude_unset=True), "cursor": cursor}) if cursor else None
    return pages


async def cursor_of_last(connection: AsyncConnection, sort: str, limit: int) -> str | None:
    cursor: str | None = None
    while True:
        found = await tasks.read(connection, tasks.request(sort=sort, limit=limit, **({"cursor": cursor} if cursor else {})))
        if found.next is None:
            return cursor
        cursor = found.next


async def in_transaction(engine: AsyncEngine, made: Sequence[dict[str, Any]]) -> tuple[AsyncConnection, Sequence[Any]]:
    connection = await engine.connect()
    if made:
        await connection.execute(insert(Task), [task(**row) for row in made])
    return connection, (await connection.execute(select(TABLE))).all()


relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@relaxed
@given(made=st.lists(rows, max_size=12), sort=sorts, limit=st.integers(1, 4))
async def test_all_pages_forwards_and_backwards(engine: AsyncEngine, made: list[dict[str, Any]], sort: list[str], limit: int) -> None:
    connection, stored = await in_transaction(engine, made)
    try:
        order = ",".join(sort)
        pages = await walk(connection, tasks.request(sort=order, limit=limit))
        assert [identity for page in pages for identity in page] == in_order(stored, sort)
        assert all(len(page) == limit for page in pages[:-1])
        last = await cursor_of_last(connection, order, limit)
        if last is not None:
            back = await walk(connection, tasks.request(sort=order, limit=limit, cursor=last), back=True)
            assert back == pages[::-1]
    finally:
        await connection.close()


@relaxed
@given(made=st.lists(rows, min_size=3, max_size=12), sort=sorts, limit=st.integers(1, 3), meanwhile=st.lists(happenings, max_size=12))
async def test_rows_that_stay_are_seen_once_whatever_comes_and_goes(
    engine: AsyncEngine, made: list[dict[str, Any]], sort: list[str], limit: int, meanwhile: list[tuple[dict[str, Any] | None, int | None]]
) -> None:
    connection, stored = await in_transaction(engine, made)
    try:
        staying = {row.id for row in stored}
        seen: list[int] = []
        request: PageRequest | None = tasks.request(sort=",".join(sort), limit=limit)
        while request is not None:
            found = await tasks.read(connection, request)
            seen += [item.id for item in found.items]
            assert len(seen) < 100, "it goes round in circles"
            request = tasks.request(sort=",".join(sort), limit=limit, cursor=found.next) if found.next else None
            new, gone = meanwhile.pop() if meanwhile else (None, None)
            if new is not None:
                await connection.execute(insert(Task).values(task(**new)))
            if gone is not None and staying:
                identity = sorted(staying)[gone % len(staying)]
                staying.discard(identity)
                await connection.execute(delete(Task).where(col(Task.id) == identity))
        assert len(seen) == len(set(seen))
        assert staying <= set(seen)
        assert [identity for identity in seen if identity in staying] == [
            identity for identity in in_order(stored, sort) if identity in staying
        ]
    finally:
        await connection.close()


async def test_a_full_page_at_the_end_has_no_next(connection: AsyncConnection) -> None:
    await connection.execute(insert(Task), [task(title=str(number)) for number in range(4)])
    first = await tasks.read(connection, tasks.request(limit=2, sort="title", total=True))
    assert (first.previous, first.total) == (None, 4)
    second = await tasks.read(connection, tasks.request(limit=2, sort="title", cursor=first.next))
    assert [item.title for item in second.items] == ["2", "3"]
    assert second.next is None
    back = await tasks.read(connection, tasks.request(limit=2, sort="title", cursor=second.previous))
    assert [item.title for item in back.items] == ["0", "1"]
    assert back.previous is None
    assert back.next is not None


async def test_no_rows(connection: AsyncConnection) -> None:
    found = await tasks.read(connection, tasks.request(total=True))
    assert (found.items, found.next, found.previous, found.total) == ([], None, None, 0)


async def test_an_offset_counts_from_the_beginning_or_from_a_cursor(connection: AsyncConnection) -> None:
    await connection.execute(insert(Task), [task(title=str(number)) for number in range(5)])
    found = await tasks.read(connection, tasks.request(limit=2, offset=3, sort="title"))
    assert [item.title for item in found.items] == ["3", "4"]
    assert found.previous is not None
    back = await tasks.read(connection, tasks.request(limit=2, sort="title", cursor=found.previous))
    assert [item.title for item in back.items] == ["1", "2"]
    beyond = await tasks.read(connection, tasks.request(limit=2, offset=1, sort="title", cursor=back.next))
    assert [item.title for item in beyond.items] == ["4"]


@pytest.mark.parametrize("change", [{"sort": "title"}, {"status": Status.DONE}, {"search": "a"}])
async def test_a_cursor_fits_its_order_and_filters_only(connection: AsyncConnection, change: dict[str, Any]) -> None:
    await connection.execute(insert(Task), [task(), task()])
    first = await tasks.read(connection, tasks.request(limit=1))
    with pytest.raises(NotFound) as caught:
        await tasks.read(connection, tasks.request(limit=1, cursor=first.next, **change))
    assert caught.value.errors[0].name == "cursor"


async def test_no_change_of_a_cursor_is_taken(connection: AsyncConnection) -> None:
    await connection.execute(insert(Task), [task(), task()])
    cursor = (await tasks.read(connection, tasks.request(limit=1))).next
    assert cursor is not None
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        with pytest.raises(NotFound):
            await tasks.read(connection, tasks.request(cursor=f"{cursor[:place]}{other}{cursor[place + 1 :]}"))
