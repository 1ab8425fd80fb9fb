from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.ledger import json as json_ledger
from greenroom.ledger.compare import Comparison, compare
from greenroom.ledger.model import Answer, Ledger, Treatment
from greenroom.ledger.reading import read
from greenroom.vocabulary import Confidence
from tests.ledger.example import ledger, write_sources


def between(tmp_path: Path, before: Ledger, now: Ledger) -> Comparison:
    """Compare after a round trip through a file, as the command does."""
    path = tmp_path / "old.json"
    path.write_text(json_ledger.render(before, tmp_path), encoding="ascii")
    return compare(now, read(path), path, tmp_path)


def test_nothing_changed(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    compared = between(tmp_path, full, full)
    assert not compared
    assert [one.kept for one in (compared.findings, compared.operations, compared.endpoints, compared.sessions, compared.checks)] == [
        6,
        5,
        2,
        2,
        4,
    ]


def test_moved_lines_are_no_change(tmp_path: Path) -> None:
    app = write_sources(tmp_path)
    full = ledger(app)
    path = tmp_path / "old.json"
    path.write_text(json_ledger.render(full, tmp_path), encoding="ascii")
    source = app / "donors.py"
    source.write_text("# a comment\n\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    moved = replace(
        full,
        findings=tuple(
            replace(one, span=replace(one.span, line=one.span.line + 2, end_line=one.span.end_line + 2)) if one.path == source else one
            for one in full.findings
        ),
        performed=tuple(
            replace(one, place=replace(one.place, line=one.place.line + 2)) if one.place.path == source else one for one in full.performed
        ),
    )
    assert not compare(moved, read(path), path, tmp_path)


def test_what_came_and_went(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    before = replace(full, findings=full.findings[1:], performed=full.performed[1:], endpoints=full.endpoints[1:])
    now = replace(full, findings=full.findings[:-1], performed=full.performed[:-1], endpoints=full.endpoints[:-1])
    compared = between(tmp_path, before, now)
    assert compared.findings.came == full.findings[:1]
    assert [one.rule for one in compared.findings.gone] == [full.findings[-1].rule]
    assert compared.operations.came == full.performed[:1]
    assert [one.place.line for one in compared.operations.gone] == [full.performed[-1].place.line]
    assert [one.path for one in compared.endpoints.came] == ["/donors/{donor_id}"]
    assert [one.path for one in compared.endpoints.gone] == ["/donors"]
    assert compared.findings.kept == 4


def test_what_is_there_still_but_otherwise(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    finding, operation, endpoint, session, check = (
        full.findings[0],
        full.performed[0],
        full.endpoints[0],
        full.sessions[0],
        full.checks[0],
    )
    now = replace(
        full,
        findings=(replace(finding, confidence=Confidence.POSSIBLE), *full.findings[1:]),
        performed=(replace(operation, treatment=Treatment.SAFE), *full.performed[1:]),
        endpoints=(replace(endpoint, proofs=endpoint.proofs[:1]), *full.endpoints[1:]),
        sessions=(replace(session, expire_on_commit=True), *full.sessions[1:]),
        checks=(replace(check, answer=Answer.YES), *full.checks[1:]),
    )
    compared = between(tmp_path, full, now)
    for difference, after in (
        (compared.findings, now.findings[0]),
        (compared.operations, now.performed[0]),
        (compared.endpoints, now.endpoints[0]),
        (compared.sessions, now.sessions[0]),
        (compared.checks, now.checks[0]),
    ):
        assert (difference.came, difference.gone) == ((), ())
        assert [new for _, new in difference.changed] == [after]


def test_of_equal_operations_those_that_are_alike_are_matched(tmp_path: Path) -> None:
    """Another safe commit before a hazardous one in the same function has come; the hazardous one is what it was."""
    full = ledger(write_sources(tmp_path))
    hazard = full.performed[0]
    safe = replace(hazard, treatment=Treatment.SAFE, place=replace(hazard.place, line=4))
    compared = between(tmp_path, full, replace(full, performed=(safe, *full.performed)))
    assert compared.operations.came == (safe,)
    assert (compared.operations.gone, compared.operations.changed) == ((), ())


def test_of_routes_with_one_path_those_of_one_function_are_matched(tmp_path: Path) -> None:
    """Several applications in one repository answer at one path."""
    full = ledger(write_sources(tmp_path))
    first = full.endpoints[0]
    other = replace(first, place=replace(first.place, function="other"), response="OtherRead")
    now = (replace(other, response="Changed"), replace(first, response="DonorRead2"))
    compared = between(tmp_path, replace(full, endpoints=(first, other)), replace(full, endpoints=now))
    assert {(old.response, new.response) for old, new in compared.endpoints.changed} == {
        ("DonorRead", "DonorRead2"),
        ("OtherRead", "Changed"),
    }
