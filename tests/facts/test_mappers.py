"""The static facts of our own sample models are those of the real mappers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from greenroom.facts.collect import Backend
from greenroom.program.program import Program
from greenroom.source.discover import discover

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from mapper_differential import compare  # noqa: E402
from mapper_export import export  # noqa: E402

MODULES = ("models_columns", "models_relationships", "models_inheritance", "models_sqlmodel")


@pytest.mark.parametrize("name", MODULES)
def test_static_facts_are_the_mappers_facts(name: str) -> None:
    importlib.import_module(name)
    facts, failures = export([name])
    assert not failures
    backend = Backend(Program(discover([HERE / f"{name}.py"])))
    comparison = compare(backend, facts, (f"{name}:",))
    assert [tuple(difference) for difference in comparison.differences] == []
    assert comparison.classes >= 3
