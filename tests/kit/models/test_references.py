"""References are checked in one statement, and answer 404 or 422."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from greenroom.kit.models import Reference, check
from greenroom.kit.problems import Invalid, NotFound
from tests.kit.models.tables import Kind, Task, Worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rows(session: AsyncSession) -> None:
    session.add(Worker(name="a", kind=Kind.AGENT))
    session.add(Task(title="t"))
    await session.commit()


@pytest.mark.usefixtures("rows")
async def test_references_that_exist_take_one_statement(statements: list[str], session: AsyncSession) -> None:
    agent = Reference("assignee_id", Worker, 1, where=col(Worker.kind) == Kind.AGENT)
    statements.clear()
    await check(session, agent, Reference("parent_id", Task, 1), Reference("reviewer_id", Worker, None))
    assert len(statements) == 1
    await check(session, Reference("assignee_id", Worker, None))
    assert len(statements) == 1


@pytest.mark.usefixtures("rows")
async def test_each_missing_reference_of_the_body_is_named(engine: AsyncEngine) -> None:
    human = Reference("assignee_id", Worker, 1, where=col(Worker.kind) == Kind.HUMAN)
    async with engine.connect() as connection:
        with pytest.raises(Invalid) as caught:
            await check(connection, human, Reference("parent_id", Task, 1), Reference("b", Task, 2**31 - 1))
    assert [error.document() for error in caught.value.errors] == [
        {"in": "body", "pointer": "#/assignee_id", "detail": "There is no such worker", "code": "not_found"},
        {"in": "body", "pointer": "#/b", "detail": "There is no such task", "code": "not_found"},
    ]


@pytest.mark.usefixtures("rows")
async def test_a_missing_reference_of_the_path_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound) as caught:
        await check(session, Reference("task_id", Task, 7, place="path"), Reference("assignee_id", Worker, 9))
    assert caught.value.errors[0].document()["parameter"] == "task_id"
