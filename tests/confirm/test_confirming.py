"""Which findings incidents confirm, and what is said of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from greenroom.config import Selection
from greenroom.confirm.kinds import MEANINGS
from greenroom.confirm.records import Reason
from greenroom.report import text
from greenroom.report.style import Style
from greenroom.rules.registry import rules
from greenroom.trace import Incident, Kind, Place
from greenroom.vocabulary import Confidence
from tests.confirm.project import (
    ANSWER,
    FILES,
    LUCK,
    MENAGERIE,
    MISS,
    NAME,
    SHARED,
    at,
    checked,
    edit,
    place,
    trace,
    write,
)
from tests.executable import outcome


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return write(tmp_path / "zoo")


def confirmed(zoo: Path, *incidents: Incident, told: bool = True) -> list[str]:
    report = checked(zoo, trace(zoo, *incidents, told=told))
    assert report.observed is not None
    return [finding.rule for finding in report.findings if report.mark(finding) is not None]


def reasons(zoo: Path, *incidents: Incident, told: bool = True, **settings: Any) -> list[Reason]:  # noqa: ANN401 -- settings of all kinds
    report = checked(zoo, trace(zoo, *incidents, told=told), **settings)
    assert report.observed is not None
    assert not report.observed.marks
    return [one.reason for one in report.observed.unconfirmed]


def test_the_table_means_what_runs_of_the_pages_show() -> None:
    names = {rule.code: rule.name for rule in rules()}
    words = {kind: outcome.Kind[kind.name] for kind in (Kind.IMPLICIT_IO, Kind.DETACHED, Kind.RAISELOAD, Kind.CONCURRENT_USE)}
    ours: Mapping[str, frozenset[outcome.Kind]] = {
        code: frozenset(words[kind] for kind in meaning.kinds) for code, meaning in MEANINGS.items()
    }
    assert ours == {code: outcome.kinds_of_rule(names[code]) for code in MEANINGS}


@pytest.mark.parametrize(
    ("incident", "rule"),
    [(NAME, "GR101"), (MENAGERIE, "GR108"), (ANSWER, "GR107"), (SHARED, "GR301")],
    ids=["line", "caller", "answer", "task"],
)
def test_an_incident_confirms_the_finding_at_its_place(zoo: Path, incident: Incident, rule: str) -> None:
    assert confirmed(zoo, incident) == [rule]
    assert confirmed(zoo, incident, told=False) == [rule]


@pytest.mark.parametrize(
    "incident",
    [
        replace(NAME, kind=Kind.DETACHED),
        replace(NAME, attribute="kind"),
        replace(NAME, model="Pet"),
        replace(MENAGERIE, stack=MENAGERIE.stack[:1]),
        replace(ANSWER, kind=Kind.CONCURRENT_USE),
        replace(ANSWER, endpoint="app.main:name", handler=place("app/main.py", '@people.get("/{key}/name")', "name")),
        replace(SHARED, kind=Kind.IMPLICIT_IO),
        at(place("app/services.py", "person.name = name", "rename")),
    ],
    ids=["kind", "attribute", "model", "no-caller", "kind-of-answer", "other-endpoint", "no-task", "other-line"],
)
def test_an_incident_of_another_kind_or_place_confirms_nothing(zoo: Path, incident: Incident) -> None:
    assert reasons(zoo, incident) == [Reason.MISSED]


def test_a_subclass_inherits_the_attribute(zoo: Path) -> None:
    assert confirmed(zoo, replace(NAME, model="Keeper")) == ["GR101"]


def test_what_confirms_is_counted(zoo: Path) -> None:
    seen = [replace(NAME, test="t.py::one", times=2), replace(NAME, test="t.py::two", route="PUT /people/{key}")]
    report = checked(zoo, trace(zoo, seen[0], name="one.json"), trace(zoo, seen[1], name="two.json"))
    assert report.observed is not None
    (mark,) = report.observed.marks.values()
    assert (mark.times, mark.tests, mark.routes, mark.moved) == (3, ("t.py::one", "t.py::two"), ("PUT /people/{key}",), False)


def test_a_middleware_on_the_stack_does_not_hide_an_answer(zoo: Path) -> None:
    middleware = place("app/main.py", "await self.app(scope, receive, send)", "Middleware.__call__")
    assert confirmed(zoo, replace(ANSWER, place=middleware, stack=(middleware,))) == ["GR107"]
    other = place("app/services.py", "return person.name", "harmless")
    assert reasons(zoo, replace(ANSWER, place=other, stack=(other, middleware))) == [Reason.MISSED]


def test_a_trace_may_start_from_elsewhere(zoo: Path) -> None:
    def moved(incident: Incident, prefix: str) -> Incident:
        stack = tuple(replace(one, path=prefix + one.path) for one in incident.stack)
        return replace(incident, place=stack[0], stack=stack)

    assert confirmed(zoo, moved(NAME, "zoo/"), told=False) == ["GR101"]
    assert confirmed(zoo, moved(NAME, f"{zoo}/")) == ["GR101"]
    assert confirmed(zoo, moved(NAME, "/srv/image/"), told=False) == ["GR101"]
    assert confirmed(zoo, moved(NAME, "backend/"), told=False) == ["GR101"]
    strange = replace(NAME, place=Place("shop/services.py", 15, "rename"), stack=(Place("shop/services.py", 15, "rename"),))
    assert reasons(zoo, strange, told=False) == [Reason.OUTSIDE]
    other = moved(replace(NAME, stack=(replace(NAME.stack[0], function="rename_all"),)), "backend/")
    assert reasons(zoo, other, told=False) == [Reason.OUTSIDE]


def test_of_two_files_of_one_name_the_one_below_the_root_is_meant(tmp_path: Path) -> None:
    write(tmp_path / "zoo")
    write(tmp_path / "farm")
    report = checked(tmp_path, trace(tmp_path / "farm", NAME, told=False))
    assert report.observed is not None
    assert [finding.path.parts[-3] for finding in report.observed.marks] == ["farm"]


def test_lines_that_moved_are_found_by_function_and_attribute(zoo: Path) -> None:
    for told in (True, False):
        path = trace(zoo, NAME, told=told)
        edit(zoo / "app/services.py", "import asyncio\n", "import asyncio\n\n\n\n\n")
        report = checked(zoo, path)
        assert report.observed is not None
        ((finding, mark),) = report.observed.marks.items()
        assert (finding.rule, mark.moved) == ("GR101", True)
        write(zoo)


def test_a_line_that_did_not_move_is_no_other_line(zoo: Path) -> None:
    incident = at(place("app/services.py", "person.name = name", "rename"))
    assert reasons(zoo, incident) == [Reason.MISSED]


def test_what_was_mended_since_is_not_missed(zoo: Path) -> None:
    path = trace(zoo, NAME)
    edit(zoo / "app/services.py", "    await session.commit()\n", "    await session.commit()\n    await session.refresh(person)\n")
    report = checked(zoo, path)
    assert report.observed is not None
    assert [one.reason for one in report.observed.unconfirmed] == [Reason.EDITED]


def test_a_change_elsewhere_makes_a_miss_doubtful(zoo: Path) -> None:
    path = trace(zoo, NAME)
    edit(zoo / "app/main.py", "async_sessionmaker(engine)", "async_sessionmaker(engine, expire_on_commit=False)")
    report = checked(zoo, path)
    assert report.observed is not None
    assert [one.reason for one in report.observed.unconfirmed] == [Reason.MISSED]
    assert report.observed.newer == 1
    told = "Observed, and missed by the analysis (1): each is a defect of greenroom, unless a change since the trace mends it"
    assert f"{told} (1 newer file)" in text.render(report, zoo, Style())


def test_nothing_is_missed_by_a_trace_of_other_sources(zoo: Path) -> None:
    path = trace(zoo, MISS, MENAGERIE)
    edit(zoo / "app/main.py", "return await menagerie(session, key)", "return (await menagerie(session, key)).strip()")
    report = checked(zoo, path)
    assert report.observed is not None
    assert [one.reason for one in report.observed.unconfirmed] == [Reason.EDITED]
    assert [(finding.rule, mark.moved) for finding, mark in report.observed.marks.items()] == [("GR108", False)]


def test_what_is_not_told_is_not_missed(zoo: Path) -> None:
    assert reasons(zoo, NAME, override=Selection(ignore=("GR101",))) == [Reason.NOT_SELECTED]
    source = FILES["app/services.py"].replace("        person\n", "        person  # greenroom: ignore[GR101] -- known\n")
    (zoo / "app/services.py").write_text(source, encoding="utf-8")
    assert reasons(zoo, NAME) == [Reason.SUPPRESSED]


def test_what_the_baseline_has_is_not_missed(zoo: Path) -> None:
    checked(zoo, baseline=zoo / "baseline.json", update_baseline=True)
    assert reasons(zoo, NAME, baseline=zoo / "baseline.json") == [Reason.BASELINE]


def test_what_lies_below_the_confidence_is_not_missed(zoo: Path) -> None:
    edit(zoo / "app/main.py", "async_sessionmaker(engine)", "async_sessionmaker(engine, expire_on_commit=chosen)")
    found = checked(zoo, trace(zoo, NAME))
    assert found.observed is not None
    assert {finding.confidence for finding in found.observed.marks} == {Confidence.POSSIBLE}
    assert reasons(zoo, NAME, min_confidence=Confidence.DEFINITE) == [Reason.CONFIDENCE]


def test_what_was_not_looked_at_is_not_missed(zoo: Path) -> None:
    library = Place("/usr/lib/python3/shop.py", 4, "sell")
    assert reasons(zoo, at(library)) == [Reason.OUTSIDE]
    assert reasons(zoo, at(endpoint="elsewhere:read")) == [Reason.OUTSIDE]
    assert reasons(zoo, at()) == [Reason.NOWHERE]
    (zoo / "app/services.py").write_text(FILES["app/services.py"] + "\ndef broken(:\n", encoding="utf-8")
    assert reasons(zoo, MISS) == [Reason.UNREADABLE]


def test_what_was_missed_is_told_once_with_its_number(zoo: Path) -> None:
    report = checked(zoo, trace(zoo, NAME, replace(MISS, test="t.py::a"), replace(MISS, test="t.py::b", stack=(*MISS.stack, READ_NAME))))
    assert report.observed is not None
    (one,) = report.observed.missed
    assert (one.number, one.incident.times, one.tests, one.finding) == (2, 2, ("t.py::a", "t.py::b"), None)


READ_NAME = place("app/main.py", "return await harmless(session, key)", "name")


def test_a_finding_that_means_something_else_is_named(zoo: Path) -> None:
    report = checked(zoo, trace(zoo, replace(NAME, kind=Kind.DETACHED)))
    assert report.observed is not None
    assert [one.finding.rule for one in report.observed.missed if one.finding is not None] == ["GR101"]


def test_luck_is_neither_a_finding_nor_missed(zoo: Path) -> None:
    here = replace(NAME, kind=Kind.IDENTITY_MAP)
    report = checked(zoo, trace(zoo, LUCK, here, replace(here, attribute="kind")))
    assert report.observed is not None
    assert not report.observed.marks
    assert not report.observed.unconfirmed
    assert [one.finding.rule if one.finding is not None else None for one in report.observed.latent] == [None, "GR101", None]
