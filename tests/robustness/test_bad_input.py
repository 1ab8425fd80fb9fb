"""Each kind of bad input ends in a finding or a note that names the file, and the rest of the project is analysed."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import pytest

from greenroom import pipeline
from greenroom.interpret import engine
from greenroom.interpret.run import ALTERNATIVES, ATTEMPTS, DEPTH, DISJUNCTS, SCHEDULE, STEPS
from greenroom.source.file import LARGEST
from greenroom.source.syntax import TYPE_PARAMETERS
from tests.cli.command import UNPRIVILEGED, greenroom
from tests.robustness.checking import check
from tests.robustness.circular import AMBIGUOUS, CIRCULAR
from tests.robustness.kinds import MODELS, READ, USE, Kind
from tests.robustness.stock import DEEP, LARGE, TEXTS

KINDS = (*TEXTS, *DEEP, *LARGE, *CIRCULAR, *AMBIGUOUS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind(kind: Kind, tmp_path: Path) -> None:
    for name, content in kind.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    if kind.prepare is not None:
        kind.prepare(tmp_path)
    run = check(tmp_path, "--format", "json")
    assert run.defects() == []
    rows = [(row["rule"], row["path"], row["message"]) for row in run.report["findings"]]
    notes = [("note", note["path"] or "", note["message"]) for note in run.report["assumptions"] if note["kind"] != "assumed"]
    missing = [
        wanted
        for wanted in kind.told
        if not any(what == wanted[0] and Path(path).name == wanted[1] and wanted[2] in message for what, path, message in rows + notes)
    ]
    assert missing == [], (rows[:5], notes[:5])
    assert {what for what, _, _ in rows + notes} == {what for what, _, _ in kind.told}
    assert run.code == (1 if rows else 0)
    assert len(notes) == len(set(notes))


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    """All kinds at once: nothing on stderr, and every file is named."""
    for number, kind in enumerate(KINDS):
        for name, content in kind.files.items():
            if len(content) < 100_000:
                path = tmp_path / f"k{number}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.encode() if isinstance(content, str) else content)
    run = greenroom("check", ".", "--format", "json", folder=tmp_path)
    assert (run.returncode, run.stderr) == (1, "")
    told = {row["path"] for row in (*json.loads(run.stdout)["findings"], *json.loads(run.stdout)["assumptions"])}
    for number, kind in enumerate(KINDS):
        if kind.told and all(len(content) < 100_000 for content in kind.files.values()) and kind.files:
            assert any(str(path).startswith(f"k{number}/") for path in told), kind.name


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: the superuser may read everything; install setpriv (util-linux)")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(MODELS + USE + READ, encoding="utf-8")
    (tmp_path / "secret.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "secret.py").chmod(0)
    run = greenroom("check", ".", "--format", "json", folder=tmp_path, through=UNPRIVILEGED or ())
    assert (run.returncode, run.stderr) == (1, "")
    assert [(row["rule"], row["path"]) for row in json.loads(run.stdout)["findings"]] == [("GR101", "m.py"), ("GR001", "secret.py")]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the interpreter knows type parameters")
def test_syntax_newer_than_the_interpreter_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class A[T]: pass\nx = = 1\n", encoding="utf-8")
    run = check(tmp_path, "--format", "json")
    assert [TYPE_PARAMETERS in row["message"] for row in run.report["findings"]] == [True]


@pytest.mark.parametrize("where", ["declarations", "function"])
def test_a_defect_of_ours_costs_what_it_hits_and_names_it(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyError("nothing")

    if where == "declarations":
        monkeypatch.setattr(pipeline, "interpret", crash)
    else:
        monkeypatch.setattr(engine, "enter", crash)
    (tmp_path / "m.py").write_text(MODELS + USE + READ, encoding="utf-8")
    (tmp_path / "n.py").write_text("(", encoding="utf-8")
    run = check(tmp_path, "--format", "json")
    (note,) = run.report["assumptions"]
    assert "internal error: KeyError" in note["message"]
    assert note["path"].endswith("m.py" if where == "function" else tmp_path.name)
    assert [row["rule"] for row in run.report["findings"]] == ["GR001"]


def test_one_note_for_each_entry_point(tmp_path: Path) -> None:
    deep = "    x = user" + ".id" * 900 + "\n"
    both = deep + "    user.id\n" * 7_000 + deep
    (tmp_path / "m.py").write_text(MODELS + USE.replace("use", "second") + both + USE.replace("use", "first") + both, encoding="utf-8")
    run = check(tmp_path, "--format", "json")
    notes = run.report["assumptions"]
    assert [note["message"].partition(":")[0] for note in notes] == ["m.second", "m.first"]
    assert [note["line"] for note in notes] == sorted(note["line"] for note in notes)
    text = check(tmp_path).out.splitlines()
    assert sum(line.startswith("not analysed: ") and "m.py:8: m.second: " in line for line in text) == 1


def test_the_bounds_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")][1:]
    schedule = [int(number) for pair in SCHEDULE for number in pair if number != math.inf]
    numbers = [*schedule, DEPTH, DISJUNCTS, ALTERNATIVES, ATTEMPTS, LARGEST]
    assert [number for number in numbers if not any(re.search(rf"(?<![\d,]){number:,}(?!,?\d)", row) for row in rows)] == []
    assert f"the bound of {STEPS:,} steps for one entry point (fewer in a large project) was reached" in page
