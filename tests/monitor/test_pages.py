"""The monitor on everything that the pages show: it meets what they say fails, nothing else, and blames what the analyser blames.

Three parties that know nothing of each other agree on line, model, attribute and cause: what Python raised, what the monitor noted, and
what the analyser found without running anything.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from greenroom.monitor import install
from greenroom.monitor.instrumentation import instrument, uninstrument
from greenroom.monitor.places import application
from greenroom.trace import Incident, Kind
from tests.executable import runtime
from tests.executable.__main__ import FOLDERS
from tests.executable.markers import Word
from tests.executable.modules import imported_example
from tests.executable.outcome import Kind as Outcome
from tests.executable.page import Block, read_pages
from tests.executable.project import Project, write_project
from tests.executable.stock import SqliteStock
from tests.executable.witness import Sighting

KINDS = {
    Outcome.IMPLICIT_IO: Kind.IMPLICIT_IO,
    Outcome.DETACHED: Kind.DETACHED,
    Outcome.RAISELOAD: Kind.RAISELOAD,
    Outcome.CONCURRENT_USE: Kind.CONCURRENT_USE,
}
BLOCKS = [
    block
    for folder in FOLDERS
    for page in read_pages(folder)
    for block in page.blocks
    if block.runs_in(frozenset({runtime.VERSION, "sqlite"}))
    and any(marker.word in {Word.ERROR, Word.MISSED} for marker in block.markers)
    and block.page.stem != "unreadable_source"
]
DECORATORS = 2
"""How many lines of decorators an endpoint on a page may have; code begins with them."""
BLAMED_OTHERWISE = {
    "raiseload_read:103": "the item came with the shop's eager load; the analyser names the `get` that handed it out",
    "lazy_modes:341": "the same",
    "commit:448": "`author` is answered, its name is not: the analyser takes the first of the chain",
    "identity_map:433": "found again by the query before, which did not load it either; the analyser names the first",
    "loader_options:602": "the same",
    "lazy_modes:92": "a query made of a dynamic relationship does not know any more what it was made of",
    "merge:48": "new since the flush that wrote it; the analyser names the merge that added it",
    "merge:180": "`get` does not query for an expired object: expired by the commit; the analyser names the `get` that does not load it",
    "merge:210": "the merge's query did not load it; the analyser names the commit before",
    "merge:310": "the same as line 180, for a column",
    "merge:104": "`merge(load=False)` does not hand on which query brought the object",
    "rollback:844": "expired by the rollback; the analyser names the reload that did not bring it",
    "random_programs:139": "left out by the load before; the analyser names the one after",
    "random_programs:493": "the many-to-one was read; the analyser names the key that it needs",
}
"""Where monitor and analyser blame different lines, and none is wrong."""


@dataclass(frozen=True, slots=True)
class Run:
    """What running one block showed."""

    project: Project
    sightings: list[tuple[Sighting, range]]
    """With the lines of the example."""
    incidents: list[Incident]

    def line(self, incident: Incident) -> int:
        """The innermost line of the block, as for the sightings; 0 where there is none."""
        return next((place.line for place in incident.stack if self._inside(place.path)), 0)

    def meant(self, incident: Incident, sighting: Sighting, lines: range) -> bool:
        """Whether an incident is what was sighted."""
        if incident.kind is not KINDS[sighting.kind]:
            return False
        if incident.kind is Kind.CONCURRENT_USE:
            return True  # which of the tasks fails, and in which helper, is chance
        if self.line(incident) == sighting.line:
            return True
        handler = incident.handler
        answered = handler is not None and self._inside(handler.path) and handler.line in range(lines.start - DECORATORS, lines.stop)
        return answered and sighting.line in lines and self.line(incident) == 0

    def _inside(self, path: str) -> bool:
        return path.endswith(self.project.example.name)


def watched(block: Block, stock: SqliteStock, folder: Path) -> Run:
    project = write_project(block, folder)
    tree = ast.parse(project.example.read_text(encoding="utf-8"))
    incidents: list[Incident] = []
    application.name([folder])
    instrument()
    try:
        with install(sinks=[lambda incident, _: incidents.append(incident)]), imported_example(project, stock.url) as module:
            results = runtime.run(project, stock, tree, module)
    finally:
        uninstrument()
    sightings = [
        (sighting, range(result.example.first_line, result.example.last_line + 1))
        for result in results
        for sighting in result.sightings
        if sighting.kind in KINDS
    ]
    return Run(project, sightings, [incident for incident in incidents if incident.kind in KINDS.values()])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_failure_of_a_page_is_met_once_and_explained(block: Block, sqlite: SqliteStock, tmp_path: Path) -> None:
    run = watched(block, sqlite, tmp_path / "page")
    for sighting, lines in run.sightings:
        met = [incident for incident in run.incidents if run.meant(incident, sighting, lines)]
        assert met or _in_a_thread(run, sighting), f"line {sighting.line}: {sighting.name} was not met"
    for incident in run.incidents:
        sighted = any(run.meant(incident, sighting, lines) or _in_a_thread(run, sighting) for sighting, lines in run.sightings)
        assert sighted, f"invented: {incident.message}"
    assert list(_blamed_otherwise(run)) == []


def _in_a_thread(run: Run, sighting: Sighting) -> bool:
    """Whether the read ran in another thread, without a line of the application: ``to_thread(getattr, ...)``."""
    line = run.project.example.read_text(encoding="utf-8").splitlines()[sighting.line - 1]
    return "to_thread(getattr" in line and any(not incident.stack for incident in run.incidents)


def _blamed_otherwise(run: Run) -> Iterator[str]:
    """Yield the failures of which the analyser names another attribute or cause than the monitor."""
    findings = _findings(run.project)
    for sighting, lines in run.sightings:
        met = [incident for incident in run.incidents if run.meant(incident, sighting, lines)]
        here = [finding for finding in findings if finding["line"] == sighting.line and finding["model"] and finding["attribute"]]
        if f"{run.project.block.page.stem}:{sighting.line}" in BLAMED_OTHERWISE or not here or not met:
            continue
        if not any(_agree(incident, finding) for incident in met for finding in here):
            told = [(incident.subject, str(incident.origin)) for incident in met]
            yield f"line {sighting.line}: {told} and {[(one['attribute'], [step['line'] for step in one['trace']]) for one in here]}"


def _agree(incident: Incident, finding: dict[str, Any]) -> bool:
    lines = {step["line"] for step in finding["trace"]}
    return incident.attribute == finding["attribute"] and incident.origin is not None and incident.origin.line in lines


def _findings(project: Project) -> list[dict[str, Any]]:
    main = importlib.import_module("greenroom.cli.main").main
    output = io.StringIO()
    words = ["check", str(project.folder), "--format", "json", "--exit-zero", "--sqlalchemy", runtime.VERSION, "--dialect", "sqlite"]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        assert main(words) == 0
    return list(json.loads(output.getvalue())["findings"])
