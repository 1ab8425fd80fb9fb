"""Whatever the table: fire accepts exactly what it allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from enum import StrEnum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.kit.problems import Conflict
from greenroom.kit.workflow import Transition, Workflow, WorkflowError


class Letter(StrEnum):
    A = "a"
    B = "b"
    C = "c"
    D = "d"


class Base(DeclarativeBase):
    """SQLAlchemy alone, without a version, the state in a plain column, two columns as the key."""


class Thing(Base):
    __tablename__ = "thing"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column("in_state", String(1))


Run = Callable[[Callable[[AsyncSession], Coroutine[None, None, None]]], None]


@pytest.fixture(scope="module")
def run(postgres: str) -> Run:
    """Runs a function with a session whose work is rolled back."""

    async def create() -> None:
        engine = create_async_engine(postgres)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    async def with_session(work: Callable[[AsyncSession], Coroutine[None, None, None]]) -> None:
        engine = create_async_engine(postgres)
        async with AsyncSession(engine) as session:
            await work(session)
        await engine.dispose()

    asyncio.run(create())
    return lambda work: asyncio.run(with_session(work))


pairs = st.sets(st.tuples(st.sampled_from(Letter), st.sampled_from(Letter)).filter(lambda pair: pair[0] is not pair[1]), min_size=1)


def workflow(ways: set[tuple[Letter, Letter]]) -> Workflow[Letter, Thing]:
    left = {source for source, _ in ways}
    rows = [Transition(f"{source}-{target}", {source}, target) for source, target in sorted(ways)]
    # All initial: tables with islands are refused, which is not what this is about.
    return Workflow(Thing, Letter, rows, initial=set(Letter), final=set(Letter) - left, column="state")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=pairs)
def test_exactly_what_the_table_allows(run: Run, ways: set[tuple[Letter, Letter]]) -> None:
    flow = workflow(ways)

    async def work(session: AsyncSession) -> None:
        for number, source in enumerate(Letter):
            for other, target in enumerate(Letter):
                thing = Thing(left=number, right=other, state=source.value)
                session.add(thing)
                if (source, target) in ways:
                    await flow.fire(session, thing, to=target)
                    assert thing.state == target
                else:
                    with pytest.raises(Conflict) as raised:
                        await flow.fire(session, thing, to=target)
                    assert raised.value.extensions["allowed"] == [state.value for state in Letter if (source, state) in ways]
                    assert thing.state == source

    run(work)


@given(
    ways=pairs,
    initial=st.sets(st.sampled_from(Letter), min_size=1),
    final=st.sets(st.sampled_from(Letter)),
)
def test_a_table_is_refused_exactly_when_a_state_is_lost_or_ends_undeclared(
    ways: set[tuple[Letter, Letter]], initial: set[Letter], final: set[Letter]
) -> None:
    reached = set(initial)
    for _ in Letter:
        reached |= {target for source, target in ways if source in reached}
    sound = reached == set(Letter) and final == set(Letter) - {source for source, _ in ways}
    rows = [Transition(f"{source}-{target}", {source}, target) for source, target in ways]
    try:
        Workflow(Thing, Letter, rows, initial=initial, final=final, column="state")
    except WorkflowError:
        assert not sound
    else:
        assert sound
