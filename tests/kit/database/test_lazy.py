"""Each way of loading without ``await``, on a real PostgreSQL: refused, with the name of what to write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import joinedload, selectinload, undefer
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import select

from greenroom.kit.database import Database, ImplicitLoadError, Session
from tests.kit.database.tables import Agent, Project, Task, Worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    """A unit of work after another one: nothing of the rows is in the session yet."""
    async with database.begin() as first:
        project = Project(name="Fence", tasks=[Task(title="Paint")])
        first.add_all([project, Agent()])
    async with database.begin() as session:
        yield session


async def task(session: Session, *options: ExecutableOption) -> Task:
    return (await session.exec(select(Task).options(*options))).one()


async def expired(session: Session) -> Task:
    one = await task(session)
    session.expire(one)
    return one


async def partly_expired(session: Session) -> Task:
    one = await task(session)
    session.expire(one, ["title", "points"])
    return one


async def project(session: Session) -> Project:
    return (await session.exec(select(Project))).one()


async def agent(session: Session) -> Worker:
    return (await session.exec(select(Worker))).one()


IMPLICIT: list[tuple[Callable[[Session], Any], Callable[[Any], object], str]] = [
    (task, lambda one: one.project, "add `.options(selectinload(Task.project))` to the statement that reads the Task"),
    (project, lambda one: one.tasks, "add `.options(selectinload(Project.tasks))`"),
    (project, lambda one: one.tasks.append(Task(title="More")), "selectinload(Project.tasks)"),
    (project, lambda one: setattr(one, "tasks", []), "selectinload(Project.tasks)"),
    (task, lambda one: one.body, "add `.options(undefer(Task.body))`"),
    (expired, lambda one: one.title, "Task.title: expired"),
    (expired, lambda one: one.id, "await session.refresh("),
    (partly_expired, lambda one: one.points, "['points', 'title']"),
    (project, lambda one: list(one.titles), "selectinload(Project.tasks)"),
    (project, lambda one: list(one.stream), "outside of an awaited call"),
    (project, lambda one: any(one.tasks), "selectinload(Project.tasks)"),
    (task, lambda one: setattr(one.project, "name", "x"), "selectinload(Task.project)"),
    (
        agent,
        lambda one: one.model,
        "add `.options(selectin_polymorphic(Worker, [Agent]))`",
    ),
    (partly_expired, lambda one: repr({"title": one.title}), "Task.points, Task.title: expired"),
]


@pytest.mark.filterwarnings("ignore:(?s).*session.query:DeprecationWarning")  # what a dynamic relationship calls
@pytest.mark.parametrize(("read", "use", "message"), IMPLICIT, ids=[str(i) for i in range(len(IMPLICIT))])
async def test_a_load_that_nobody_awaits_is_refused_by_name(
    session: Session, read: Callable[[Session], Any], use: Callable[[Any], object], message: str
) -> None:
    one = await read(session)
    with pytest.raises(ImplicitLoadError) as raised:
        use(one)
    assert message in str(raised.value)


async def test_a_synchronous_call_outside_of_await_is_refused(session: Session) -> None:
    with pytest.raises(ImplicitLoadError, match=r"outside of an awaited call: write `await session.exec"):
        session.sync_session.execute(select(Task))
    with pytest.raises(ImplicitLoadError, match="outside of an awaited call"):
        session.sync_session.get(Task, 1)


@pytest.mark.parametrize("option", [selectinload(Task.project), joinedload(Task.project)])
async def test_what_the_message_advises_mends_it(session: Session, option: ExecutableOption) -> None:
    assert (await task(session, option, undefer(Task.body))).project.name == "Fence"
    refreshed = await expired(session)
    await session.refresh(refreshed, ["title", "project"])
    assert (refreshed.title, refreshed.project.name) == ("Paint", "Fence")


async def test_io_is_legal_where_somebody_awaits(session: Session) -> None:
    one = await expired(session)

    def read(sync: SyncSession) -> tuple[str, str, str]:
        return one.title, one.body, one.project.name

    assert await session.run_sync(read) == ("Paint", "body", "Fence")
    loaded = await project(session)
    session.expire(loaded)
    assert [one.title for one in await loaded.awaitable_attrs.tasks] == ["Paint"]


async def test_the_session_itself_may_load_while_it_is_awaited(session: Session) -> None:
    read = await project(session)
    await session.delete(read)  # the cascade reads the tasks
    inserted = Project(name="Other")
    session.add(inserted)
    await session.merge(Project(id=read.id, name="Fence"))


async def test_what_is_known_needs_no_load(session: Session) -> None:
    one = await task(session)
    read = await project(session)
    assert one.project is read  # by its key, from the session
    assert inspect(one).session is session.sync_session
