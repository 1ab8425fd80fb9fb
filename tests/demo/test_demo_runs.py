"""The bundled backend fails at run time exactly as EXPECTED.toml claims, and its mended twin does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).parents[2] / "src" / "greenroom" / "demo"
EXPECTED: list[dict[str, Any]] = tomllib.loads((DEMO / "EXPECTED.toml").read_text(encoding="utf-8"))["finding"]
LOST: dict[str, object] = {
    "archive": {"status": 200, "body": {}},
    "update_profile": {"status": 200, "full_name": "Ada"},
    "copy_step": {"title": "Invite your team (copy)", "hint": None},
}
"""What the silent defects answer instead of what they should."""
KEPT: dict[str, object] = {
    "update_profile": {"status": 200, "full_name": "Ada Lovelace"},
    "copy_step": {"title": "Invite your team (copy)", "hint": "under Settings"},
    "accept_twice": {"status": 409, "body": {"detail": "already a member"}},
    "provision": 3,
    "claim_slug": "acme",
    "broken_migration": "compiles",
}
"""What the mended twin answers, where it is more than a status."""
RULES = {"GR001", *(f"GR{number}" for number in range(101, 116)), "GR501"}


@cache
def outcomes(twin: str) -> dict[str, dict[str, Any]]:
    """Run all scenarios of one twin in a process of their own."""
    script = Path(__file__).with_name("scenarios.py")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, str(script), str(DEMO / twin)], capture_output=True, text=True, check=True, env=environment)
    rows: dict[str, dict[str, Any]] = json.loads(run.stdout)
    return rows


def line_of(entry: dict[str, Any]) -> int:
    """Return the line that holds the expected code, which is unique or counted by ``nth``."""
    lines = (DEMO / "backend" / entry["path"]).read_text(encoding="utf-8").splitlines()
    hits = [number for number, line in enumerate(lines, 1) if line.strip() == entry["code"]]
    if "nth" not in entry:
        assert len(hits) == 1, (entry["path"], entry["code"], hits)
    return hits[entry.get("nth", 1) - 1]


def test_every_rule_has_an_entry() -> None:
    assert {entry["rule"] for entry in EXPECTED} == RULES


@pytest.mark.parametrize("entry", EXPECTED, ids=lambda entry: f"{entry['rule']}-{entry['scenario']}")
def test_the_backend_fails_as_claimed(entry: dict[str, Any]) -> None:
    outcome = outcomes("backend")[entry["scenario"]]
    if entry["fails"] == "silent":
        assert outcome == {"value": LOST[entry["scenario"]]}
        line_of(entry)
        return
    assert outcome["raises"] == entry["fails"], outcome
    if entry["rule"] == "GR107":
        assert "'response', 'steps'" in outcome["text"]
        assert "MissingGreenlet" in outcome["text"]
        line_of(entry)
    elif entry["rule"] == "GR001":
        assert outcome["path"] == entry["path"]
    else:
        assert [entry["path"], line_of(entry)] in outcome["stack"]


@pytest.mark.parametrize("entry", EXPECTED, ids=lambda entry: f"{entry['rule']}-{entry['scenario']}")
def test_the_mended_twin_does_not(entry: dict[str, Any]) -> None:
    outcome = outcomes("mended")[entry["scenario"]]
    assert "raises" not in outcome, outcome
    value = outcome["value"]
    if entry["scenario"] in KEPT:
        assert value == KEPT[entry["scenario"]]
    elif isinstance(value, dict):
        assert value["status"] in {200, 201}
        assert value["body"] != {}


def test_the_twins_have_the_same_files() -> None:
    trees = [{path.relative_to(DEMO / twin) for path in (DEMO / twin).rglob("*.py")} for twin in ("backend", "mended")]
    assert trees[0] == trees[1]
