from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from greenroom.report import json as json_report
from greenroom.report.report import Report
from tests.report.example import report, write_source

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "report.schema.json").read_text(encoding="utf-8"))
FINDING_KEYS = [
    "rule",
    "name",
    "severity",
    "confidence",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "message",
    "model",
    "attribute",
    "trace",
]


def rendered(tmp_path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json_report.render(report(write_source(tmp_path)), tmp_path))
    return document


def test_a_report_satisfies_the_schema(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(rendered(tmp_path), SCHEMA)


def test_an_empty_report_satisfies_the_schema(tmp_path: Path) -> None:
    document = json.loads(json_report.render(Report(), tmp_path))
    jsonschema.validate(document, SCHEMA)
    assert document["findings"] == []


def test_keys_have_the_documented_order(tmp_path: Path) -> None:
    document = rendered(tmp_path)
    assert list(document) == ["schema", "version", "findings", "assumptions", "stats"]
    assert list(document["findings"][0]) == FINDING_KEYS
    assert list(document["findings"][0]["trace"][0]) == ["path", "line", "message"]
    assert list(document["stats"]) == ["files", "functions", "seconds", "suppressed", "known", "gone"]


def test_values(tmp_path: Path) -> None:
    document = rendered(tmp_path)
    first = document["findings"][0]
    assert (first["path"], first["line"], first["column"], first["end_column"]) == ("app/donors.py", 4, 26, 36)
    assert (first["severity"], first["confidence"], first["model"], first["attribute"]) == ("error", "definite", "Donor", "name")
    assert [note["kind"] for note in document["assumptions"]] == ["assumed", "warning", "not-analysed"]
    assert document["stats"]["seconds"] == 0.012


def test_each_finding_has_a_line_of_its_own_in_ascii(tmp_path: Path) -> None:
    lines = json_report.render(report(write_source(tmp_path)), tmp_path).split("\n")
    assert sum('"rule": "GR' in line for line in lines) == 2
    assert all(line.isascii() for line in lines)


def test_an_undecodable_file_name_survives(tmp_path: Path) -> None:
    text = json_report.render(report(tmp_path / "caf\udce9.py"), tmp_path)
    assert json.loads(text)["findings"][0]["path"] == "caf\udce9.py"
