"""Loader options from a schema: reading the objects by it sends nothing."""

import pytest
from pydantic import AwareDatetime
from sqlalchemy import insert
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from greenroom.kit.lists import DeclarationError, loads_for
from greenroom.kit.models import Output
from tests.kit.lists.tables import Step, StepRow, Task, TaskRow, WorkerBrief, task

pytestmark = pytest.mark.anyio


class TaskTree(Output):
    id: int
    title: str
    created_at: AwareDatetime
    assignee: WorkerBrief | None
    steps: list[StepRow]


async def test_nothing_is_loaded_after_the_query(engine: AsyncEngine, statements: list[str]) -> None:
    async with engine.begin() as connection:
        identity = (await connection.execute(insert(Task).values(task(assignee_id=1)).returning(col(Task.id)))).scalar_one()
        await connection.execute(insert(Step), [{"name": name, "place": 0, "task_id": identity} for name in "ab"])
    async with AsyncSession(engine) as session:
        statements.clear()
        found = (await session.exec(select(Task).where(Task.id == identity).options(*loads_for(TaskTree, Task)))).unique().one()
        assert len(statements) == 2, "the nested object is joined, the nested list is one more"
        tree = TaskTree.model_validate(found)
        assert len(statements) == 2
        assert tree.assignee is not None
        assert (tree.assignee.name, tree.assignee.team.name if tree.assignee.team else None) == ("ann", "red")
        assert [step.name for step in tree.steps] == ["a", "b"]
        with pytest.raises(InvalidRequestError, match="raiseload"):
            _ = found.secret
        found.title = "changed"
        await session.flush()
        assert found.version == 2


def test_a_member_that_is_not_mapped_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"TaskRow.author is neither a column nor a relationship of Task"):
        loads_for(TaskRow, Task)
