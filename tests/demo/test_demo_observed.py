"""A real trace of the bundled backend, on PostgreSQL, confirms what the analysis finds; the mended twin meets nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from greenroom.confirm.kinds import MEANINGS
from tests.cli.command import greenroom
from tests.demo.expected import DEFECTS, DEMO
from tests.demo.running import run

PLACES = {(defect.rule, defect.path, defect.line) for defect in DEFECTS if defect.rule in MEANINGS and defect.rule != "GR307"}
"""What the monitor can meet: GR307 fails with an error that says nothing of two tasks."""


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("traces")
    found = {twin: folder / f"{twin}.json" for twin in ("backend", "mended")}
    for twin, path in found.items():
        run("traced.py", twin, path)
    return found


def checked(twin: str, trace: Path, folder: Path) -> dict[str, Any]:
    run = greenroom("check", DEMO / twin, "--observed", trace, "--format", "json", folder=folder)
    assert run.stderr == ""
    document: dict[str, Any] = json.loads(run.stdout)
    return document


@pytest.mark.parametrize("folder", [DEMO / "backend", DEMO.parent], ids=["where-it-ran", "elsewhere"])
def test_every_incident_is_a_finding_and_every_finding_of_its_kinds_was_met(traces: dict[str, Path], folder: Path) -> None:
    document = checked("backend", traces["backend"], folder)
    seen = document["observed"]
    assert seen["missed"] == []
    # By chance the driver meets the second task in the task that closes the session, which has no line of the application.
    assert {(one["kind"], one["reason"]) for one in seen["answered"]} <= {("concurrent-use", "nowhere")}
    met = {
        (row["rule"], (folder / row["path"]).relative_to(DEMO / "backend").as_posix(), row["line"])
        for row in document["findings"]
        if row["observed"]
    }
    assert met == PLACES
    assert len(json.loads(traces["backend"].read_text(encoding="utf-8"))["incidents"]) >= len(PLACES)


def test_routes_that_no_scenario_asks_for(traces: dict[str, Path]) -> None:
    seen = checked("backend", traces["backend"], DEMO)["observed"]
    exercised = {route["endpoint"] for route in json.loads(traces["backend"].read_text(encoding="utf-8"))["routes"]}
    assert seen["routes"] == len(exercised) + len(seen["never_exercised"])
    assert not exercised & {row["endpoint"] for row in seen["never_exercised"]}


def test_the_mended_twin_meets_nothing(traces: dict[str, Path]) -> None:
    document = checked("mended", traces["mended"], DEMO)
    assert document["findings"] == []
    assert json.loads(traces["mended"].read_text(encoding="utf-8"))["incidents"] == []
    assert (document["observed"]["missed"], document["observed"]["answered"]) == ([], [])


def test_the_trace_of_the_defective_twin_against_the_mended_one_is_no_miss(traces: dict[str, Path]) -> None:
    seen = checked("mended", traces["backend"], DEMO)["observed"]
    assert seen["missed"] == []
    assert {one["reason"] for one in seen["answered"]} <= {"edited", "nowhere"}
