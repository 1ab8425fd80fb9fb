"""What the dependencies cost: CPU of the application for each request, in process, against asyncpg and Starlette alone.

Run: ``python -m tests.kit.database.measure``. Microseconds, the best of seven rounds of 300 requests, one at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import orjson
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenroom.kit.database import Database, DatabaseSettings, Reading, Writing
from greenroom.kit.database.server import temporary
from tests.kit.database.tables import Base, Project

ROUNDS, REQUESTS = 7, 300
ONE = select(Project.id, Project.name).where(Project.name == "one")
counter = iter(range(10_000_000))

kit = FastAPI(openapi_url=None)


@kit.get("/nothing")
async def nothing() -> None:
    pass


@kit.get("/reading")
async def reading_nothing(connection: Reading) -> None:
    pass


@kit.get("/read")
async def read(connection: Reading) -> dict[str, object]:
    row = (await connection.execute(ONE)).one()
    return {"id": row.id, "name": row.name}


@kit.get("/writing")
async def writing_nothing(session: Writing) -> None:
    pass


@kit.get("/write")
async def write(session: Writing) -> dict[str, object]:
    project = Project(name=str(next(counter)))
    session.add(project)
    await session.flush()
    return {"id": project.id, "name": project.name}


async def raw_nothing(request: Request) -> Response:
    return Response(b"null")


async def raw_read(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT id, name FROM project WHERE name = $1", "one")
    return Response(orjson.dumps(dict(row)))


async def raw_write(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow("INSERT INTO project (name, details) VALUES ($1, '{}') RETURNING id, name", str(next(counter)))
    return Response(orjson.dumps(dict(row)))


raw = Starlette(routes=[Route("/nothing", raw_nothing), Route("/read", raw_read), Route("/write", raw_write)])


async def request(app: Callable[..., Awaitable[None]], path: str) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http"}
    await app(scope, receive, send)


async def cpu(app: Callable[..., Awaitable[None]], path: str) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(REQUESTS):
            await request(app, path)
        best = min(best, time.process_time() - begin)
    return best / REQUESTS * 1e6


@asynccontextmanager
async def prepared(url: str) -> AsyncIterator[None]:
    database = Database(DatabaseSettings(url=url))
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(text("INSERT INTO project (name, details) VALUES ('one', '{}')"))
    kit.state.database = database
    raw.state.pool = await asyncpg.create_pool(url.replace("+asyncpg", ""), min_size=1, max_size=10)
    yield
    await raw.state.pool.close()
    await database.dispose()


async def main(url: str) -> None:
    async with prepared(url):
        for name, app, path in [
            ("Starlette, nothing", raw, "/nothing"),
            ("FastAPI, nothing", kit, "/nothing"),
            ("Reading, not used", kit, "/reading"),
            ("Writing, not used", kit, "/writing"),
            ("asyncpg, read one row", raw, "/read"),
            ("Reading, read one row", kit, "/read"),
            ("asyncpg, insert one row", raw, "/write"),
            ("Writing, insert one row", kit, "/write"),
        ]:
            print(f"{name:26} {await cpu(app, path):6.0f}")


if __name__ == "__main__":
    with temporary() as server:
        asyncio.run(main(server.superuser.render_as_string(hide_password=False)))
