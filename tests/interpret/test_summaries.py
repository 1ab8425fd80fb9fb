"""Summaries are an economy: with them and without them the same is found."""

from __future__ import annotations

import io
import json
from collections.abc import Hashable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import greenroom
from greenroom.cli.main import main
from greenroom.domain.summary import Summary
from greenroom.interpret import tracker
from greenroom.interpret.tabulation import relocation
from tests.executable.page import Block, read_pages
from tests.executable.project import write_project

BACKEND = Path(greenroom.__file__).parent / "demo" / "backend"
PAGES = Path(__file__).parents[1] / "semantics"
BLOCKS = [block for page in read_pages(PAGES) for block in page.blocks][::7]


class Forgetful(dict[Hashable, Summary]):
    """A memory that keeps nothing."""

    def __setitem__(self, key: Hashable, value: Summary) -> None:
        """Forget at once."""


def findings(path: Path) -> list[dict[str, object]]:
    output = io.StringIO()
    with redirect_stdout(output):
        assert main(["check", str(path), "--format", "json", "--exit-zero"]) == 0
    report = json.loads(output.getvalue())
    assert not [note for note in report["assumptions"] if "internal error" in note["message"]]
    return [{key: finding[key] for key in ("rule", "path", "line", "column", "confidence", "message")} for finding in report["findings"]]


def without_summaries(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    original = tracker.Tracker.__init__

    def forgetful(self: tracker.Tracker) -> None:
        original(self)
        self.summaries = Forgetful()

    with monkeypatch.context() as patch:
        patch.setattr(tracker.Tracker, "__init__", forgetful)
        return findings(path)


def test_the_demo_has_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(BACKEND) == without_summaries(BACKEND, monkeypatch)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_page_has_the_same_findings(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_project(block, tmp_path).folder
    assert findings(folder) == without_summaries(folder, monkeypatch)


def test_the_demo_makes_use_of_summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = []
    original = relocation.Relocation.__init__

    def counted(self: relocation.Relocation, *args: object) -> None:
        replayed.append(args)
        original(self, *args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(relocation.Relocation, "__init__", counted)
    findings(BACKEND)
    assert replayed
