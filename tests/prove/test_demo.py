"""Every finding of the bundled backend that a run can show is reproduced, and the same test passes on the mended twin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.prove.claim import ERRORS
from greenroom.prove.running import run
from greenroom.prove.verdict import Outcome
from tests.demo.expected import DEFECTS, DEMO, Defect
from tests.prove.proving import TIMEOUT, claims, proved

BACKEND, MENDED = DEMO / "backend", DEMO / "mended"
PROVABLE = [defect for defect in DEFECTS if defect.rule in ERRORS]


def test_every_rule_that_a_run_can_show_is_there() -> None:
    assert {defect.rule for defect in PROVABLE} == set(ERRORS)


@pytest.mark.parametrize("defect", PROVABLE, ids=lambda defect: f"{defect.rule}-{Path(defect.path).stem}-{defect.line}")
def test_it_fails_as_found_and_passes_when_mended(defect: Defect) -> None:
    file = BACKEND / defect.path
    (claim,) = [c for c in claims(BACKEND, file) if (c.finding.span.line, c.finding.rule) == (defect.line, defect.rule)]
    proof = proved(BACKEND, claim)
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason
    assert not proof.verdict.swallowed
    assert proof.text is not None

    mended = run(proof.text, sys.executable, [str(MENDED)], [], TIMEOUT)
    assert mended.stage == "end", mended.raised


def test_without_a_client_the_endpoint_s_function_is_called() -> None:
    file = BACKEND / "app" / "services" / "organisations.py"
    claim = next(c for c in claims(BACKEND, file) if c.finding.rule == "GR105")
    proof = proved(BACKEND, claim, asks=False)
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason
    assert proof.text is not None
    assert "await open_steps(" in proof.text


def test_the_file_is_a_plain_pytest_test(tmp_path: Path) -> None:
    (claim,) = claims(BACKEND, BACKEND / "app" / "jobs" / "reminders.py")
    text = proved(BACKEND, claim).text
    assert text is not None
    test = tmp_path / "test_reminders.py"
    test.write_text(text, encoding="utf-8")
    ends = {}
    for name, sources in (("backend", BACKEND), ("mended", MENDED)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(test)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        ends[name] = (done.returncode, "DetachedInstanceError" in done.stdout)
    assert ends == {"backend": (1, True), "mended": (0, False)}
