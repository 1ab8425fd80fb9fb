"""Serialization failures and deadlocks, real ones: retried as a whole, with a bound, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlmodel import col, select

from greenroom.kit.database import Contended, Database, RetryingRoute, Session, Tries, Writing
from greenroom.kit.problems import Conflict, Problem
from tests.kit.database.tables import Project, Task

pytestmark = pytest.mark.anyio


async def add_points(session: Session) -> int:
    """Read, think, write: what loses updates without isolation."""
    task = (await session.exec(select(Task).where(col(Task.title) == "Counter"))).one()
    await asyncio.sleep(0.002)
    task.points += 1
    await session.flush()
    return task.points


async def counter(database: Database) -> None:
    async with database.begin() as session:
        session.add(Project(name="p", tasks=[Task(title="Counter"), Task(title="Other")]))


async def points(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(Task.points).where(col(Task.title) == "Counter"))).scalar_one())


async def test_racing_units_are_run_again_until_all_have_counted(database: Database) -> None:
    await counter(database)
    tries = Tries(most=50, pause=0.005)
    results = await asyncio.gather(*(database.run(add_points, isolation="REPEATABLE READ", tries=tries) for _ in range(8)))
    assert sorted(results) == list(range(1, 9))
    assert await points(database) == 8


async def test_without_another_try_they_collide(database: Database) -> None:
    await counter(database)
    once = Tries(most=1)
    units = (database.run(add_points, isolation="SERIALIZABLE", tries=once) for _ in range(8))
    results = await asyncio.gather(*units, return_exceptions=True)
    failures = [result for result in results if isinstance(result, Exception)]
    assert failures
    assert all(isinstance(failure, Contended) and failure.headers == {"Retry-After": "1"} for failure in failures)
    assert await points(database) == 8 - len(failures)


async def test_a_deadlock_is_retried(database: Database) -> None:
    await counter(database)
    runs = 0

    def locking(first: str, second: str) -> Callable[[Session], Awaitable[None]]:
        async def work(session: Session) -> None:
            nonlocal runs
            runs += 1
            connection = await session.connection()
            for title in (first, second):
                await connection.execute(text("SELECT 1 FROM task WHERE title = :title FOR UPDATE"), {"title": title})
                await asyncio.sleep(0.05)

        return work

    await asyncio.gather(database.run(locking("Counter", "Other")), database.run(locking("Other", "Counter")))
    assert runs == 3


async def test_nothing_else_is_retried(database: Database) -> None:
    runs = 0

    async def work(session: Session) -> None:
        nonlocal runs
        runs += 1
        session.add_all([Project(name="a"), Project(name="a")])

    with pytest.raises(Conflict):
        await database.run(work)
    assert runs == 1


async def test_the_pauses_grow_and_are_bounded() -> None:
    tries = Tries(pause=0.01, longest=0.5)
    assert all(0 <= tries.wait(1) <= 0.01 for _ in range(100))
    assert max(tries.wait(20) for _ in range(1000)) <= 0.5


# -- a route


class ManyTries(RetryingRoute):
    tries = Tries(most=50, pause=0.005)


router = APIRouter(route_class=ManyTries)
ENTERED: list[str] = []


async def entered(request: Request) -> None:
    ENTERED.append(request.url.path)


@router.post("/points")
async def add(session: Writing, amount: Annotated[int, Body(embed=True)], _: Annotated[None, Depends(entered)]) -> int:
    _connection = await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    return await add_points(session) * amount


never_router = APIRouter(route_class=RetryingRoute)


@never_router.post("/never")
async def never() -> None:
    ENTERED.append("never")
    raise Contended


async def answer(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return JSONResponse(problem.document(), problem.status, problem.headers)


async def test_a_route_and_its_dependencies_are_run_again(database: Database) -> None:
    await counter(database)
    ENTERED.clear()
    app = FastAPI(exception_handlers={Problem: answer})
    app.include_router(router)
    app.include_router(never_router)
    app.state.database = database
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answers = await asyncio.gather(*(client.post("/points", json={"amount": 10}) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        assert sorted(answer.json() for answer in answers) == [10, 20, 30, 40, 50, 60, 70, 80]
        assert await points(database) == 8
        assert len(ENTERED) > 8
        ENTERED.clear()
        answer_to_never = await client.post("/never")
    assert (answer_to_never.status_code, answer_to_never.json()["type"]) == (409, "/problems/contended")
    assert ENTERED == ["never"] * 5
