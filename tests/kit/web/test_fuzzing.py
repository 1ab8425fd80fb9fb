"""Schemathesis on the sample, over HTTP, authenticated, with all its checks: nothing that the document does not say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.web.sample import TOKEN
from tests.kit.web.serving import served

EXAMPLES = os.environ.get("GREENROOM_FUZZ_EXAMPLES", "8")
SEED = os.environ.get("GREENROOM_FUZZ_SEED", "7")


@pytest.fixture(scope="module")
def url(postgres: str) -> Iterator[str]:
    with served("tests.kit.web.sample:app", {"DATABASE_URL": postgres, "WEB_DRAIN": "0"}) as (_, url):
        yield url


def test_schemathesis_finds_nothing(url: str, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
        *("run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {TOKEN}"),
        *("--checks", "all", "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"),
    ]
    # It keeps notes where it runs.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (str(Path.cwd()), *sys.path) if path)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
