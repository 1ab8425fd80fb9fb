from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import MetaData, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.pytest.databases import connected, prepared
from greenroom.pytest.savepoints import _CHANGES, OverlapWarning
from tests.executable.postgres import NoPostgresError, private_postgres


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield "sqlite+aiosqlite://"
        return
    try:
        with private_postgres() as found:
            yield found
    except NoPostgresError as error:
        pytest.skip(f"skipped: {error}")


@pytest_asyncio.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    tables: list[MetaData] = [Base.metadata]
    with prepared(make_url(url), tables) as database:
        async with connected(database) as found:
            yield found.engine


async def names(session: AsyncSession) -> list[str]:
    return list((await session.scalars(select(Item.name).order_by(Item.name))).all())


@pytest.mark.asyncio
async def test_transactions_that_read_overlap_as_they_like(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as first, AsyncSession(engine) as second, AsyncSession(engine) as third:
        assert await names(first) == []
        assert await names(second) == []
        third.add(Item(name="third"))
        await third.flush()
        await first.rollback()
        await second.commit()
        assert await names(first) == ["third"]
        await third.commit()
        await first.rollback()
        assert await names(second) == ["third"]


@pytest.mark.asyncio
async def test_one_that_began_earlier_is_committed_earlier(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as first, AsyncSession(engine) as second:
        first.add(Item(name="first"))
        await first.flush()
        assert await names(second) == ["first"]
        await first.commit()
        second.add(Item(name="second"))
        await second.flush()
        await second.rollback()
        assert await names(second) == ["first"]


@pytest.mark.asyncio
async def test_one_goes_on_after_the_rollback_of_one_that_began_before(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as first, AsyncSession(engine) as second:
        first.add(Item(name="first"))
        await first.flush()
        await names(second)
        await first.rollback()
        second.add(Item(name="second"))
        await second.commit()
        assert await names(first) == ["second"]


@pytest.mark.asyncio
async def test_what_cannot_be_told_apart_is_told(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as first, AsyncSession(engine) as second:
        first.add(Item(name="first"))
        await first.flush()
        second.add(Item(name="second"))
        await second.commit()
        with pytest.warns(OverlapWarning, match="end the first before the other begins"):
            await first.rollback()
        assert await names(second) == []


@pytest.mark.asyncio
async def test_failures_end_with_a_rollback(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as first, AsyncSession(engine) as second:
        first.add(Item(name="one"))
        await first.commit()
        second.add(Item(name="one"))
        with pytest.raises(IntegrityError):
            await second.flush()
        await second.rollback()
        with pytest.raises(DBAPIError):
            await first.execute(text("SELECT nothing FROM nowhere"))
        await first.rollback()
        assert await names(second) == ["one"]


@pytest.mark.asyncio
async def test_requests_at_the_same_time(engine: AsyncEngine) -> None:
    async def work(number: int) -> None:
        async with AsyncSession(engine) as session:
            await names(session)
            await asyncio.sleep(0)
            session.add(Item(name=str(number)))
            await session.flush()
            await asyncio.sleep(0)
            await session.commit()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await asyncio.gather(*(work(number) for number in range(8)))
    async with AsyncSession(engine) as session:
        assert len(await names(session)) == 8


@pytest.mark.parametrize(
    "statement", ["INSERT INTO x", " update x", "DELETE", "WITH a AS (SELECT 1) INSERT INTO x", "CREATE TABLE x", "CALL x()"]
)
def test_statements_that_change(statement: str) -> None:
    assert _CHANGES.match(statement)


@pytest.mark.parametrize(
    "statement", ["SELECT 1", "select 1", "WITH a AS (SELECT 1) SELECT 1", "SAVEPOINT sa_1", "SHOW x", "\n  SELECT 1", "PRAGMA x"]
)
def test_statements_that_do_not(statement: str) -> None:
    assert not _CHANGES.match(statement)
