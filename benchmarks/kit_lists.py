"""Measures a list and a get of the kit against the least that answers the same: asyncpg, Starlette and orjson.

    python benchmarks/kit_lists.py [ROUNDS]

Both run in this process, without a network, in turns; the figure is the CPU time of the process for each request (the server's is not in
it), the best of all rounds. Needs the extra ``kit`` and a PostgreSQL (see tests/executable/postgres.py).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import orjson
from fastapi import Depends, FastAPI
from pydantic import AwareDatetime
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, col
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenroom.kit.database import Database, DatabaseSettings, Reading
from greenroom.kit.lists import Filter, Listing, PageRequest, Sort, ToOne, rank
from greenroom.kit.models import Id, Line, Output, Record, Text, choices, own_registry
from tests.executable.postgres import private_postgres

App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

BATCH = 100


class Base(Record, registry=own_registry()):
    """The tables measured on."""


class Status(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    DONE = "done"


class Worker(Base, table=True):
    """Who does a task."""

    handle: Annotated[str, Line(50)]
    name: Annotated[str, Line(200)]
    kind: Annotated[str, Line(20)]


class Task(Base, table=True):
    """What is listed."""

    title: Annotated[str, Line(500)]
    description: Annotated[str | None, Text(5000)] = None
    status: Status = Field(default=Status.PENDING, sa_type=choices(Status))
    priority: Annotated[str, Line(20)] = "high"
    progress: int = 0
    tags: list[str] = Field(default=[], sa_type=JSONB)
    due: datetime | None = None
    project_id: int
    assignee_id: int | None = Field(default=None, foreign_key="worker.id")


class WorkerBrief(Output):
    """The nested object."""

    id: int
    handle: str
    name: str
    kind: str


class TaskRow(Output):
    """What a task shows."""

    id: int
    title: str
    description: str | None
    status: Status
    priority: str
    progress: int
    tags: list[str]
    due: AwareDatetime | None
    project_id: int
    assignee_id: int | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int
    assignee: WorkerBrief | None


tasks = Listing(
    TaskRow,
    Task,
    nested={"assignee": ToOne(Worker, on=col(Worker.id) == col(Task.assignee_id))},
    scope={"project_id": Task.project_id},
    sort="-created_at",
    sorts={"created_at": Task.created_at, "due": Sort(Task.due, nulls="last"), "priority": rank(Task.priority, ["low", "high"])},
    filters={
        "status": Filter(Task.status, ("eq", "in")),
        "due": Filter(Task.due, ("gte", "lt", "null")),
        "assignee_id": Filter(Task.assignee_id, ("eq", "null")),
        "tags": Filter(Task.tags, ("contains",)),
    },
    search=(Task.title, Task.description),
)


def kit_app(database: Database) -> FastAPI:
    """Return the application as the kit's documentation writes it."""
    app = FastAPI()
    app.state.database = database

    @app.get("/projects/{project_id}/tasks", responses=tasks.responses)
    async def list_tasks(project_id: Id, page: Annotated[PageRequest, Depends(tasks.page)], connection: Reading) -> list[TaskRow]:
        return await tasks.fetch(connection, page, project_id=project_id)

    @app.get("/projects/{project_id}/tasks/{task_id}")
    async def get_task(project_id: Id, task_id: Id, connection: Reading) -> TaskRow:
        return await tasks.one(connection, task_id, project_id=project_id)

    return app


_COLUMNS = ("id", "title", "description", "status", "priority", "progress", "tags", "due", "project_id", "assignee_id")
_TIMES = ("created_at", "updated_at", "version")
_SELECT = f"""SELECT {", ".join(f"task.{name}" for name in _COLUMNS + _TIMES)}, worker.id, worker.handle, worker.name, worker.kind
FROM task LEFT JOIN worker ON worker.id = task.assignee_id"""  # noqa: S608  # the names stand above
_LIST = f"{_SELECT} WHERE task.project_id = $1 ORDER BY task.created_at DESC, task.id DESC LIMIT $2"
_GET = f"{_SELECT} WHERE task.id = $1 AND task.project_id = $2"
_NAMES = _COLUMNS + _TIMES
_NESTED = ("id", "handle", "name", "kind")


