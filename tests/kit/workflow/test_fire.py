"""Firing: what the table allows and nothing else, in one statement that leaves the object fresh."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, inspect, text, update
from sqlmodel import col, select

from greenroom.kit.database import Database, Session
from greenroom.kit.problems import Conflict, Forbidden, NotFound
from greenroom.kit.workflow import WorkflowError
from tests.kit.workflow.tables import FLOW, Status, Task

pytestmark = pytest.mark.anyio


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.begin() as session:
        yield session


async def task_in(session: Session, status: Status, started_at: datetime | None = None, open_parts: int = 0) -> Task:
    task = Task(status=status, started_at=started_at, open_parts=open_parts)
    session.add(task)
    await session.flush()
    return task


async def row_of(session: Session, task: Task) -> dict[str, object]:
    statement = select(Task.__table__).where(col(Task.id) == task.id)  # type: ignore[attr-defined]  # a table has one
    row: dict[str, object] = (await (await session.connection()).execute(statement)).one()._asdict()
    return row


@pytest.mark.parametrize("nested", [False, True])
async def test_the_object_is_fresh_and_nothing_loads(session: Session, database: Database, *, nested: bool) -> None:
    task = await task_in(session, Status.PENDING)
    if nested:
        savepoint = await session.begin_nested()
        assert savepoint.is_active
    statements: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    fired = await FLOW.fire(session, task, to=Status.IN_PROGRESS)
    assert fired.name == "start"
    assert [statement.split()[0] for statement in statements] == ["SAVEPOINT"] * nested + ["UPDATE"]
    # Outside of an awaited call any load would raise.
    assert inspect(task).expired_attributes == set()
    held = {name: getattr(task, name) for name in Task.model_fields}
    assert await row_of(session, task) == held
    assert task.status is Status.IN_PROGRESS
    assert task.version == 2
    assert task.started_at is not None
    assert task.started_at.tzinfo is not None
    assert not inspect(task).modified


async def test_the_orm_goes_on_from_there(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    await FLOW.fire(session, task, name="start")
    task.title = "another"
    await session.flush()
    await FLOW.fire(session, task, name="block")
    assert (task.title, task.status, task.version) == ("another", Status.BLOCKED, 4)


async def test_what_is_pending_is_written_first(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    task.title = "another"
    await FLOW.fire(session, task, name="start")
    assert task.title == "another"
    assert (await row_of(session, task))["title"] == "another"
    new = Task()
    session.add(new)
    await FLOW.fire(session, new, name="start")
    assert new.status is Status.IN_PROGRESS


async def test_effects_set_clear_and_keep_the_first_time(session: Session) -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    task = await task_in(session, Status.BLOCKED, started_at=first)
    await FLOW.fire(session, task, name="start")
    assert task.started_at == first
    await FLOW.fire(session, task, name="complete")
    assert task.completed_at is not None
    assert task.progress_percent == 100
    await FLOW.fire(session, task, name="reopen")
    assert task.completed_at is None
    assert task.progress_percent == 100


async def test_values_of_the_caller_are_in_the_same_statement(session: Session) -> None:
    task = await task_in(session, Status.REVIEW)
    await FLOW.fire(session, task, name="reject", values={"reason": "not yet"})
    assert task.reason == "not yet"
    assert task.version == 2


@pytest.mark.parametrize("name", ["nothing", "completed_at", "progress_percent", "status", "id", "version"])
async def test_values_for_what_the_caller_may_not_set_are_a_fault(session: Session, name: str) -> None:
    task = await task_in(session, Status.IN_PROGRESS)
    with pytest.raises(WorkflowError, match=f"'complete' cannot take {name}"):
        await FLOW.fire(session, task, name="complete", values={name: None})


async def test_what_the_table_does_not_allow_is_a_conflict_that_says_what_is(session: Session) -> None:
    task = await task_in(session, Status.IN_PROGRESS)
    with pytest.raises(Conflict, match="From in_progress there is no way to pending") as raised:
        await FLOW.fire(session, task, to=Status.PENDING)
    assert raised.value.document() == {
        "type": "/problems/conflict",
        "title": "The request conflicts with the current state",
        "status": 409,
        "detail": "From in_progress there is no way to pending",
        "state": "in_progress",
        "allowed": ["review", "completed", "blocked"],
    }
    with pytest.raises(Conflict, match="approve is not possible in in_progress"):
        await FLOW.fire(session, task, name="approve")
    assert (await row_of(session, task))["version"] == 1


async def test_a_guard_says_why_not_and_what_else_is_open(session: Session) -> None:
    task = await task_in(session, Status.IN_PROGRESS, open_parts=2)
    with pytest.raises(Conflict, match="2 parts are open") as raised:
        await FLOW.fire(session, task, to=Status.COMPLETED)
    assert raised.value.extensions == {"state": "in_progress", "allowed": ["review", "blocked"]}
    assert task.status is Status.IN_PROGRESS


async def test_a_guard_may_refuse_with_a_problem_of_its_own(session: Session) -> None:
    task = await task_in(session, Status.REVIEW)
    with pytest.raises(Forbidden):
        await FLOW.fire(session, task, name="approve", by="author")
    await FLOW.fire(session, task, name="approve", by="another")
    assert task.status is Status.COMPLETED


async def test_who_comes_too_late_is_told_the_state_as_it_is(database: Database) -> None:
    async with database.begin() as session:
        task = await task_in(session, Status.PENDING)
    async with database.begin() as session:
        late = (await session.exec(select(Task).where(col(Task.id) == task.id))).one()
        async with database.begin() as other:
            first = (await other.exec(select(Task).where(col(Task.id) == task.id))).one()
            await FLOW.fire(other, first, name="start")
        with pytest.raises(Conflict, match="Somebody else has changed it") as raised:
            await FLOW.fire(session, late, name="block")
    assert raised.value.extensions == {"state": "in_progress", "allowed": ["review", "completed", "blocked"]}


async def test_a_change_of_another_column_in_between_is_a_conflict_too(database: Database) -> None:
    async with database.begin() as session:
        task = await task_in(session, Status.PENDING)
    async with database.begin() as session:
        late = (await session.exec(select(Task).where(col(Task.id) == task.id))).one()
        async with database.begin() as other:
            await (await other.connection()).execute(update(Task).values(title="theirs"))
        with pytest.raises(Conflict) as raised:
            await FLOW.fire(session, late, name="start")
    assert raised.value.extensions == {"state": "pending", "allowed": ["in_progress", "blocked"]}


async def test_a_record_that_is_gone_is_not_found(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    await (await session.connection()).execute(text("DELETE FROM task"))
    with pytest.raises(NotFound):
        await FLOW.fire(session, task, name="start")


async def test_an_object_that_a_savepoint_has_expired_is_read_again(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    with pytest.raises(ValueError, match="within"):  # noqa: PT012  # the block is the subject
        async with session.begin_nested():
            task.title = "taken back"
            await FLOW.fire(session, task, name="start")
            raise ValueError("within")
    assert inspect(task).expired_attributes
    await FLOW.fire(session, task, name="block")
    assert (task.status, task.version, task.started_at, task.title) == (Status.BLOCKED, 2, None, "task")
    assert inspect(task).expired_attributes == set()


async def test_a_savepoint_that_is_taken_back_takes_the_transition_with_it(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    with pytest.raises(ValueError, match="within"):  # noqa: PT012  # the block is the subject
        async with session.begin_nested():
            await FLOW.fire(session, task, name="start")
            raise ValueError("within")
    assert inspect(task).expired_attributes
    await FLOW.fire(session, task, name="start")
    assert (task.status, task.version) == (Status.IN_PROGRESS, 2)


async def test_an_expired_object_whose_row_is_gone_is_not_found(session: Session) -> None:
    task = await task_in(session, Status.PENDING)
    session.expire(task)
    await (await session.connection()).execute(text("DELETE FROM task"))
    with pytest.raises(NotFound):
        await FLOW.fire(session, task, name="start")
    with pytest.raises(NotFound):
        await FLOW.fire(session, Task(), name="start")


async def test_an_error_after_it_takes_the_transition_back(database: Database) -> None:
    async with database.begin() as session:
        task = await task_in(session, Status.PENDING)
    with pytest.raises(ValueError, match="later"):  # noqa: PT012  # the block is the subject
        async with database.begin() as session:
            held = (await session.exec(select(Task).where(col(Task.id) == task.id))).one()
            await FLOW.fire(session, held, name="start")
            raise ValueError("later")
    async with database.begin() as session:
        assert (await row_of(session, task))["status"] is Status.PENDING
