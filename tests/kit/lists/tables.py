"""The tables and lists that these tests share. SQLModel reads annotations of relationships: none of them may be a string as a whole."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime
from sqlalchemy import Numeric, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import aliased
from sqlmodel import Field, Relationship, col

from greenroom.kit.lists import Filter, Listing, Sort, ToMany, ToOne, rank
from greenroom.kit.models import Line, Output, Record, Text, choices, own_registry


class Base(Record, registry=own_registry()):
    """Tables of these tests only."""


class Status(StrEnum):
    PENDING = "pending"
    DONE = "done"


class Priority(StrEnum):
    LOW = "low"
    HIGH = "high"


class Team(Base, table=True):
    __tablename__ = "list_team"
    name: Annotated[str, Line(50)]


class Worker(Base, table=True):
    __tablename__ = "list_worker"
    name: Annotated[str, Line(50)]
    team_id: int | None = Field(default=None, foreign_key="list_team.id")
    team: Team | None = Relationship()


class Task(Base, table=True):
    __tablename__ = "list_task"
    title: Annotated[str, Line(500)]
    note: Annotated[str | None, Text(5000)] = None
    status: Status = Field(default=Status.PENDING, sa_type=choices(Status))
    priority: Priority = Field(default=Priority.LOW, sa_type=choices(Priority))
    points: Decimal | None = Field(default=None, sa_type=Numeric(6, 2))
    score: float | None = None
    due: datetime | None = None
    day: date | None = None
    open: bool = True
    tags: list[str] = Field(default=[], sa_type=JSONB)
    labels: list[str] = Field(default=[], sa_type=ARRAY(String))
    secret: str = "x"  # noqa: S105  # nothing secret, but not shown
    author_id: int = Field(foreign_key="list_worker.id")
    assignee_id: int | None = Field(default=None, foreign_key="list_worker.id")
    assignee: Worker | None = Relationship(sa_relationship_kwargs={"foreign_keys": "Task.assignee_id"})
    steps: list["Step"] = Relationship()


class Step(Base, table=True):
    __tablename__ = "list_step"
    name: Annotated[str, Line(50)]
    place: int
    task_id: int = Field(foreign_key="list_task.id")


class TeamBrief(Output):
    id: int
    name: str


class WorkerBrief(Output):
    name: str
    team: TeamBrief | None


class StepRow(Output):
    name: str
    created_at: AwareDatetime


class TaskRow(Output):
    id: int
    title: str
    status: Status
    priority: Priority
    due: AwareDatetime | None
    points: Decimal | None
    tags: list[str]
    created_at: AwareDatetime
    author: WorkerBrief
    assignee: WorkerBrief | None
    steps: list[StepRow]
    shout: str


author, assignee = aliased(Worker), aliased(Worker)
author_team, assignee_team = aliased(Team), aliased(Team)

tasks = Listing(
    TaskRow,
    Task,
    nested={
        "author": ToOne(author, on=author.id == Task.author_id, inner=True),
        "author.team": ToOne(author_team, on=author_team.id == author.team_id),
        "assignee": ToOne(assignee, on=assignee.id == Task.assignee_id),
        "assignee.team": ToOne(assignee_team, on=assignee_team.id == assignee.team_id),
        "steps": ToMany(Step, on=col(Step.task_id) == Task.id, order=[col(Step.place)]),
    },
    columns={"shout": col(Task.title).concat("!")},
    sort="-created_at",
    sorts={
        "created_at": Task.created_at,
        "title": Task.title,
        "status": Task.status,
        "priority": rank(Task.priority, list(Priority)),
        "due": Sort(Task.due, nulls="last"),
        "score": Sort(Task.score, nulls="first"),
        "points": Sort(Task.points, nulls="last"),
        "day": Sort(Task.day, nulls="first"),
        "open": Task.open,
        "id": Task.id,
    },
    filters={
        "status": Filter(Task.status, ("eq", "in", "ne")),
        "due": Filter(Task.due, ("gte", "gt", "lt", "lte", "null")),
        "tags": Filter(Task.tags, ("contains",)),
        "labels": Filter(Task.labels, ("contains",)),
        "assignee_id": Filter(Task.assignee_id, ("eq", "in", "null")),
        "points": Filter(Task.points, ("gte",)),
        "score": Filter(Task.score, ("gte",)),
        "day": Filter(Task.day, ("eq",)),
        "open": Filter(Task.open),
        "title": Filter(Task.title),
        "team": Filter(assignee_team.name),
    },
    search=(Task.title, Task.note),
    offset=True,
)


class Plain(Output):
    id: int
    title: str


plain = Listing(Plain, Task, sort="id", sorts={"id": Task.id, "created_at": Task.created_at})


def task(**given: Any) -> dict[str, Any]:  # noqa: ANN401  # columns of any type
    """Return the values of a task."""
    return {"title": "t", "author_id": 1, **given}
