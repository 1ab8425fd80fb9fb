"""Schemathesis over all operations, over HTTP, as somebody who is known, with all its checks: nothing that the document does not say.

All phases, more cases or others: ``GREENROOM_FUZZ_EXAMPLES=12 GREENROOM_FUZZ_SEED=11 python -m pytest -s`` with this file.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn

from greenroom.kit.database import DatabaseSettings
from greenroom.kit.database.server import Urls
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.web import WebSettings
from taskflow.app import create_app, database

ROOT = Path(__file__).parents[3]
EXAMPLES = os.environ.get("GREENROOM_FUZZ_EXAMPLES")
PHASES = "examples,coverage,fuzzing,stateful" if EXAMPLES else "examples,coverage"
"""Those that take minutes are for whoever asks for a number of cases."""
SEED = os.environ.get("GREENROOM_FUZZ_SEED", "7")


@pytest.fixture(scope="module")
def token(issuer: LocalIssuer) -> str:
    return issuer.token("ann", lifetime=3600, name="Ann", email="ann@example.com")


@pytest.fixture(scope="module")
def url(urls: Urls, issuer: LocalIssuer, token: str) -> Iterator[str]:
    """Give the address of TaskFlow with some tasks and an agent of the caller."""
    app = create_app(database(DatabaseSettings(url=urls.application)), issuer.authenticator(), web=WebSettings(drain=0))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        project = client.get("/api/projects").raise_for_status().json()[0]["id"]
        for title in ("one", "two", "three"):
            client.post(f"/api/projects/{project}/tasks", json={"title": title}).raise_for_status()
        client.post("/api/workers/agents", json={"handle": "@a", "name": "A", "agent_type": "claude"}).raise_for_status()
    yield address
    server.should_exit = True
    thread.join()


def test_schemathesis_finds_nothing(url: str, token: str, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(ROOT / "tests" / "kit" / "web" / "schemathesis.toml")),
        *("run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--phases", PHASES, "--max-examples", EXAMPLES or "1", "--seed", SEED, "--no-color"),
    ]
    # It keeps notes where it runs, and finds its hooks as modules.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900, check=False)
    print(run.stdout[-400:])
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
