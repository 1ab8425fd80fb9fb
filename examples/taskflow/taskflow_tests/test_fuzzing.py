"""Schemathesis on TaskFlow, over HTTP, authenticated, with all its checks: it finds nothing.

``TASKFLOW_FUZZ_SEEDS=7,11,23 TASKFLOW_FUZZ_EXAMPLES=8`` runs as much as ``python -m taskflow_tests.fuzz`` does.
"""

from __future__ import annotations

import os

import pytest

from greenroom.kit.database.server import Server
from taskflow_tests.fuzz import PHASES, run

SEEDS = [int(seed) for seed in os.environ.get("TASKFLOW_FUZZ_SEEDS", "7").split(",")]
EXAMPLES = os.environ.get("TASKFLOW_FUZZ_EXAMPLES")
QUICK = "examples,fuzzing,stateful"
"""Without the coverage phase, whose number of cases nothing bounds."""


@pytest.mark.parametrize("seed", SEEDS)
def test_schemathesis_finds_nothing(server: Server, seed: int) -> None:
    outcome = run(server, seed=seed, examples=int(EXAMPLES or 2), phases=PHASES if EXAMPLES else QUICK)
    assert outcome.cases > 100
    assert outcome.passed, outcome.output[-8000:]
    assert outcome.failures == outcome.server_errors == 0, outcome
