"""What ``greenroom demo`` reports is EXPECTED.toml, no more and no less."""

from __future__ import annotations

import json
from collections import Counter

from tests.cli.command import greenroom
from tests.demo.expected import DEFECTS, DEMO


def reported(*options: str) -> Counter[tuple[str, str, int]]:
    run = greenroom("demo", "--format", "json", *options, folder=DEMO)
    assert (run.returncode, run.stderr) == (0, "")
    twin = "mended" if options else "backend"
    return Counter((row["rule"], row["path"].removeprefix(f"{twin}/"), row["line"]) for row in json.loads(run.stdout)["findings"])


def test_every_defect_of_the_backend_and_nothing_else() -> None:
    found = reported()
    expected = Counter((defect.rule, defect.path, defect.line) for defect in DEFECTS)
    assert sorted(expected - found) == [], "missed"
    assert sorted(found - expected) == [], "too much"


def test_nothing_in_the_mended_twin() -> None:
    assert sorted(reported("--mended")) == []


def test_the_text_names_files_as_seen_from_the_backend() -> None:
    run = greenroom("demo", "--select", "GR001")
    assert run.stdout.startswith(f"In {DEMO / 'backend'}\n\nscripts/broken_migration.py:14:")


def test_exit_code_on_request() -> None:
    assert greenroom("demo", "--exit-code", "--select", "GR001").returncode == 1
    assert greenroom("demo", "--exit-code", "--mended", "--select", "GR001").returncode == 0


def test_the_readme_shows_the_first_finding_as_it_is_printed() -> None:
    readme = (DEMO.parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- first finding -->\n```text\n")[2].partition("\n```\n")[0]
    assert shown
    assert greenroom("demo").stdout.split("\n\n")[1] == shown


def test_steps_of_a_chain_stand_on_code() -> None:
    """A dependency declared in another module is shown where it is declared."""
    rows = json.loads(greenroom("demo", "--format", "json", folder=DEMO).stdout)["findings"]
    steps = {(step["path"], step["line"]) for row in rows for step in row["trace"]}
    sources = {path: (DEMO / path).read_text(encoding="utf-8").splitlines() for path, _ in steps}
    assert [(path, line) for path, line in sorted(steps) if not sources[path][line - 1].strip()] == []
    declared = next(line for line, text in enumerate(sources["backend/app/db.py"], 1) if "Depends(get_session)" in text)
    assert ("backend/app/db.py", declared) in steps
