from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import ForeignKey, create_engine, event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload
from sqlalchemy.pool import StaticPool

from greenroom.pytest import assert_queries

pytestmark = pytest.mark.asyncio


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list[Post]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(User), [{"id": number} for number in range(1, 6)])
    yield engine
    await engine.dispose()


async def per_row(session: AsyncSession) -> int:
    total = 0
    for user in await session.scalars(select(User)):
        total += len((await session.scalars(select(Post).where(Post.user_id == user.id))).all())
    return total


async def test_a_query_a_row_is_told_with_its_line(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with pytest.raises(AssertionError) as raised, assert_queries(max=2):
            await per_row(session)
    lines = str(raised.value).splitlines()
    assert lines[0] == "6 queries were sent, where at most 2 may be:"
    assert lines[1].startswith("    5 x SELECT posts.id, posts.user_id FROM posts WHERE posts.user_id = ?")
    assert lines[2].strip().startswith("tests/pytest_plugin/test_queries.py:")
    assert lines[2].endswith(" in per_row")
    assert lines[3].endswith(" in test_a_query_a_row_is_told_with_its_line")


async def test_what_is_within_the_budget_passes_and_can_be_read(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with assert_queries(exactly=2) as queries:
            await session.scalars(select(User).options(selectinload(User.posts)))
    assert len(queries) == 2
    assert [statement.split()[0] for statement in queries.statements] == ["SELECT", "SELECT"]


async def test_fewer_than_exactly_fail(engine: AsyncEngine) -> None:
    with pytest.raises(AssertionError, match=r"0 queries were sent, where exactly 1 may be\."), assert_queries(exactly=1):
        pass


async def test_what_controls_transactions_is_no_query(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with assert_queries(exactly=1):
            async with session.begin(), session.begin_nested():
                await session.execute(text("SELECT 1"))


async def test_what_sqlalchemy_asks_a_new_database_is_no_query() -> None:
    seen: list[str] = []
    fresh = create_async_engine("sqlite+aiosqlite://")
    event.listen(fresh.sync_engine, "connect", lambda *_: seen.append("connected"))
    with assert_queries(exactly=1):
        async with fresh.connect() as connection:
            await connection.execute(text("SELECT 1"))
    await fresh.dispose()
    assert seen == ["connected"]


async def test_a_statement_for_many_rows_is_one(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with assert_queries(exactly=1):
            await connection.execute(insert(Post), [{"user_id": 1}, {"user_id": 2}])


async def test_one_engine_of_several(engine: AsyncEngine) -> None:
    other = create_engine("sqlite://")
    with assert_queries(exactly=1, engine=engine), assert_queries(exactly=2, engine=other), assert_queries(exactly=3):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        with Session(other) as session:
            session.execute(text("SELECT 1"))
            session.execute(text("SELECT 2"))
    other.dispose()


async def test_tasks_threads_and_run_sync_count(engine: AsyncEngine) -> None:
    other = create_engine("sqlite://")

    def in_thread() -> None:
        with other.connect() as connection:
            connection.execute(text("SELECT 1"))

    async def in_task() -> None:
        async with AsyncSession(engine) as session:
            await session.run_sync(lambda sync: sync.execute(text("SELECT 1")))

    with assert_queries(exactly=2) as queries:
        thread = threading.Thread(target=in_thread)
        thread.start()
        await asyncio.create_task(in_task())
        await asyncio.to_thread(thread.join)
    other.dispose()
    assert {query.places[0].function.rpartition(".")[2] for query in queries} == {"in_thread", "<lambda>"}


async def test_an_error_in_the_block_is_not_covered_up(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError), assert_queries(exactly=1):
        raise ZeroDivisionError
    async with engine.connect() as connection:
        with assert_queries(exactly=1):  # the block before counts no longer
            await connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("budget", [{}, {"max": 1, "exactly": 1}, {"max": -1}, {"exactly": True}, {"max": 1.5}, {"max": "1"}])
async def test_no_budget(budget: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"assert_queries\(\) takes"), assert_queries(**budget):
        pass


async def test_no_engine() -> None:
    wrong: Any = "sqlite://"
    with pytest.raises(TypeError, match=r"takes an Engine or an AsyncEngine, and was given str"), assert_queries(max=1, engine=wrong):
        pass
