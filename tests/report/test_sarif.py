from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from greenroom.report import sarif
from greenroom.report.report import Report
from greenroom.report.style import Style
from greenroom.rules.registry import rules
from tests.cli.command import greenroom
from tests.report.example import report, write_source

SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def log_of(text: str) -> dict[str, Any]:
    """Read a log after the official schema has been satisfied."""
    document: dict[str, Any] = json.loads(text)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)] == []
    return document


def run_of(found: Report, base: Path) -> dict[str, Any]:
    (text,) = sarif.render(found, base, Style())
    run: dict[str, Any] = log_of(text)["runs"][0]
    return run


def test_the_schema_is_the_official_one() -> None:
    jsonschema.Draft4Validator.check_schema(SCHEMA)
    assert SCHEMA["id"] == sarif.SCHEMA


def test_the_schema_refuses_what_is_no_sarif(tmp_path: Path) -> None:
    run = run_of(report(write_source(tmp_path)), tmp_path)
    del run["results"][0]["message"]
    assert not VALIDATOR.is_valid({"version": "2.1.0", "runs": [run]})


def test_an_empty_report(tmp_path: Path) -> None:
    assert run_of(Report(), tmp_path)["results"] == []


def test_a_result(tmp_path: Path) -> None:
    run = run_of(report(write_source(tmp_path)), tmp_path)
    first, second = run["results"]
    driver = run["tool"]["driver"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "GR101"
    assert first["level"] == "error"
    assert first["message"]["text"].endswith("\n\nMend: read `donor.name` into a local before the commit")
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "app/donors.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4, "startColumn": 26, "endLine": 4, "endColumn": 36},
    }
    (flow,) = first["codeFlows"]
    (thread,) = flow["threadFlows"]
    steps = [step["location"] for step in thread["locations"]]
    assert [(step["physicalLocation"]["region"]["startLine"], step["message"]["text"]) for step in steps] == [
        (2, "loaded here"),
        (3, "expired by this commit"),
        (4, "read here"),
    ]
    assert [result["properties"]["confidence"] for result in (first, second)] == ["definite", "possible"]


def test_notes_are_notifications(tmp_path: Path) -> None:
    (invocation,) = run_of(report(write_source(tmp_path)), tmp_path)["invocations"]
    assert [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]] == [
        ("warning", "requirements.txt is not UTF-8"),
        ("note", "the bound on the work per function was reached"),
    ]


def test_every_rule_has_its_page(tmp_path: Path) -> None:
    listed = run_of(Report(), tmp_path)["tool"]["driver"]["rules"]
    assert [row["id"] for row in listed] == [rule.code for rule in rules()]
    for row, rule in zip(listed, rules(), strict=True):
        assert row["help"]["markdown"].startswith(f"# `{rule.name}` ({rule.code})\n")
        assert row["defaultConfiguration"]["enabled"] is rule.default


def test_paths_are_uris(tmp_path: Path) -> None:
    inside, outside = tmp_path / "a b" / "caf\udce9#1.py", tmp_path.parent / "ö.py"
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]
        for path in (inside, outside)
        for result in run_of(report(path), tmp_path)["results"][:1]
    ]
    assert uris[0] == {"uri": "a%20b/caf%E9%231.py", "uriBaseId": "%SRCROOT%"}
    assert uris[1] == {"uri": outside.as_uri()}


def test_paths_are_seen_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    run = run_of(report(write_source(tmp_path)), tmp_path / "app")
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/donors.py"


def test_the_bundled_backend(tmp_path: Path) -> None:
    """The same findings as in the JSON report, and each with a fingerprint of its own."""
    results = log_of(greenroom("demo", "--format", "sarif", folder=tmp_path).stdout)["runs"][0]["results"]
    rows = json.loads(greenroom("demo", "--format", "json", folder=tmp_path).stdout)["findings"]
    assert [result["ruleId"] for result in results] == [row["rule"] for row in rows]
    prints = [result["partialFingerprints"][sarif.FINGERPRINT] for result in results]
    assert len(set(prints)) == len(prints)