def _document(row: Any) -> dict[str, Any]:  # noqa: ANN401  # a record of the driver
    task = dict(zip(_NAMES, row, strict=False))
    nested = row[len(_NAMES) :]
    task["assignee"] = dict(zip(_NESTED, nested, strict=True)) if nested[0] is not None else None
    return task


def raw_app(pool: Any) -> Starlette:  # noqa: ANN401  # asyncpg ships no types
    """Return the least that answers the same."""

    async def list_tasks(request: Request) -> Response:
        project, limit = int(request.path_params["project_id"]), int(request.query_params.get("limit", "50"))
        async with pool.acquire() as connection:
            rows = await connection.fetch(_LIST, project, limit)
        return Response(orjson.dumps([_document(row) for row in rows]), media_type="application/json")

    async def get_task(request: Request) -> Response:
        async with pool.acquire() as connection:
            row = await connection.fetchrow(_GET, int(request.path_params["task_id"]), int(request.path_params["project_id"]))
        return Response(orjson.dumps(_document(row)), media_type="application/json")

    return Starlette(routes=[Route("/projects/{project_id}/tasks", list_tasks), Route("/projects/{project_id}/tasks/{task_id}", get_task)])


async def call(app: App, path: str, query: bytes) -> bytes:
    """Send a GET request to an application in this process and return the body."""
    body: list[bytes] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401  # a message of ASGI
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message  # noqa: S101  # a benchmark of errors would be worthless
        body.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(body)


async def measure(url: str, rounds: int) -> None:
    """Print CPU microseconds for each request, and ratios."""
    database = Database(DatabaseSettings(url=url))
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        workers = [{"handle": f"@w{number}", "name": f"Worker {number}", "kind": "human"} for number in range(20)]
        await connection.execute(insert(Worker), workers)
        start = datetime(2026, 1, 1, tzinfo=UTC)
        made = [
            {
                "title": f"Task number {number}", "description": "word " * 16, "tags": ["a", "b"], "due": start, "project_id": number % 4,
                "assignee_id": 1 + number % 20 if number % 5 else None, "created_at": start + timedelta(minutes=number),
            }
            for number in range(1000)
        ]  # fmt: skip
        await connection.execute(insert(Task), made)
        await connection.exec_driver_sql("CREATE INDEX ON task (project_id, created_at, id)")
        await connection.exec_driver_sql("ANALYZE")

    async def codec(connection: Any) -> None:  # noqa: ANN401  # asyncpg ships no types
        await connection.set_type_codec("jsonb", encoder=orjson.dumps, decoder=orjson.loads, schema="pg_catalog")

    pool = await asyncpg.create_pool(url.replace("+asyncpg", ""), min_size=1, max_size=10, init=codec)
    apps: dict[str, App] = {"raw": raw_app(pool), "kit": kit_app(database)}
    requests = {
        "list of 50": ("/projects/1/tasks", b""),
        "list of 50, filtered": ("/projects/1/tasks", b"status=pending&due__gte=2025-01-01T00:00:00Z"),
        "get": ("/projects/2/tasks/7", b""),
    }
    for path, query in requests.values():
        same = [orjson.loads(await call(app, path, query)) for app in apps.values()]
        count = len(same[0])
        assert count == len(same[1]), "the two answer differently"  # noqa: S101  # or the comparison means nothing
    best = dict.fromkeys(((name, what) for what in requests for name in apps), float("inf"))
    for _ in range(rounds):
        for what, (path, query) in requests.items():
            for name, app in apps.items():
                begun = time.process_time()
                for _ in range(BATCH):
                    await call(app, path, query)
                best[name, what] = min(best[name, what], (time.process_time() - begun) / BATCH)
    print(f"{'':24}{'raw us':>10}{'kit us':>10}{'ratio':>8}")
    for what in requests:
        raw, kit = best["raw", what] * 1e6, best["kit", what] * 1e6
        print(f"{what:24}{raw:10.0f}{kit:10.0f}{kit / raw:8.2f}")
    await pool.close()
    await database.dispose()


if __name__ == "__main__":
    with private_postgres() as address:
        asyncio.run(measure(address, int(sys.argv[1]) if len(sys.argv) > 1 else 15))
