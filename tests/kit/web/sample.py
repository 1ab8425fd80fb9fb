"""A small backend that uses all parts, on a real database: served for browsers and for fuzzing.

Start it with DATABASE_URL set; it makes its tables.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlmodel import Field as Column
from sqlmodel import col

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Broken, Database, DatabaseSettings, Reading, Session, Writing
from greenroom.kit.models import Id, Input, Line, Output, Patch, Record, UtcDatetime, apply, choices, own_registry
from greenroom.kit.problems import NotFound, Unauthenticated
from greenroom.kit.web import Attempt, Idempotency, IfMatch, IfNoneMatch, WebSettings, configure_logging, etag, install
from greenroom.kit.workflow import SetNow, Transition, TransitionTrigger, Workflow

TOKEN = "sample-token"  # noqa: S105  # of this sample


class Status(StrEnum):
    OPEN = "open"
    DONE = "done"


class Base(Record, registry=own_registry()):
    """The tables of the sample."""


class Owner(Base, table=True):
    name: str = Column(max_length=100)


class Task(Base, table=True):
    title: str = Column(max_length=200)
    status: Status = Column(default=Status.OPEN, sa_type=choices(Status))
    due: datetime | None = None
    done_at: datetime | None = None
    owner_id: int | None = Column(default=None, foreign_key="owner.id")


FLOW = Workflow(
    Task,
    Status,
    [
        Transition("finish", {Status.OPEN}, Status.DONE, effects=(SetNow("done_at"),)),
        Transition("reopen", {Status.DONE}, Status.OPEN),
    ],
    initial={Status.OPEN},
)
TRIGGER = TransitionTrigger(FLOW)
TRIGGER.attach()
CONSTRAINTS = {**TRIGGER.constraints, "fk_task_owner_id_owner": Broken("There is no such owner", "/owner_id", code="not_found")}
IDEMPOTENCY = Idempotency(Base.metadata)
Once = Annotated[Attempt, Depends(IDEMPOTENCY)]


class TaskFields(Input):
    title: Annotated[str, Line(200)] = Field(examples=["Paint the fence"])
    due: UtcDatetime | None = None
    owner_id: Id | None = None


class TaskPatch(TaskFields, Patch):
    pass


class Move(Input):
    to: Status


class TaskShown(Output):
    id: int
    version: int
    title: str
    status: Status
    due: AwareDatetime | None
    done_at: AwareDatetime | None
    owner_id: int | None
    created_at: AwareDatetime


class Tasks(Output):
    items: list[TaskShown]


SHOWN = select(*(col(getattr(Task, name)) for name in TaskShown.model_fields))

_bearer = HTTPBearer(auto_error=False)


async def acting(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> Actor:
    if credentials is None or credentials.credentials != TOKEN:
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    request.state.actor = Actor(ActorKind.HUMAN, "me", "sample")
    return Actor(ActorKind.HUMAN, "me", "sample")


Acting = Annotated[Actor, Depends(acting)]
TaskId = Annotated[Id, Path()]


@asynccontextmanager
async def lifespan(started: FastAPI) -> AsyncIterator[None]:
    database = Database(DatabaseSettings(), constraints=CONSTRAINTS)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    started.state.database = database
    yield
    await database.dispose()


app = FastAPI(title="Sample", lifespan=lifespan)


async def held(task_id: TaskId, session: Writing) -> Task:
    task = await session.get(Task, task_id)
    if task is None:
        raise NotFound
    return task


Held = Annotated[Task, Depends(held, scope="function")]


@app.get("/tasks")
async def read_all(
    _actor: Acting, connection: Reading, status: Status | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> Tasks:
    statement = SHOWN.order_by(col(Task.id).desc()).limit(limit)
    if status is not None:
        statement = statement.where(col(Task.status) == status)
    rows = (await connection.execute(statement)).mappings()
    return Tasks(items=[TaskShown(**row) for row in rows])


@app.post("/tasks", status_code=201)
async def create(actor: Acting, body: TaskFields, session: Writing, once: Once, response: Response) -> TaskShown:
    async def work() -> TaskShown:
        task = Task(**body.model_dump())
        session.add(task)
        await session.flush()
        response.headers["Location"] = f"/tasks/{task.id}"
        response.headers["ETag"] = etag(task.version)
        return TaskShown.model_validate(task)

    return await once.run(session, actor, work)


@app.get("/tasks/{task_id}")
async def read(_: Acting, task_id: TaskId, connection: Reading, fresh: IfNoneMatch) -> TaskShown:
    row = (await connection.execute(SHOWN.where(col(Task.id) == task_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    fresh.check(row["version"])
    return TaskShown(**row)


@app.patch("/tasks/{task_id}")
async def change(_: Acting, task: Held, body: TaskPatch, session: Writing, unchanged: IfMatch, response: Response) -> TaskShown:
    unchanged.check(task.version)
    apply(body, task, only=TaskFields.model_fields)
    return await _shown(session, task, response)


@app.patch("/tasks/{task_id}/status")
async def move(actor: Acting, task: Held, body: Move, session: Writing, response: Response) -> TaskShown:
    await FLOW.fire(session, task, to=body.to, by=actor)
    return await _shown(session, task, response)


@app.delete("/tasks/{task_id}", status_code=204)
async def remove(_: Acting, task: Held, session: Writing, unchanged: IfMatch) -> None:
    unchanged.check(task.version)
    await session.delete(task)


async def _shown(session: Session, task: Task, response: Response) -> TaskShown:
    await session.flush()
    response.headers["ETag"] = etag(task.version)
    return TaskShown.model_validate(task)


configure_logging(level="WARNING")
install(app, WebSettings())
