"""The base of tables: nothing needs a refresh, versions count, constraints have names."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import UniqueConstraint, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from greenroom.kit.models import Record, base, own_registry
from tests.kit.models.tables import Base, Kind, Task, Thing, Worker

pytestmark = pytest.mark.anyio


async def test_nothing_needs_a_refresh_after_a_flush(statements: list[str], session: AsyncSession) -> None:
    task = Task(title="one")
    session.add(task)
    await session.flush()
    # Outside of a greenlet any load would raise MissingGreenlet.
    assert (task.id, task.version) == (1, 1)
    assert task.created_at.utcoffset() == timedelta(0)
    first = task.updated_at
    task.title = "two"
    await session.flush()
    assert inspect(task).expired_attributes == set()
    assert task.version == 2
    assert task.updated_at > first
    row = (await session.exec(select(Task.__table__))).one()  # type: ignore[attr-defined,call-overload]  # SQLModel types no Core select
    assert row._asdict() == {name: getattr(task, name) for name in Task.model_fields}
    assert [statement.split()[0] for statement in statements] == ["INSERT", "UPDATE", "SELECT"]


async def test_a_change_of_what_another_has_changed_is_refused(engine: AsyncEngine, session: AsyncSession) -> None:
    task = Task(title="one")
    session.add(task)
    await session.commit()
    async with AsyncSession(engine) as other:
        await other.exec(update(Task).values(title="theirs"))
        await other.commit()
    task.title = "ours"
    with pytest.raises(StaleDataError):
        await session.flush()


async def test_core_statements_count_versions_and_times_too(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(Worker).values(name="a"))
        inserted = (await connection.execute(select(Worker.__table__))).one()  # type: ignore[attr-defined]  # a table has one
        await connection.execute(update(Worker).where(col(Worker.id) == inserted.id).values(name="b"))
        changed = (await connection.execute(select(Worker.__table__))).one()  # type: ignore[attr-defined]  # as above
    assert (inserted.version, inserted.kind) == (1, Kind.HUMAN)
    assert inserted.created_at <= datetime.now(UTC)
    assert changed.version == 2
    assert changed.updated_at > inserted.updated_at
    assert changed.created_at == inserted.created_at


async def test_constraints_have_the_names_of_the_convention(engine: AsyncEngine) -> None:
    names = text(
        "SELECT conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE relname IN ('task', 'worker') AND contype <> 'n'"
    )
    async with engine.connect() as connection:
        constraints = set((await connection.execute(names)).scalars())
        indexes = await connection.run_sync(lambda sync: {index["name"] for index in inspect(sync).get_indexes("task")})
    assert constraints == {"pk_task", "pk_worker", "fk_task_assignee_id", "uq_worker_name", "ck_worker_kind"}
    assert indexes == {"ix_task_assignee_id"}


async def test_a_closed_set_of_words_is_kept_by_the_database(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO worker (name, kind, created_at, updated_at, version) VALUES ('a', 'agent', now(), now(), 1)")
        )
        assert (await connection.execute(select(col(Worker.kind)))).scalar_one() is Kind.AGENT
    with pytest.raises(IntegrityError, match="ck_worker_kind"):
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE worker SET kind = 'AGENT'"))


async def test_a_legacy_column_holds_naive_utc_and_gives_aware_times(engine: AsyncEngine) -> None:
    moment = datetime.fromisoformat("2026-01-01T12:00:00+02:00")
    values = {"line": "a", "text": "", "small": 1, "middle": 1, "large": 1, "slug": "a", "tags": [], "document": {}}
    async with engine.begin() as connection:
        await connection.execute(insert(Thing).values(**values, moment=moment, legacy=moment))
        stored, read = (await connection.execute(text("SELECT legacy, moment FROM thing"))).one()
        assert (stored.tzinfo, stored.hour) == (None, 10)
        given = (await connection.execute(select(col(Thing.legacy)))).scalar_one()
        assert given == read == moment
        assert given.tzinfo is UTC
        with pytest.raises(Exception, match="a naive time"):
            await connection.execute(update(Thing).values(legacy=datetime(2026, 1, 1)))  # noqa: DTZ001  # naive is the point


def test_each_registry_has_tables_of_its_own() -> None:
    class Other(Record, registry=own_registry()):
        pass

    class Task(Other, table=True):
        name: str

    assert Base.metadata is not Other.metadata
    assert set(Other.metadata.tables) == {"task"}
    assert Record.metadata is not Other.metadata
    assert not any(isinstance(constraint, UniqueConstraint) for constraint in Task.__table__.constraints)  # type: ignore[attr-defined]  # a table has one


def test_greenroom_finds_nothing_in_the_base_or_in_its_use() -> None:
    here = Path(__file__).parent
    models = Path(sys.modules["greenroom.kit.models"].__file__ or "").parent
    done = subprocess.run(
        [sys.executable, "-m", "greenroom", "check", models, here / "tables.py", here / "test_patch.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_row_is_what_sqlmodel_would_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """All attributes, what SQLAlchemy will write of them, and what Pydantic knows: the constructor is our own, the result is not."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {"title": "one", "created_at": moment, "updated_at": moment}

    def facts(task: Task) -> tuple[object, ...]:
        state = inspect(task)
        history = {attribute.key: attribute.history for attribute in state.attrs}
        return task.model_dump(), task.model_fields_set, history, state.transient

    ours = facts(Task(**given))
    monkeypatch.setattr(base, "fill", lambda record, values: SQLModel.__init__(record, **values))
    assert ours == facts(Task(**given))


def test_a_new_row_is_made_of_nothing_unknown() -> None:
    with pytest.raises(TypeError, match="Task has no attribute 'titel'"):
        Task(titel="one")


def test_a_row_can_be_validated_where_it_is_made() -> None:
    assert Task.model_validate({"title": "one"}).title == "one"
    with pytest.raises(ValidationError):
        Task.model_validate({"title": 5})
