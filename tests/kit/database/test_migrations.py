"""Alembic with the kit's environment: as the owner, one at a time, and closed sets of words that change."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from greenroom.kit.database import SettingsError, migrations, parse
from greenroom.kit.database.migrations import MigrationError
from greenroom.kit.database.server import Server, Urls

TABLES = """
from enum import StrEnum
from sqlalchemy import Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Status(StrEnum):
    OPEN = "open"
    DONE = "isn't open"

class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})

class Task(Base):
    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[Status] = mapped_column(
        Enum(Status, native_enum=False, create_constraint=True, values_callable=lambda members: [member.value for member in members])
    )
"""

ENVIRONMENT = """
import importlib.util, pathlib
spec = importlib.util.spec_from_file_location("tables", pathlib.Path(__file__).parent / "tables.py")
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)
from greenroom.kit.database import migrations
migrations.run(tables.Base.metadata, patience=0.5)
"""

TEMPLATE = '''
"""${message}"""
from alembic import op
import sqlalchemy as sa
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
def upgrade():
    ${upgrades if upgrades else "pass"}
def downgrade():
    ${downgrades if downgrades else "pass"}
'''


@pytest.fixture
def urls(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Urls]:
    with server.database() as urls:
        monkeypatch.setenv("DATABASE_URL", urls.application)
        monkeypatch.setenv("DATABASE_OWNER_URL", urls.owner)
        yield urls


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENVIRONMENT)
    (tmp_path / "tables.py").write_text(TABLES)
    (tmp_path / "script.py.mako").write_text(TEMPLATE)
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", "os")
    return config


def fetch(url: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def migrated(config: Config, message: str) -> str:
    """Make the next migration from the tables, run it, and return its text."""
    command.revision(config, message, autogenerate=True)
    command.upgrade(config, "head")
    folder = Path(str(config.get_main_option("script_location"))) / "versions"
    return next(path.read_text() for path in folder.glob(f"*_{message}.py"))


def change_words(config: Config, *values: str) -> None:
    path = Path(str(config.get_main_option("script_location"))) / "tables.py"
    members = "".join(f"    V{number} = {value!r}\n" for number, value in enumerate(values))
    before, _, after = TABLES.partition('    OPEN = "open"\n')
    path.write_text(before + members + after.partition('open"\n')[2])


def test_the_owner_makes_the_tables_and_the_application_uses_them(urls: Urls, config: Config) -> None:
    migrated(config, "first")
    assert fetch(urls.application, "SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'task'") is False
    assert fetch(urls.application, "INSERT INTO task (status) VALUES ('open') RETURNING id") == 1
    command.check(config)


def test_a_word_that_is_added_is_found_exchanged_and_can_be_taken_back(urls: Urls, config: Config) -> None:
    migrated(config, "first")
    change_words(config, "open", "isn't open", "a much longer word")
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(config)
    text = migrated(config, "second")
    assert "op.exchange_choices('task', 'status', 'ck_task_status', ['open', \"isn't open\", 'a much longer word'], before=" in text
    assert "op.alter_column('task', 'status'" in text  # varchar(10) is too short for it
    command.check(config)
    fetch(urls.application, "INSERT INTO task (status) VALUES ('a much longer word')")
    with pytest.raises(asyncpg.CheckViolationError):
        fetch(urls.application, "INSERT INTO task (status) VALUES ('unknown')")
    with pytest.raises(Exception, match="violated by some row"):
        command.downgrade(config, "-1")
    fetch(urls.application, "DELETE FROM task")
    command.downgrade(config, "-1")
    with pytest.raises(asyncpg.CheckViolationError):
        fetch(urls.application, "INSERT INTO task (status) VALUES ('done')")


def test_two_deployments_do_not_migrate_at_once(urls: Urls, config: Config) -> None:
    migrated(config, "first")
    is_locked, is_over = threading.Event(), threading.Event()

    def first() -> None:
        async def hold() -> None:
            connection = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
            key = __import__("zlib").crc32(b"greenroom.migrations")
            await connection.execute(f"SELECT pg_advisory_lock({key})")
            is_locked.set()
            await asyncio.to_thread(is_over.wait, 10)
            await connection.close()

        asyncio.run(hold())

    thread = threading.Thread(target=first)
    thread.start()
    is_locked.wait(10)
    with pytest.raises(MigrationError, match="another migration of this database"):
        command.upgrade(config, "head")
    begin = time.monotonic()
    threading.Timer(0.2, is_over.set).start()
    command.upgrade(config, "head")
    assert time.monotonic() - begin > 0.1
    thread.join()


def test_it_becomes_the_owner_where_another_role_logs_in(server: Server, urls: Urls, config: Config) -> None:
    superuser = server.superuser.set(database=urls.owner.rpartition("/")[2]).render_as_string(hide_password=False)
    owner = parse(urls.owner).url.username
    environment = Path(str(config.get_main_option("script_location"))) / "env.py"
    environment.write_text(ENVIRONMENT.replace("patience=0.5", f"{superuser!r}, role={owner!r}"))
    migrated(config, "first")
    assert fetch(urls.owner, "SELECT tableowner FROM pg_tables WHERE tablename = 'task'") == owner
    assert fetch(urls.application, "INSERT INTO task (status) VALUES ('open') RETURNING id") == 1


def test_a_connection_that_is_given_is_used(urls: Urls, config: Config) -> None:
    migrated(config, "first")

    async def run() -> None:
        engine = create_async_engine(urls.owner)

        def down(connection: Connection) -> None:
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

        async with engine.begin() as connection:
            await connection.run_sync(down)
        await engine.dispose()

    asyncio.run(run())
    assert fetch(urls.owner, "SELECT to_regclass('task')") is None


def test_a_migration_that_fails_leaves_what_was_before(urls: Urls, config: Config) -> None:
    migrated(config, "first")
    folder = Path(str(config.get_main_option("script_location"))) / "versions"
    command.revision(config, "broken")
    path = next(folder.glob("*_broken.py"))
    path.write_text(path.read_text().replace("pass", "op.execute('CREATE TABLE half (id int)'); op.execute('SELECT 1/0')", 1))
    with pytest.raises(Exception, match="division by zero"):
        command.upgrade(config, "head")
    assert fetch(urls.owner, "SELECT to_regclass('half')") is None


def test_through_a_pooler_it_is_refused(urls: Urls, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://u:hush-hush@ep-a-pooler.eu.neon.tech/d")
    with pytest.raises(MigrationError, match="the host without -pooler"):
        command.upgrade(config, "head")


def test_a_database_that_cannot_be_reached_is_named(urls: Urls, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_CONNECT_PATIENCE", 0)
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner:hush-hush@127.0.0.1:1/d")
    with pytest.raises(MigrationError, match=r"no database answers at 127\.0\.0\.1:1: check DATABASE_OWNER_URL"):
        command.upgrade(config, "head")
    monkeypatch.setenv("DATABASE_OWNER_URL", urls.owner.replace("@", "-not@"))
    with pytest.raises(SettingsError, match="DATABASE_OWNER_URL or DATABASE_URL: the server refuses the connection: password"):
        command.upgrade(config, "head")


def test_a_missing_setting_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        command.upgrade(config, "head")


def test_sql_can_be_written_in_place_of_being_run(urls: Urls, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    migrated(config, "first")
    capsys.readouterr()
    command.upgrade(config, "head", sql=True)
    assert "CREATE TABLE task" in capsys.readouterr().out
