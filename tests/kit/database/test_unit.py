"""The unit of work: commits exactly once, rolls back on any error, and cannot be ended from inside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, func, insert, orm, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session as SyncOrmSession
from sqlmodel import col, select

from greenroom.kit.database import Database, DatabaseSettings, Session, TransactionError
from greenroom.kit.problems import Conflict, Invalid, Problem
from tests.kit.database.tables import Project, Task

pytestmark = pytest.mark.anyio


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(Project.name).order_by(Project.name))).scalars())


async def test_it_commits_at_its_end_and_nothing_expires(database: Database) -> None:
    async with database.begin() as session:
        project = Project(name="Fence")
        session.add(project)
        await session.flush()
        assert await names(database) == []
    assert await names(database) == ["Fence"]
    assert project.name == "Fence"
    assert project.id


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
async def test_any_error_rolls_back_and_passes(database: Database, error: type[BaseException]) -> None:
    with pytest.raises(error):  # noqa: PT012  # the block is the subject
        async with database.begin() as session:
            session.add(Project(name="Fence"))
            await session.flush()
            raise error
    assert await names(database) == []


async def test_a_cancelled_task_leaves_nothing_and_gives_its_connection_back(database: Database) -> None:
    async def work() -> None:
        async with database.begin() as session:
            session.add(Project(name="Fence"))
            await session.flush()
            await (await session.connection()).execute(text("SELECT pg_sleep(10)"))

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names(database) == []
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool has it


async def test_it_commits_exactly_once(database: Database) -> None:
    commits: list[object] = []
    event.listen(database.engine.sync_engine, "commit", commits.append)
    async with database.begin() as session:
        session.add(Project(name="Fence"))
        async with session.begin_nested():
            session.add(Project(name="House"))
    assert len(commits) == 1
    async with database.begin():
        pass
    assert len(commits) == 1  # nothing was sent, so there is nothing to commit


ENDINGS: list[Callable[[Session], object]] = [
    lambda session: session.commit(),
    lambda session: session.rollback(),
    lambda session: session.run_sync(lambda sync: sync.commit()),
    lambda session: session.run_sync(lambda sync: sync.rollback()),
]


@pytest.mark.parametrize("end", ENDINGS, ids=["commit", "rollback", "commit in run_sync", "rollback in run_sync"])
async def test_nothing_else_ends_the_transaction(database: Database, end: Callable[[Session], object]) -> None:
    with pytest.raises(TransactionError, match="the unit of work commits once"):  # noqa: PT012  # as above
        async with database.begin() as session:
            session.add(Project(name="Fence"))
            await end(session)  # type: ignore[misc]  # each gives a coroutine
    assert await names(database) == []


async def test_a_savepoint_can_be_rolled_back_alone(database: Database) -> None:
    async with database.begin() as session:
        session.add(Project(name="Fence"))
        with pytest.raises(DBAPIError):
            async with session.begin_nested():
                session.add(Project(name="Fence"))
    assert await names(database) == ["Fence"]


async def test_a_swallowed_error_does_not_become_a_commit_that_rolls_back(database: Database) -> None:
    with pytest.raises(TransactionError, match="a statement has failed"):  # noqa: PT012  # the block is the subject
        async with database.begin() as session:
            connection = await session.connection()
            await connection.execute(insert(Project).values(name="House", details={}))
            with pytest.raises(DBAPIError):
                await connection.execute(text("SELECT 1 / 0"))
    assert await names(database) == []


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
async def test_a_transaction_that_a_statement_has_ended_is_noticed(database: Database, statement: str) -> None:
    with pytest.raises(TransactionError, match="a statement has ended the transaction"):  # noqa: PT012  # as above
        async with database.begin() as session:
            session.add(Project(name="Fence"))
            await session.flush()
            await (await session.connection()).execute(text(statement))
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool has it


async def test_sqlalchemy_alone_would_lose_the_write_without_a_word(database: Database) -> None:
    """This is why the unit of work asks; when it fails, SQLAlchemy or asyncpg has begun to tell."""
    async with database.engine.begin() as connection:
        await connection.execute(insert(Project).values(name="House", details={}))
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT 1 / 0"))
    assert await names(database) == []


BROKEN: list[tuple[Callable[[Session], object], type[Problem], str]] = [
    (lambda s: s.add_all([Project(name="a"), Project(name="a")]), Conflict, "The name is taken"),
    (lambda s: s.add(Task(title="t", project_id=2_000_000_000)), Conflict, "It refers to what is not there, or is referred to"),
    (lambda s: s.add(Project(tasks=[Task(title="t", points=-1)], name="b")), Invalid, "The values do not go together"),
    (lambda s: s.add(Project(tasks=[Task()], name="b")), Invalid, "A value that is needed is missing"),
    (lambda s: s.add(Project(name="a" * 21)), Invalid, "A text is longer than its column"),
    (lambda s: s.add(Project(name="a\0b")), Invalid, "A text holds a character that cannot be stored"),
    (lambda s: s.add(Project(name="a", details={"a": "\0"})), Invalid, "A text holds a character that cannot be stored"),
    (lambda s: s.add(Project(id=2**31, name="a")), Invalid, "A value is out of range"),
    (lambda s: s.add(Project(name="a\ud800b")), Invalid, "A text holds a character that cannot be stored"),
    (lambda s: s.add(Project(id=2**63, name="a")), Invalid, "A value is out of range"),
    (
        lambda s: s.add(Project(name="b", tasks=[Task(title="t", position=1), Task(title="u", position=1)])),
        Conflict,
        "There is one like this already",  # a deferred constraint: the COMMIT fails
    ),
]


@pytest.mark.parametrize(("act", "problem", "detail"), BROKEN, ids=[detail for _, _, detail in BROKEN])
async def test_what_the_database_refuses_is_a_problem_without_its_words(
    database: Database, act: Callable[[Session], object], problem: type[Problem], detail: str
) -> None:
    with pytest.raises(problem) as raised:
        async with database.begin() as session:
            act(session)
    assert raised.value.detail == detail
    assert raised.value.__cause__ is not None
    assert await names(database) == []


async def test_a_declared_constraint_names_the_member(database: Database) -> None:
    with pytest.raises(Conflict) as raised:
        async with database.begin() as session:
            session.add_all([Project(name="a"), Project(name="a")])
    assert [error.document() for error in raised.value.errors] == [
        {"in": "body", "pointer": "#/name", "detail": "The name is taken", "code": "taken"}
    ]


async def test_a_fault_of_the_program_stays_one(database: Database) -> None:
    with pytest.raises(ProgrammingError):
        async with database.begin() as session:
            await (await session.connection()).execute(text("SELECT nothing"))


@pytest.mark.parametrize("error", [FileNotFoundError("app.toml"), TimeoutError(), ConnectionRefusedError("another service")])
async def test_an_error_of_the_system_that_is_not_the_databases_stays_what_it_is(database: Database, error: OSError) -> None:
    for block in (database.begin(), database.read(), database.read_session()):
        with pytest.raises(type(error)) as raised:
            async with block:
                raise error
        assert raised.value is error


async def test_listeners_see_the_info_of_their_sessions_and_no_others(database: Database, url: str) -> None:
    seen: list[object] = []

    def listener(sessions: type[SyncOrmSession]) -> None:
        @event.listens_for(sessions, "after_begin")
        def note(session: SyncOrmSession, transaction: orm.SessionTransaction, connection: Connection) -> None:
            seen.append(session.info["trail"])
            connection.execute(text("SELECT set_config('greenroom.trail', 'of this transaction', true)"))

    second = Database(DatabaseSettings(url=url), listeners=[listener])
    async with second.begin(info={"trail": "who"}) as session:
        assert seen == []  # nothing is sent before the first statement
        assert (await session.exec(select(func.current_setting("greenroom.trail")))).one() == "of this transaction"
    async with database.begin() as session:
        session.add(Project(name="Fence"))
    async with second.read_session() as session:
        assert (await session.exec(select(func.count(col(Project.id))))).one() == 1
    await second.dispose()
    assert seen == ["who"]


async def test_isolation_is_chosen_for_one_unit(database: Database) -> None:
    statement = select(func.current_setting("transaction_isolation"))
    async with database.begin(isolation="SERIALIZABLE") as session:
        assert (await session.exec(statement)).one() == "serializable"
    async with database.begin() as session:
        assert (await session.exec(statement)).one() == "read committed"


WRITES = [
    "INSERT INTO project (name, details) VALUES ('x', '{}')",
    "CREATE TABLE t (id int)",
    "TRUNCATE task",
    "SELECT nextval('project_id_seq')",
]


@pytest.mark.parametrize("statement", WRITES)
async def test_a_read_cannot_write(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.read() as connection:
            await connection.execute(text(statement))
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.read_session() as session:
            await (await session.connection()).execute(text(statement))
