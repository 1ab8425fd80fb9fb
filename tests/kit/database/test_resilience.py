"""What production does to a database: a pooler between, and a server that is killed while requests run."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, select

from greenroom.kit.database import Database, DatabaseSettings, Reading, SettingsError, Writing
from greenroom.kit.database.server import Cluster, Server
from greenroom.kit.problems import Problem
from tests.kit.database.services import durable_cluster, pgbouncer
from tests.kit.database.tables import Base, Project, Task

pytestmark = pytest.mark.anyio

router = APIRouter()


@router.post("/projects/{name}", status_code=201)
async def create(name: str, session: Writing) -> str:
    """Two statements: half of it would be seen."""
    project = Project(name=name)
    session.add(project)
    await session.flush()
    session.add(Task(title=name, project_id=project.id))
    return name


@router.get("/projects/{name}")
async def read(name: str, connection: Reading) -> int:
    statement = select(func.count(col(Task.id))).join(Project).where(Project.name == name)
    return int((await connection.execute(statement)).scalar_one())


async def answer(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return JSONResponse(problem.document(), problem.status, problem.headers)


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(exception_handlers={Problem: answer})
    app.include_router(router)
    app.state.database = database
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await database.dispose()


async def create_tables(url: str) -> None:
    database = Database(DatabaseSettings(url=url))
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.dispose()


# -- a pooler in transaction mode


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[str]:
    """Give the URL of a pooler that has five connections for all its clients."""
    with server.database() as urls:
        asyncio.run(create_tables(urls.owner))
        with pgbouncer(urls.owner) as url:
            yield url


async def test_200_concurrent_requests_through_a_pooler_in_transaction_mode(pooler: str) -> None:
    """The application has 30 connections to the pooler, which has five to the server."""
    settings = DatabaseSettings(url=pooler, pooled=True, pool_size=30, pool_timeout=30)
    async with serving(Database(settings)) as client:
        writes = [client.post(f"/projects/{number}") for number in range(100)]
        reads = [client.get(f"/projects/{number}") for number in range(100)]
        answers = await asyncio.gather(*writes, *reads)
    assert Counter(answer.status_code for answer in answers) == {201: 100, 200: 100}


async def test_a_read_behind_a_pooler_cannot_write_either(pooler: str) -> None:
    database = Database(DatabaseSettings(url=pooler, pooled=True))
    with pytest.raises(Exception, match="read-only transaction"):
        async with database.read() as connection:
            await connection.execute(text("CREATE TABLE t (id int)"))
    async with database.begin() as session:  # nothing of it leaks to the next user of the server's connection
        assert (await session.exec(select(func.current_setting("transaction_read_only")))).one() == "off"
    await database.dispose()


async def test_the_pooler_of_these_tests_breaks_a_driver_that_is_not_told_of_it(pooler: str) -> None:
    engine = create_async_engine(pooler.replace("://", "+asyncpg://"), pool_size=30)

    async def use() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    results = await asyncio.gather(*(use() for _ in range(100)), return_exceptions=True)
    await engine.dispose()
    assert [result for result in results if isinstance(result, Exception)]


async def test_a_pooler_that_the_settings_do_not_know_of_is_named(pooler: str) -> None:
    database = Database(DatabaseSettings(url=pooler))
    with pytest.raises(SettingsError, match=r"DATABASE_POOLED: a pooler stands before this server .*: set it to true"):
        await database.wait()
    await database.dispose()


# -- a server that is killed


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with durable_cluster() as cluster:
        yield cluster


async def test_a_server_killed_and_restarted_under_load(cluster: Cluster) -> None:
    url = cluster.start().render_as_string(hide_password=False)
    await create_tables(url)
    acknowledged: list[str] = []
    refused: Counter[int] = Counter()
    is_over = asyncio.Event()

    async def load(client: httpx.AsyncClient, worker: int) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            answer = await client.post(f"/projects/{worker}-{number}")
            if answer.status_code == 201:
                acknowledged.append(answer.json())
            else:
                refused[answer.status_code] += 1
                await asyncio.sleep(0.02)

    settings = DatabaseSettings(url=url, connect_patience=0.5, connect_timeout=0.5)
    async with serving(Database(settings)) as client:
        workers = [asyncio.create_task(load(client, worker)) for worker in range(8)]
        before = after = 0
        for _ in range(2):
            before = await progress(acknowledged, 20)
            await asyncio.to_thread(cluster.stop, at_once=True)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(cluster.start)
            after = await progress(acknowledged, 50)
        is_over.set()
        await asyncio.gather(*workers)
        assert after > before  # it has recovered by itself

        stored = Database(settings)
        async with stored.read() as connection:
            rows = (await connection.execute(select(Project.name, func.count(col(Task.id))).outerjoin(Task).group_by(Project.name))).all()
        await stored.dispose()
    assert set(acknowledged) <= {name for name, _ in rows}  # nothing that was acknowledged is lost
    assert {tasks for _, tasks in rows} == {1}  # nothing is half written
    assert set(refused) == {503}


async def progress(acknowledged: list[str], more: int) -> int:
    """Wait until that many more have been acknowledged."""
    wanted = len(acknowledged) + more
    async with asyncio.timeout(20):
        while len(acknowledged) < wanted:  # noqa: ASYNC110  # the load does not know what is waited for
            await asyncio.sleep(0.02)
    return len(acknowledged)
