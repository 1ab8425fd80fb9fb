"""``python examples/taskflow`` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from greenroom.kit.database.server import Cluster, NoPostgresError, Urls, find_programs
from taskflow_tests.calling import ok
from taskflow_tests.process import command, tokens
from tests.kit.web.serving import free_port, running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests say what it is told, and let it stop at once."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEB_DRAIN", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a clean folder that the server's user can reach, whoever runs the tests."""
    with tempfile.TemporaryDirectory(prefix="greenroom-taskflow-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"
        if (Path(name) / "data" / "data").exists():  # where a test has failed, a server may run there still
            Cluster(Path(name) / "data", find_programs()).remove()


@pytest.fixture
def programs() -> None:
    try:
        find_programs()
    except NoPostgresError as error:
        pytest.skip(f"skipped: {error}")


def test_it_starts_from_nothing_and_again_on_the_same_data(folder: Path, programs: None) -> None:
    for round_ in (1, 2):
        port = free_port()
        with running(command(port, folder), port) as process:
            printed = tokens(process)
            url = f"http://127.0.0.1:{port}"
            for who, kind in (("human ann", "human"), ("agent bot", "agent")):
                with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {printed[who]}"}) as client:
                    assert ok(client.get("/api/workers/me"))["type"] == kind
                    [project] = ok(client.get("/api/projects"))
                    tasks = f"/api/projects/{project['id']}/tasks"
                    ok(client.post(tasks, json={"title": f"Of round {round_}"}), 201)
                    assert len(ok(client.get(tasks))) == round_
            assert httpx.get(f"{url}/docs").status_code == 200
            assert Cluster(folder, find_programs()).is_running()
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=20)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert "error" not in said.lower()
        assert not Cluster(folder, find_programs()).is_running()  # nothing is left behind


def test_a_signal_while_the_database_is_made_leaves_nothing_running(folder: Path, programs: None) -> None:
    process = subprocess.Popen(  # the example, with arguments of our own
        command(free_port(), folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    cluster = Cluster(folder, find_programs())
    while not cluster.is_running():
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert not cluster.is_running()


def refused(port: int, folder: Path, **environment: str) -> str:
    """Return the one message with which it ends."""
    done = subprocess.run(  # as above
        command(port, folder),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    [message] = done.stderr.splitlines()
    assert message.startswith("error: ")
    return message


def test_a_port_that_is_taken(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"--port {port} cannot be listened on" in refused(port, folder)
    assert not folder.exists()  # it is found before anything is made


def test_a_port_that_is_none(folder: Path) -> None:
    assert "--port 70000" in refused(70000, folder)


def test_a_folder_that_cannot_be_used(folder: Path, programs: None) -> None:
    folder.write_text("a file")
    unusable = folder / "within"
    assert f"--folder: {unusable} cannot be used for a PostgreSQL server" in refused(free_port(), unusable)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("WEB_RATE", "fast"),
    ],
)
def test_a_wrong_setting(folder: Path, urls: Urls, name: str, value: str) -> None:
    environment = {"DATABASE_URL": urls.application, "DATABASE_OWNER_URL": urls.owner, name: value}
    assert re.match(rf"error: {name}\b", refused(free_port(), folder, **environment))


def test_a_database_that_refuses(folder: Path, urls: Urls) -> None:
    application = {"DATABASE_URL": re.sub(r":[^:@]+@", ":wrong@", urls.application), "DATABASE_OWNER_URL": urls.owner}
    assert re.match(r"error: DATABASE_URL: the server refuses .*password", refused(free_port(), folder, **application))
    owner = {"DATABASE_URL": urls.application, "DATABASE_OWNER_URL": re.sub(r"/\w+$", "/nowhere", urls.owner)}
    assert re.match(r'error: DATABASE_OWNER_URL or .*"nowhere" does not exist', refused(free_port(), folder, **owner))
