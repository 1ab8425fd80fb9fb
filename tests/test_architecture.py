"""What keeps the code base in shape: layers, one page per rule, reasons for suppressions; the linter sorts public names."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

from greenroom.rules.pages import pages

ROOT = Path(__file__).parents[1]
RULES = ROOT / "src" / "greenroom" / "rules"
DEMO = ROOT / "src" / "greenroom" / "demo"
OURS = [
    path
    for folder in ("src", "tests", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.is_relative_to(DEMO) and "__pycache__" not in path.parts
]
SUPPRESSION = re.compile(r"#\s*(?:ruff:\s*)?(?P<kind>noqa|type:\s*ignore|pragma)", re.IGNORECASE)
REASONED = re.compile(r"#\s*(?:(?:ruff:\s*)?noqa:\s*[A-Z]+\d*(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w-]+(?:,\s*[\w-]+)*\])\s+(?:--?|#)\s*\S+")


def test_import_contracts() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_rules_pages_table_changelog_and_demo_name_the_same_codes() -> None:
    table = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    demo = tomllib.loads((DEMO / "EXPECTED.toml").read_text(encoding="utf-8"))
    by_page = {page.code: page.name for page in pages()}
    registry = importlib.import_module("greenroom.rules.registry")
    by_module = {rule.code: rule.name for rule in registry.rules()}
    assert by_page == by_module
    assert by_page == dict(re.findall(r"^\| (GR\d{3}) \| `([a-z0-9-]+)` \|", table, re.MULTILINE))
    assert by_page == dict(re.findall(r"(GR\d{3}) `([a-z0-9-]+)`", changelog))
    assert {rule.code for rule in registry.rules() if rule.default} == {entry["rule"] for entry in (*demo["finding"], *demo["absent"])}


def test_pages_say_which_rules_are_off_by_default() -> None:
    off = {rule.code for rule in importlib.import_module("greenroom.rules.registry").rules() if not rule.default}
    assert off == {page.code for page in pages() if "\n\n**Off by default.**" in page.text}


def test_a_page_has_the_name_of_its_file_and_a_summary() -> None:
    for page in pages():
        assert (RULES / f"{page.name.replace('-', '_')}.md").is_file(), page.name
        assert page.summary, page.code


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_suppressions_name_their_code_and_a_reason(path: Path) -> None:
    """The reason stands behind the suppression; that of a whole file may stand on the line above."""
    with path.open("rb") as file:
        comments = {token.start[0]: token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT}
    unexplained = [
        f"{line}: {text}"
        for line, text in comments.items()
        if SUPPRESSION.match(text) and not REASONED.match(text) and not (text.startswith("# ruff:") and line - 1 in comments)
    ]
    assert unexplained == []


def test_no_file_names_a_machine() -> None:
    """Locks hold names, versions and hashes only; nothing speaks of the place where it was made."""
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
