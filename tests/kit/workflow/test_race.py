"""Of transitions that overlap exactly one wins; the others are told the state that it led to."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from greenroom.kit.database import Database
from greenroom.kit.problems import Conflict
from tests.kit.workflow.tables import FLOW, Status, Task

pytestmark = pytest.mark.anyio

RIVALS = (Status.REVIEW, Status.COMPLETED, Status.BLOCKED, Status.REVIEW)


async def test_exactly_one_of_four_wins_in_each_of_twenty_rounds(database: Database) -> None:
    for _ in range(20):
        async with database.begin() as session:
            task = Task(status=Status.IN_PROGRESS)
            session.add(task)
        everybody_has_read = asyncio.Barrier(len(RIVALS))

        async def rival(to: Status, id_: int = task.id, barrier: asyncio.Barrier = everybody_has_read) -> Status:
            async with database.begin() as session:
                mine = (await session.exec(select(Task).where(col(Task.id) == id_))).one()
                await barrier.wait()
                await FLOW.fire(session, mine, to=to)
            return to

        outcomes = await asyncio.gather(*(rival(to) for to in RIVALS), return_exceptions=True)
        won = [outcome for outcome in outcomes if isinstance(outcome, Status)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert (len(won), len(lost)) == (1, 3), outcomes
        for problem in lost:
            assert problem.extensions == {"state": won[0].value, "allowed": [state.value for state in FLOW.allowed(won[0])]}
        async with database.begin() as session:
            after = (await session.exec(select(Task).where(col(Task.id) == task.id))).one()
            assert (after.status, after.version) == (won[0], 2)
