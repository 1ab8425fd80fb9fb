"""Measures TaskFlow against the least that answers the same: asyncpg, Starlette and orjson.

    python benchmarks/taskflow.py [ROUNDS]

Both run in this process, without a network, in turns, on one PostgreSQL and the same rows; both verify the caller's token and look up who
it is. The figure is the CPU time of the process for each request (the server's is not in it), the best of all rounds; beside it stands the
number of statements. Needs the extras ``kit`` and ``postgres``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import orjson
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "taskflow"))

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.database.server import Roles, temporary
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.web import configure_logging
from taskflow.app import create_app, database
from taskflow.migrations import upgrade

App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

ROLES = Roles("taskflow_owner", "taskflow_app")
BATCH = 60
TASKS = 200

_WHO = """SELECT w.id, w.handle, p.id AS project_id, m.role FROM worker w
LEFT JOIN project p ON p.id = $1 AND p.tenant_id = w.tenant_id LEFT JOIN project_member m ON m.project_id = p.id AND m.worker_id = w.id
WHERE w.tenant_id = 'default' AND w.issuer = $2 AND w.user_id = $3"""
_WHO_OF_TASK = _WHO.replace("LEFT JOIN project p ON p.id = $1", "LEFT JOIN task t ON t.id = $1 LEFT JOIN project p ON p.id = t.project_id")
_ITEM = ("id", "title", "status", "priority", "progress_percent", "assignee_id", "assignee_handle", "due_date", "created_at")
_LIST = """SELECT t.id, t.title, t.status, t.priority, t.progress_percent, t.assignee_id, a.handle, t.due_date, t.created_at
FROM task t LEFT JOIN worker a ON a.id = t.assignee_id WHERE t.project_id = $1 ORDER BY t.created_at DESC, t.id DESC LIMIT $2"""
_SHOWN = (
    "id", "title", "description", "status", "priority", "progress_percent", "tags", "due_date", "needs_approval", "project_id",
    "assignee_id", "delegated_by_id", "parent_task_id", "created_by_id", "started_at", "completed_at", "created_at", "updated_at",
    "version", "is_recurring", "recurrence", "recurring_root_id",
)  # fmt: skip
_GET = f"""SELECT {", ".join(f"t.{name}" for name in _SHOWN)}, a.handle AS assignee_handle, coalesce((SELECT json_agg(json_build_object(
'id', s.id, 'title', s.title, 'status', s.status, 'priority', s.priority, 'progress_percent', s.progress_percent,
'assignee_id', s.assignee_id, 'due_date', s.due_date)) FROM task s WHERE s.parent_task_id = t.id), '[]') AS subtasks
FROM task t LEFT JOIN worker a ON a.id = t.assignee_id WHERE t.id = $1"""  # noqa: S608  # the names stand above
_ADD = f"""INSERT INTO raw_task (title, description, status, priority, progress_percent, tags, needs_approval, project_id, created_by_id,
created_at, updated_at, version, is_recurring) VALUES ($1, $2, 'pending', $3, 0, $4, false, $5, $6, now(), now(), 1, false)
RETURNING {", ".join(_SHOWN)}"""  # noqa: S608  # the names stand above
_TRAIL = "INSERT INTO raw_trail (entity, entity_id, action, actor, changes) VALUES ('task', $1, 'create_task', $2, $3)"


def raw_app(pool: Any, keys: KeySet, issuer: str) -> Starlette:  # noqa: ANN401  # asyncpg ships no types
    """Return the least that answers the same."""
    rules = JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": issuer}, exp={"essential": True}, sub={"essential": True}
    )

    def subject(request: Request) -> str:
        token = jwt.decode(request.headers["authorization"].removeprefix("Bearer "), keys, algorithms=["Ed25519"])
        rules.validate(token.claims)
        return str(token.claims["sub"])

    async def list_tasks(request: Request) -> Response:
        project, limit = int(request.path_params["project_id"]), int(request.query_params.get("limit", "50"))
        async with pool.acquire() as connection:
            me = await connection.fetchrow(_WHO, project, issuer, subject(request))
            if me["role"] is None:
                return Response(status_code=403)
            rows = await connection.fetch(_LIST, project, limit)
        return Response(orjson.dumps([dict(zip(_ITEM, row, strict=True)) for row in rows]), media_type="application/json")

    async def get_task(request: Request) -> Response:
        task = int(request.path_params["task_id"])
        async with pool.acquire() as connection:
            me = await connection.fetchrow(_WHO_OF_TASK, task, issuer, subject(request))
            if me["role"] is None:
                return Response(status_code=403)
            row = await connection.fetchrow(_GET, task)
        return Response(orjson.dumps(dict(row)), media_type="application/json")

    async def create_task(request: Request) -> Response:
        project, body = int(request.path_params["project_id"]), orjson.loads(await request.body())
        async with pool.acquire() as connection, connection.transaction():
            me = await connection.fetchrow(_WHO, project, issuer, subject(request))
            if me["role"] is None:
                return Response(status_code=403)
            given = (body["title"], body.get("description"), body.get("priority", "medium"), body.get("tags", []))
            row = dict(await connection.fetchrow(_ADD, *given, project, me["id"]))
            await connection.execute(_TRAIL, row["id"], me["id"], {name: [None, value] for name, value in row.items()})
        return Response(orjson.dumps({**row, "assignee_handle": None, "subtasks": []}), 201, media_type="application/json")

    return Starlette(
        routes=[
            Route("/api/projects/{project_id}/tasks", list_tasks),
            Route("/api/projects/{project_id}/tasks", create_task, methods=["POST"]),
            Route("/api/tasks/{task_id}", get_task),
        ]
    )


async def call(app: App, method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Send a request to an application in this process and return the body of the answer."""
    answer: list[bytes] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"localhost"), (b"authorization", b"Bearer " + token.encode()), (b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401  # a message of ASGI
        if message["type"] == "http.response.start":
            assert message["status"] in {200, 201}, message  # noqa: S101  # a benchmark of errors would be worthless
        answer.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(answer)


@contextmanager
def counting(db: Database) -> Iterator[list[str]]:
    """Give the list that each statement of TaskFlow is put into."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    for engine in (db.engine, db.reader):
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield sent
    for engine in (db.engine, db.reader):
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def _codecs(connection: Any) -> None:  # noqa: ANN401  # asyncpg ships no types
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=_encoded, decoder=orjson.loads, schema="pg_catalog")


def _encoded(value: object) -> str:
    return orjson.dumps(value).decode()


async def _tables_of_the_peer(owner: str) -> None:
    connection = await asyncpg.connect(owner.replace("+asyncpg", ""))
    await connection.execute(
        "CREATE TABLE raw_task (LIKE task INCLUDING ALL); "
        "CREATE TABLE raw_trail (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(), entity text, "
        "entity_id integer, action text, actor integer, changes jsonb);"
        "ALTER TABLE raw_task ALTER occurrence SET DEFAULT 1, ALTER has_spawned_next SET DEFAULT false, "
        "ALTER recurrence_trigger SET DEFAULT 'on_complete'"
    )
    await connection.close()


async def measure(application: str, rounds: int) -> None:
    """Print CPU microseconds for each request, ratios, and numbers of statements."""
    issuer = LocalIssuer()
    token = issuer.token("ann", name="Ann", email="ann@example.com")
    db = database(DatabaseSettings(url=application))
    ours = create_app(db, issuer.authenticator())
    pool = await asyncpg.create_pool(application.replace("+asyncpg", ""), min_size=10, max_size=10, init=_codecs)
    raw = raw_app(pool, issuer.keys, issuer.origin)
    async with ours.router.lifespan_context(ours):
        project = orjson.loads(await call(ours, "GET", "/api/projects", token))[0]["id"]
        me = orjson.loads(await call(ours, "GET", "/api/workers/me", token))["id"]
        listed, body = f"/api/projects/{project}/tasks", orjson.dumps({"title": "A task to measure", "priority": "high", "tags": ["one"]})
        many = orjson.dumps({"title": "A task among many", "assignee_id": me})
        made = [orjson.loads(await call(ours, "POST", listed, token, many))["id"] for _ in range(TASKS)]
        shown = f"/api/tasks/{made[-1]}"
        kinds = {"list 50": ("GET", listed, b"", 3.0), "get": ("GET", shown, b"", 3.5), "create with trail": ("POST", listed, body, 4.0)}
        print(f"{'':18} {'raw us':>8} {'ours us':>8} {'ratio':>6} {'bar':>5} {'statements':>11}")
        for name, (method, path, given, bar) in kinds.items():
            best = {"raw": float("inf"), "ours": float("inf")}
            for _ in range(rounds):
                for peer, app in (("raw", raw), ("ours", ours)):
                    start = time.process_time()
                    for _ in range(BATCH):
                        await call(app, method, path, token, given)
                    best[peer] = min(best[peer], (time.process_time() - start) / BATCH)
            with counting(db) as sent:
                await call(ours, method, path, token, given)
            ratio = best["ours"] / best["raw"]
            print(f"{name:18} {best['raw'] * 1e6:8.0f} {best['ours'] * 1e6:8.0f} {ratio:6.2f} {bar:5.1f} {len(sent):11}")
    await pool.close()


def main() -> None:
    """Measure on a server of our own."""
    configure_logging(level="WARNING")  # the peer writes no access log either
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with temporary() as server, server.database(roles=ROLES) as urls:
        upgrade(urls.owner, ROLES.application)
        asyncio.run(_tables_of_the_peer(urls.owner))
        asyncio.run(measure(urls.application, rounds))


if __name__ == "__main__":
    main()
