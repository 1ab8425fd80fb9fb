"""The edge of a request: committed before the response is sent, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import insert
from sqlmodel import select

from greenroom.kit.database import Database, Reading, Writing, database_of
from greenroom.kit.problems import Problem
from tests.kit.database.tables import Project, Task

pytestmark = pytest.mark.anyio

SEEN: list[list[str]] = []
"""What another connection saw, at the moments that the tests are about."""


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(Project.name).order_by(Project.name))).scalars())


router = APIRouter()


@router.post("/projects", status_code=201)
async def create(name: str, session: Writing) -> dict[str, object]:
    project = Project(name=name)
    session.add(project)
    await session.flush()
    return {"id": project.id, "name": project.name}


@router.post("/deferred", status_code=201)
async def deferred(session: Writing) -> dict[str, str]:
    session.add(Project(name="Deferred", tasks=[Task(title="t", position=1), Task(title="u", position=1)]))
    await session.flush()  # the constraint is checked by the COMMIT
    return {"all": "well"}


@router.post("/unflushed", status_code=201)
async def unflushed(name: str, session: Writing) -> None:
    session.add(Project(name=name))


@router.post("/refused")
async def refused(session: Writing) -> None:
    session.add(Project(name="Refused"))
    await session.flush()
    raise HTTPException(418)


@router.post("/failing")
async def failing(session: Writing) -> None:
    session.add(Project(name="Failing"))
    await session.flush()
    raise RuntimeError("a bug")


@router.post("/unserialisable")
async def unserialisable(session: Writing) -> dict[str, int]:
    session.add(Project(name="Unserialisable"))
    return {"number": "none"}  # type: ignore[dict-item]  # the response model refuses it


@router.post("/background")
async def background(request: Request, session: Writing, tasks: BackgroundTasks) -> None:
    async def look() -> None:
        SEEN.append(await names(database_of(request)))

    session.add(Project(name="Background"))
    tasks.add_task(look)


@router.post("/stream")
async def stream(request: Request, session: Writing) -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield ",".join(await names(database_of(request)))

    session.add(Project(name="Stream"))
    return StreamingResponse(body())


@router.get("/projects")
async def read(connection: Reading) -> list[str]:
    return list((await connection.execute(select(Project.name))).scalars())


@router.get("/writing")
async def write_while_reading(connection: Reading) -> None:
    await connection.execute(insert(Project).values(name="Reading", details={}))


async def answer(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return JSONResponse(problem.document(), problem.status, problem.headers)


def application(database: Database | None) -> FastAPI:
    app = FastAPI(exception_handlers={Problem: answer})
    app.include_router(router)
    app.state.database = database
    return app


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    SEEN.clear()
    transport = httpx.ASGITransport(application(database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_what_is_answered_is_committed(client: httpx.AsyncClient, database: Database) -> None:
    created = await client.post("/projects", params={"name": "Fence"})
    assert (created.status_code, created.json()["name"]) == (201, "Fence")
    assert await names(database) == ["Fence"]
    assert (await client.get("/projects")).json() == ["Fence"]


async def test_a_commit_that_fails_is_no_success(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post("/deferred")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    await client.post("/unflushed", params={"name": "Fence"})
    answer = await client.post("/unflushed", params={"name": "Fence"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "The name is taken")
    assert await names(database) == ["Fence"]


@pytest.mark.parametrize(("path", "status"), [("/refused", 418), ("/failing", 500), ("/unserialisable", 500)])
async def test_an_error_leaves_nothing(client: httpx.AsyncClient, database: Database, path: str, status: int) -> None:
    assert (await client.post(path)).status_code == status
    assert await names(database) == []
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool has it


async def test_a_background_task_sees_what_is_committed(client: httpx.AsyncClient) -> None:
    await client.post("/background")
    assert SEEN == [["Background"]]


async def test_a_streamed_body_is_made_after_the_commit(client: httpx.AsyncClient) -> None:
    assert (await client.post("/stream")).text == "Stream"


async def test_a_read_cannot_write(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get("/writing")).status_code == 500
    assert await names(database) == []


async def test_nothing_is_sent_before_the_commit(database: Database) -> None:
    committed: list[list[str]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        committed.append(await names(database))

    scope = {"type": "http", "method": "POST", "path": "/projects", "query_string": b"name=Fence", "headers": []}
    await application(database)(scope, receive, send)
    assert committed == [["Fence"], ["Fence"]]


async def test_a_client_that_is_gone_changes_nothing_about_the_commit(database: Database) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise OSError("the client is gone")

    scope = {"type": "http", "method": "POST", "path": "/projects", "query_string": b"name=Fence", "headers": []}
    with pytest.raises(OSError, match="the client is gone"):
        await application(database)(scope, receive, send)
    assert await names(database) == ["Fence"]
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool has it


async def test_an_application_without_a_database_says_what_to_set() -> None:
    app = application(None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        with pytest.raises(TypeError, match=r"app\.state\.database is not set"):
            await client.get("/projects")
