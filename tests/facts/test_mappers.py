"""The static facts of our own sample models are those of the real mappers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greenroom.facts.collect import Backend
from greenroom.program.program import Program
from greenroom.source.discover import discover
from tests.facts.mapper_differential import compare

HERE = Path(__file__).parent
MODULES = ("models_columns", "models_relationships", "models_inheritance", "models_sqlmodel")


@pytest.mark.parametrize("name", MODULES)
def test_static_facts_are_the_mappers_facts(name: str) -> None:
    # In a process of its own: the samples' tables would stay in the registry that all SQLModel classes share.
    command = [sys.executable, str(HERE / "mapper_export.py"), name]
    run = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    assert run.stderr.strip() == ""
    facts: dict[str, Any] = json.loads(run.stdout)["mappers"]
    backend = Backend(Program(discover([HERE / f"{name}.py"])))
    comparison = compare(backend, facts, (f"{name}:",))
    assert [tuple(difference) for difference in comparison.differences] == []
    assert comparison.classes >= 3


def test_library_bases_bring_their_real_columns() -> None:
    facts = json.loads((HERE / "library_facts.json").read_text())["mappers"]
    backend = Backend(Program(discover([HERE / "models_library.py"])))
    comparison = compare(backend, facts, ("models_library:",))
    assert [tuple(difference) for difference in comparison.differences] == []
    assert comparison.classes == 15
