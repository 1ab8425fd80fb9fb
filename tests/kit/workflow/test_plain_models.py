"""Models of SQLAlchemy alone: a version that only the mapper counts, and columns that are not loaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.kit.workflow import Set, Transition, Workflow

pytestmark = pytest.mark.anyio


class Light(StrEnum):
    ON = "on"
    OFF = "off"


class Base(DeclarativeBase):
    pass


class Lamp(Base):
    __tablename__ = "lamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[Light] = mapped_column(default=Light.ON)
    counted: Mapped[int] = mapped_column()
    manual: Mapped[str] = mapped_column(default="long", deferred=True)
    history: Mapped[str] = mapped_column(default="", deferred=True)
    __mapper_args__: Any = {"version_id_col": counted}


FLOW = Workflow(
    Lamp,
    Light,
    [Transition("out", {Light.ON}, Light.OFF, effects=(Set("history", "out"),)), Transition("in", {Light.OFF}, Light.ON)],
    initial={Light.ON},
)


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    async def create() -> None:
        engine = create_async_engine(postgres)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(create())
    return postgres


@pytest.fixture
async def session(url: str, anyio_backend: str) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(url)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


async def test_the_version_of_the_mapper_counts_on(session: AsyncSession) -> None:
    lamp = Lamp()
    session.add(lamp)
    await FLOW.fire(session, lamp, name="out")
    assert lamp.counted == 2
    lamp.manual = "short"
    await session.flush()  # the ORM compares the version
    await FLOW.fire(session, lamp, name="in")
    assert lamp.counted == 4


async def test_a_deferred_column_is_not_read_unless_it_is_set(session: AsyncSession) -> None:
    session.add(Lamp(id=1))
    await session.flush()
    session.expunge_all()
    lamp = await session.get_one(Lamp, 1)
    assert inspect(lamp).unloaded == {"manual", "history"}
    await FLOW.fire(session, lamp, name="out")
    assert inspect(lamp).unloaded == {"manual"}
    assert lamp.history == "out"
