"""What the monitor meets on the pages is what ``check --observed`` finds in the analysis of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.config import Config, Selection
from greenroom.pipeline import check
from greenroom.trace import Place, Trace, digests, to_json
from tests.executable import runtime
from tests.executable.markers import Marker, Word
from tests.executable.outcome import Kind as Outcome
from tests.executable.page import Block
from tests.executable.stock import SqliteStock
from tests.monitor.test_pages import BLOCKS, watched

NAMED_OTHERWISE = {
    "commit:448": "the identity map answers `author`, and its name is expired; the analysis names the first of the chain",
    "random_programs:493": "the relationship raises; the analysis names the key that it needs",
}
"""Lines of which the analysis says that they fail, by another attribute than the one that does."""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_what_a_page_shows_is_observed(block: Block, sqlite: SqliteStock, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    run = watched(block, sqlite, folder)
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(to_json(Trace(tuple(run.incidents), files=digests(run.incidents, folder)))), encoding="utf-8")
    config = Config(observed=(path,), sqlalchemy=runtime.VERSION, dialect="sqlite", override=Selection(extend_select=("GR",)))
    report = check([folder], config)
    seen = report.observed
    assert seen is not None
    missed = [
        one for one in seen.missed if f"{block.page.stem}:{one.incident.place.line if one.incident.place else 0}" not in NAMED_OTHERWISE
    ]
    known = [marker for marker in block.markers if marker.word is Word.MISSED]
    assert [one.incident.message for one in missed if one.incident.place is None or not _is_known(one.incident.place, known)] == []
    assert all(one.finding is not None for one in seen.missed if one not in missed)
    failed = {sighting.line for sighting, _ in run.sightings}
    shared = any(sighting.kind is Outcome.CONCURRENT_USE for sighting, _ in run.sightings)  # which of the tasks fails is chance
    marked = [finding for finding in seen.marks if failed.isdisjoint(range(finding.span.line, finding.span.end_line + 1))]
    assert [f"{finding.rule} {finding.span.line}" for finding in marked if not shared] == []


def _is_known(place: Place, markers: list[Marker]) -> bool:
    return any(marker.line == place.line for marker in markers)
