"""What stands around a database in production: a pooler before it, and a server that may be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from sqlalchemy import URL, make_url

from greenroom.kit.database.server import Cluster, find_programs
from tests.kit.web.serving import free_port


def find_pgbouncer() -> str | None:
    """Return the program, if it is installed."""
    return which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def pgbouncer(url: str) -> Iterator[str]:
    """Give the URL of a PgBouncer in transaction mode before that of a server, to which it has five connections for all its clients."""
    program = find_pgbouncer()
    if program is None:
        pytest.skip("skipped: no pgbouncer; install with: apt-get install pgbouncer")
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="greenroom-pgbouncer-") as name:
        port = free_port()
        ini = Path(name) / "pgbouncer.ini"
        ini.write_text(_configuration(make_url(url), port))
        for path in (Path(name), ini):
            programs.give(path)
        process = subprocess.Popen([program, "-q", str(ini)], user=programs.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield f"postgresql://anybody@127.0.0.1:{port}/app"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def durable_cluster() -> Iterator[Cluster]:
    """Give a server whose commits are on disk when they are acknowledged; it is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="greenroom-killed-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder) / "server", find_programs(), durable=True)
        Path(folder).chmod(0o711)  # the server's user has to pass
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.remove()


def _configuration(url: URL, port: int) -> str:
    to = f"host={url.host} port={url.port} user={url.username} password={url.password} dbname={url.database}"
    return (
        f"[databases]\napp = {to}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 500\n"
    )


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("pgbouncer has not started")
