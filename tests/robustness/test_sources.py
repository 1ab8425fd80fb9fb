"""The interpreter on code that nobody wrote for it: Python's own test suite, and sources that mean nothing any more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from greenroom.interpret.run import STEPS
from tests.robustness.forced import force, suite
from tests.robustness.mutants import defects_of_backend, defects_of_block, sample

SUITE = suite()
MARGIN = 2 * STEPS
"""A statement may count for more than is left when it starts: the bound is soft by one statement."""


@pytest.mark.skipif(not SUITE, reason="the running interpreter comes without its test suite")
@pytest.mark.parametrize("part", range(2))
def test_pythons_own_test_suite(part: int) -> None:
    for path in random.Random(f"suite {part}").sample(SUITE, min(3, len(SUITE))):  # noqa: S311 - the same files each time
        outcome = force(path)
        assert outcome.errors == []
        assert outcome.steps <= MARGIN, path.name


@pytest.mark.parametrize("seed", range(5))
def test_mutants_of_the_backend(seed: int, tmp_path: Path) -> None:
    assert defects_of_backend(seed, tmp_path) == []


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_the_pages(seed: int, tmp_path: Path) -> None:
    assert [defect for block, _ in sample([seed], every=25) for defect in defects_of_block(block, seed, tmp_path)] == []
