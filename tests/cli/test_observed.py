"""``greenroom check --observed`` as users meet it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import jsonschema
import pytest

from tests.cli.command import UNPRIVILEGED, greenroom
from tests.confirm.project import ANSWER, MISS, NAME, trace, write


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return write(tmp_path / "zoo")


def test_several_traces(zoo: Path) -> None:
    first, second = trace(zoo, NAME, name="one.json"), trace(zoo, ANSWER, name="two.json")
    run = greenroom("check", "--observed", first, "--observed", second, "--format", "json", folder=zoo)
    assert (run.returncode, run.stderr) == (1, "")
    document = json.loads(run.stdout)
    assert document["observed"]["traces"] == ["one.json", "two.json"]
    assert {row["rule"] for row in document["findings"] if row["observed"]} == {"GR101", "GR107"}


def test_what_was_missed_does_not_fail(zoo: Path) -> None:
    run = greenroom("check", "--observed", trace(zoo, MISS), "--select", "GR404", folder=zoo)
    assert run.returncode == 0
    assert "Observed, and missed by the analysis (1)" in run.stdout
    assert greenroom("check", "--observed", trace(zoo, NAME), "--exit-zero", folder=zoo).returncode == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "trace.json is no trace: it is not JSON"),
        (b"{", "trace.json is no trace: it is not JSON"),
        (b"[" * 100_000, "trace.json is no trace: it is not JSON"),
        (b"\xff\xfe{", "trace.json is no trace: it is not UTF-8"),
        (b"[]", "trace.json cannot be used: trace: an object is wanted, found list"),
        (b'{"version": 99}', "trace.json cannot be used: trace: version 99 is not known; this greenroom reads version 1"),
        (b'{"version": 1, "incidents": [{"kind": "odd"}]}', "trace.json cannot be used: incidents[0].kind: 'odd' is none of 'implicit-io'"),
        (
            b'{"version": 1, "incidents": [{"kind": "detached", "message": "m", "times": 0}]}',
            "trace.json cannot be used: incidents[0]: `times` counts from 1, found 0",
        ),
    ],
)
def test_what_is_no_trace(zoo: Path, data: bytes, says: str) -> None:
    (zoo / "trace.json").write_bytes(data)
    refused(greenroom("check", "--observed", "trace.json", folder=zoo), says)


def test_what_cannot_be_read(zoo: Path) -> None:
    refused(greenroom("check", "--observed", "gone.json", folder=zoo), "there is no trace gone.json; check the spelling")
    refused(greenroom("check", "--observed", "app", folder=zoo), "cannot read the trace app: Is a directory")


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: the superuser may read everything; install with: apt-get install util-linux")
def test_what_may_not_be_read(zoo: Path) -> None:
    trace(zoo).chmod(0)
    run = greenroom("check", "--observed", "trace.json", folder=zoo, through=UNPRIVILEGED or ())
    refused(run, "cannot read the trace trace.json: Permission denied")


def refused(run: CompletedProcess[str], says: str) -> None:
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith(f"greenroom check: {says}"), run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("markdown", "**Observed 2 times, in t.py::one, at PUT /people/{key}.**"),
        ("html", "<strong>Observed</strong> 2 times, in t.py::one, at PUT /people/{key}"),
    ],
)
def test_the_ledger_has_the_mark(zoo: Path, name: str, says: str) -> None:
    path = trace(zoo, replace(NAME, test="t.py::one", route="PUT /people/{key}", times=2))
    run = greenroom("audit", "--observed", path, "--format", name, folder=zoo)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.count(says) == 1
    assert "bserved 2 times" not in greenroom("audit", "--format", name, folder=zoo).stdout


def test_the_ledger_as_json_has_the_mark(zoo: Path) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "ledger.schema.json").read_text(encoding="utf-8"))
    run = greenroom("audit", "--observed", trace(zoo, NAME), "--format", "json", folder=zoo)
    document = json.loads(run.stdout)
    jsonschema.validate(document, schema)
    marks = {row["rule"]: row["observed"] for row in document["findings"]}
    assert marks["GR101"] == {"times": 1, "tests": [], "routes": [], "moved": False}
    assert marks["GR107"] is None
    refused = greenroom("audit", "--observed", "gone.json", folder=zoo)
    assert (refused.returncode, refused.stderr.startswith("greenroom audit: there is no trace gone.json; ")) == (2, True)
