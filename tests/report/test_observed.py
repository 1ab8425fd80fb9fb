"""How reports show what traces say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from greenroom.report import concise, github, sarif, text
from greenroom.report import json as json_report
from greenroom.report.report import Report
from greenroom.report.style import Style
from greenroom.trace import Exercised, Kind
from tests.confirm.project import ANSWER, LUCK, MISS, NAME, at, checked, trace, write
from tests.report.test_json import SCHEMA

OUTSIDE = at(endpoint="elsewhere:read")


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return write(tmp_path / "zoo")


@pytest.fixture
def report(zoo: Path) -> Report:
    named = replace(NAME, test="t.py::one", route="PUT /people/{key}", times=4)
    strange = replace(MISS, message="nothing\x1b[2J\nwas there")
    return checked(zoo, trace(zoo, named, ANSWER, strange, LUCK, OUTSIDE, routes=(Exercised("GET", "/people/{key}", "app.main:read"),)))


def test_text(report: Report, zoo: Path) -> None:
    shown = "\n".join(text.render(report, zoo, Style()))
    assert "app/services.py:14:9: GR101 expired-after-commit [definite, observed]\n" in shown
    assert "  observed 4 times, in t.py::one, at PUT /people/{key}\n  why:" in shown
    assert "GR205 writes-never-committed [definite]\n" in shown
    tail = shown[shown.index("Observed, and missed") :]
    assert re.sub(r"in 4 files.* s, ", "in 4 files, ", tail) == (
        """\
Observed, and missed by the analysis (1): each is a defect of greenroom
  app/services.py:35: Person.name: nothing [2J was there
    implicit-io, once
    report it: greenroom reduce trace.json --number 3

Observed, and not told as a finding (1)
  elsewhere:read: Person.name (implicit-io): its file is not among those that were checked

Went well by luck (1)
  app/services.py:35: a value that was there before

Never exercised (4 of 5 routes)
  PUT /people/{key}  app/main.py:50 put_name
  GET /people/{key}/menagerie  app/main.py:55 get_menagerie
  POST /people  app/main.py:60 post
  GET /people/{key}/name  app/main.py:65 name

5 findings (5 definite) in 4 files, 2 observed, 1 missed"""
    )


def test_a_moved_line_and_many_tests(zoo: Path) -> None:
    path = trace(zoo, *(replace(NAME, test=f"t.py::{number}") for number in range(9)))
    (zoo / "app/services.py").write_text("\n\n" + (zoo / "app/services.py").read_text(encoding="utf-8"), encoding="utf-8")
    lines = list(text.render(checked(zoo, path), zoo, Style()))
    assert "  observed 9 times, in 9 tests; in an earlier version of the line, for the file has changed since" in lines


def test_without_routes_the_middleware_is_named(zoo: Path) -> None:
    lines = list(text.render(checked(zoo, trace(zoo)), zoo, Style()))
    assert "routes: no trace tells which ones were exercised; add the monitor's middleware to the application" in lines


def test_json(report: Report, zoo: Path) -> None:
    document: dict[str, Any] = json.loads(json_report.render(report, zoo))
    jsonschema.validate(document, SCHEMA)
    marks = {row["rule"]: row["observed"] for row in document["findings"]}
    assert marks["GR101"] == {"times": 4, "tests": ["t.py::one"], "routes": ["PUT /people/{key}"], "moved": False}
    assert marks["GR205"] is None
    seen = document["observed"]
    assert seen["traces"] == ["trace.json"]
    (missed,) = seen["missed"]
    assert missed["place"] == {"path": "app/services.py", "line": 35, "function": "harmless"}
    assert missed["command"] == "greenroom reduce trace.json --number 3"
    assert [(one["reason"], one["endpoint"]) for one in seen["answered"]] == [("outside", "elsewhere:read")]
    assert [one["kind"] for one in seen["latent"]] == ["left-over"]
    assert (seen["routes"], len(seen["never_exercised"])) == (5, 4)
    assert seen["never_exercised"][0] == {
        "methods": ["PUT"],
        "path": "/people/{key}",
        "endpoint": "app.main:put_name",
        "file": "app/main.py",
        "line": 50,
    }


def test_json_without_a_trace_is_as_before(zoo: Path) -> None:
    document = json.loads(json_report.render(checked(zoo), zoo))
    jsonschema.validate(document, SCHEMA)
    assert "observed" not in document
    assert not any("observed" in row for row in document["findings"])
    empty = json.loads(json_report.render(checked(zoo, trace(zoo)), zoo))
    jsonschema.validate(empty, SCHEMA)
    assert empty["observed"]["never_exercised"] is None


def test_the_schema_knows_every_kind_and_reason(zoo: Path) -> None:
    names = {kind.value for kind in Kind}
    told = SCHEMA["$defs"]["unconfirmed"]["properties"]["kind"]["enum"]
    lucky = SCHEMA["$defs"]["latent"]["properties"]["kind"]["enum"]
    assert {*told, *lucky} == names
    assert {kind.value for kind in Kind if kind.latent} == set(lucky)


def test_other_formats(report: Report, zoo: Path) -> None:
    assert any(": GR101 [definite, observed] " in line for line in concise.render(report, zoo, Style()))
    annotation = next(line for line in github.render(report, zoo, Style()) if "GR101" in line)
    assert "title=GR101 expired-after-commit (definite%2C observed)::" in annotation
    assert "%0Aobserved 4 times, in t.py::one, at PUT /people/{key}%0A1. " in annotation
    log = json.loads("".join(sarif.render(report, zoo, Style())))
    official = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(official).validate(log)
    results = {result["ruleId"]: result for result in log["runs"][0]["results"]}
    assert (results["GR101"]["rank"], results["GR101"]["properties"]["observed"]["times"]) == (100.0, 4)
    assert "rank" not in results["GR205"]
    assert "observed" not in results["GR205"]["properties"]
