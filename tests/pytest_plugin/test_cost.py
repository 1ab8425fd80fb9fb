from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

_PROJECT = Path(__file__).parents[2]
_HEAVY = """
import sys
import pytest
import greenroom.pytest.plugin
print(*sorted(name for name in sys.modules if name.partition(".")[0] in {"sqlalchemy", "pytest_asyncio", "starlette"}))
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "greenroom"))
"""


def test_the_distribution_names_the_plugin() -> None:
    project = tomllib.loads((_PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["entry-points"]["pytest11"]["greenroom"]
    assert hasattr(import_module(name), "pytest_addoption")


def test_a_run_that_is_not_watched_imports_next_to_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", _HEAVY], capture_output=True, text=True, check=True)
    foreign, own = done.stdout.split("\n")[:2]
    assert foreign == ""
    assert own.split() == [
        "greenroom",
        "greenroom.pytest",
        "greenroom.pytest.fixtures",
        "greenroom.pytest.options",
        "greenroom.pytest.plugin",
    ]
