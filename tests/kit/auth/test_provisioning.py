"""First logins on a real PostgreSQL: one row for each actor, whatever races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from operator import attrgetter

import pytest
from sqlalchemy import Index, UniqueConstraint, event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Field, col

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.auth import Account, Accounts
from greenroom.kit.models import Record, own_registry
from greenroom.kit.problems import Conflict

pytestmark = pytest.mark.anyio

ADA = Actor(ActorKind.HUMAN, "ada", "https://auth.test", name="Ada")
RACERS = 20


class Base(Record, registry=own_registry()):
    """The tables of this module."""


class Worker(Base, table=True):
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    issuer: str
    subject: str
    handle: str = Field(unique=True)


class Note(Base, table=True):
    worker_id: int = Field(foreign_key="worker.id")


KEY = {"issuer": attrgetter("issuer"), "subject": attrgetter("id")}
TABLE = Base.metadata.tables["worker"]
ACCOUNTS = Accounts(TABLE, key=KEY, values={"handle": lambda actor: f"@{actor.id}"})


@pytest.fixture
async def engine(postgres: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres, pool_size=RACERS)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


async def login(engine: AsyncEngine, actor: Actor, gate: asyncio.Barrier) -> Account:
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(text("SELECT 1"))
        await gate.wait()  # all have a connection and a transaction
        account = await ACCOUNTS.ensure(session, actor)
        if account.is_new:
            session.add(Note(worker_id=account.id))
            await session.flush()
            await asyncio.sleep(0.05)  # the others meet the row while it is not committed yet
        return account


async def count(engine: AsyncEngine, what: type[Base]) -> int | None:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count(col(what.id))))


async def test_twenty_first_logins_at_once_are_one(engine: AsyncEngine) -> None:
    gate = asyncio.Barrier(RACERS)
    accounts = await asyncio.gather(*(login(engine, ADA, gate) for _ in range(RACERS)))
    assert len({account.id for account in accounts}) == 1
    assert [account.is_new for account in accounts].count(True) == 1
    assert (await count(engine, Worker), await count(engine, Note)) == (1, 1)


async def test_when_the_first_fails_the_next_makes_it(engine: AsyncEngine) -> None:
    async def failing() -> None:
        async with AsyncSession(engine) as session, session.begin():
            assert (await ACCOUNTS.ensure(session, ADA)).is_new
            await asyncio.sleep(0.1)
            raise RuntimeError

    first = asyncio.create_task(failing())
    await asyncio.sleep(0.05)
    account = await login(engine, ADA, asyncio.Barrier(1))
    with pytest.raises(RuntimeError):
        await first
    assert account.is_new
    assert (await count(engine, Worker), await count(engine, Note)) == (1, 1)


async def test_whoever_has_a_row_costs_one_statement(engine: AsyncEngine) -> None:
    await login(engine, ADA, asyncio.Barrier(1))
    statements: list[str] = []
    async with engine.begin() as connection:
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        account = await ACCOUNTS.ensure(connection, ADA)
        assert (await ACCOUNTS.find(connection, ADA), account.is_new) == (account.id, False)
    assert [one.split()[0] for one in statements] == ["SELECT", "SELECT"]


async def test_a_new_row_has_the_defaults_of_its_table(engine: AsyncEngine) -> None:
    account = await login(engine, ADA, asyncio.Barrier(1))
    async with AsyncSession(engine) as session:
        worker = (await session.execute(select(Worker))).scalar_one()
    assert (worker.id, worker.handle, worker.version) == (account.id, "@ada", 1)
    assert worker.created_at.tzinfo is not None


async def test_the_same_subject_of_another_issuer_is_somebody_else(engine: AsyncEngine) -> None:
    other = Accounts(TABLE, key=KEY, values={"handle": lambda actor: f"@{actor.id}-of-{actor.issuer}"})
    stranger = Actor(ActorKind.HUMAN, "ada", "https://other.test")
    async with engine.begin() as connection:
        mine = await ACCOUNTS.ensure(connection, ADA)
        assert await other.find(connection, stranger) is None
        assert (await other.ensure(connection, stranger)).id != mine.id


async def test_another_key_that_is_taken_is_an_error_of_its_own(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await ACCOUNTS.ensure(connection, ADA)
    with pytest.raises(IntegrityError, match="handle"):
        async with engine.begin() as connection:
            await ACCOUNTS.ensure(connection, Actor(ActorKind.HUMAN, "ada", "https://other.test"))


async def test_a_row_that_the_database_refuses_ends_in_a_conflict(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"))
        await connection.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON worker FOR EACH ROW EXECUTE FUNCTION refuse()"))
        with pytest.raises(Conflict):
            await ACCOUNTS.ensure(connection, ADA)
        await connection.execute(text("DROP FUNCTION refuse CASCADE"))


def test_a_table_that_could_hold_two_rows_for_one_actor_is_refused() -> None:
    with pytest.raises(ValueError, match="worker has no unique constraint or index on exactly subject"):
        Accounts(TABLE, key={"subject": attrgetter("id")}, values={})


def test_an_index_over_some_rows_is_no_key() -> None:
    class Loose(Base, table=True):
        __table_args__ = (Index("some", "issuer", "subject", unique=True, postgresql_where=text("issuer <> ''")),)
        issuer: str
        subject: str

    with pytest.raises(ValueError, match="loose has no unique"):
        Accounts(Base.metadata.tables["loose"], key=KEY, values={})
