from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from greenroom.ledger.model import Operation, Treatment
from greenroom.ledger.outline import categories, facts, families, recommendations, tally, treatments
from tests.ledger.example import ledger, write_sources


def test_findings_that_begin_at_one_place_are_one_recommendation(tmp_path: Path) -> None:
    """The query that leaves the relationship out answers three findings of two rules; the others stand by what to do."""
    full = ledger(write_sources(tmp_path))
    first, second, third = recommendations(full.findings)
    assert first.mends[0] == "load it with the query: `.options(selectinload(Donor.gifts))`"
    assert first.mends[1:] == ("load everything the schema reads before the object is serialized",)
    assert first.cause is not None
    assert (first.cause.line, first.cause.message) == (11, "loaded here without `gifts`")
    assert [finding.rule for finding in first.findings] == ["GR105", "GR105", "GR107"]
    assert (len(second.findings), second.cause and second.cause.message) == (1, "expired by this commit")
    assert (len(third.findings), third.cause) == (2, None)


def test_findings_without_a_mend_are_no_recommendation(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    assert recommendations(replace(finding, mend="") for finding in full.findings) == []


def test_recommendations_do_not_depend_on_the_order_of_findings(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    there = [(one.mends, one.cause, set(one.findings)) for one in recommendations(full.findings)]
    assert [(one.mends, one.cause, set(one.findings)) for one in recommendations(reversed(full.findings))] == there


def test_sums(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    assert [(one.rule, str(tally(one.findings))) for one in categories(full.findings)] == [
        ("GR101", "1 definite"),
        ("GR105", "2 definite"),
        ("GR107", "1 possible"),
        ("GR302", "2 definite"),
    ]
    assert [(family, len(group)) for family, group in families(full.findings)] == [("GR1", 4), ("GR3", 2)]
    assert treatments(full.performed)[Operation.COMMIT] == {Treatment.HAZARD: 1, Treatment.SAFE: 1}
    assert str(tally(())) == "none"
    told = dict(facts(full, tmp_path))
    assert told["Audited"] == "`app`"
    assert told["Findings"] == "5 definite, 1 possible; 1 more is answered for by comments"
    assert told["Attributes that responses read"] == "2, 1 proven to be there"
    assert told["Routes"] == "2, 1 not followed to the end"
