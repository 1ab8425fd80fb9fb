"""The database itself refuses what is not in the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import Field, col

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.models import Record, choices, own_registry
from greenroom.kit.problems import Conflict
from greenroom.kit.workflow import Transition, TransitionTrigger, Workflow

pytestmark = pytest.mark.anyio


class Step(StrEnum):
    DRAFT = "draft"
    OUT = "it's out"
    GONE = "gone"


class Base(Record, registry=own_registry()):
    """The tables of these tests."""


class Letter(Base, table=True):
    __tablename__ = "a letter of a name that fills all that PostgreSQL has room for"
    __table_args__ = {"schema": "the post"}

    step: Step = Field(default=Step.DRAFT, sa_type=choices(Step))


FLOW = Workflow(
    Letter,
    Step,
    [Transition("send", {Step.DRAFT}, Step.OUT), Transition("forget", {Step.DRAFT, Step.OUT}, Step.GONE)],
    initial={Step.DRAFT},
    final={Step.GONE},
    column="step",
)
TRIGGER = TransitionTrigger(FLOW)
TRIGGER.attach()


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    async def create() -> None:
        engine = create_async_engine(postgres)
        async with engine.begin() as connection:
            await connection.execute(text('CREATE SCHEMA "the post"'))
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(create())
    return postgres


@pytest.fixture
async def connection(url: str, anyio_backend: str) -> AsyncIterator[AsyncConnection]:
    """A connection whose transaction is rolled back."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        yield connection
        await connection.rollback()
    await engine.dispose()


async def move(connection: AsyncConnection, source: Step, target: Step) -> bool:
    try:
        async with connection.begin_nested():
            # Rows in later states, without the triggers: as from the time before they were there.
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            id_ = (await connection.execute(insert(Letter).values(step=source).returning(col(Letter.id)))).scalar_one()
            await connection.execute(text("SET LOCAL session_replication_role = origin"))
            await connection.execute(update(Letter).where(col(Letter.id) == id_).values(step=target))
    except IntegrityError:
        return False
    return True


@pytest.mark.parametrize("source", Step)
async def test_updates_pass_exactly_where_the_table_has_a_row(connection: AsyncConnection, source: Step) -> None:
    passed = {target for target in Step if await move(connection, source, target)}
    assert passed == {source, *FLOW.allowed(source)}  # an UPDATE that leaves the state alone is no transition


@pytest.mark.parametrize("step", Step)
async def test_inserts_begin_in_an_initial_state(connection: AsyncConnection, step: Step) -> None:
    statement = insert(Letter).values(step=step)
    if step in FLOW.initial:
        await connection.execute(statement)
    else:
        with pytest.raises(IntegrityError, match="no row of the workflow begins in"):
            await connection.execute(statement)


async def test_it_is_a_conflict_to_the_client(url: str) -> None:
    database = Database(DatabaseSettings(url=url), constraints=TRIGGER.constraints)
    async with database.begin() as session:
        letter = Letter()
        session.add(letter)
        await session.flush()
        await FLOW.fire(session, letter, name="send")
    with pytest.raises(Conflict, match="There is no way from the current state"):
        async with database.begin() as session:
            await (await session.connection()).execute(update(Letter).values(step=Step.DRAFT))
    await database.dispose()


async def test_it_can_be_replaced_dropped_and_left_without_a_check_of_inserts(connection: AsyncConnection) -> None:
    def migrate(synchronous: Connection) -> None:
        operations = Operations(MigrationContext.configure(synchronous))
        for statement in (*TRIGGER.create, *TRIGGER.drop, *TransitionTrigger(FLOW, inserts=False).create):
            operations.execute(statement)

    await connection.run_sync(migrate)
    id_ = (await connection.execute(insert(Letter).values(step=Step.OUT).returning(col(Letter.id)))).scalar_one()
    with pytest.raises(IntegrityError, match="no row of the workflow leads from it's out to draft"):
        await connection.execute(update(Letter).where(col(Letter.id) == id_).values(step=Step.DRAFT))


def test_the_name_fits_into_what_postgresql_keeps() -> None:
    assert len(TRIGGER.name.encode()) <= 63
