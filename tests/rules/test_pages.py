"""Every page of a rule: its examples do what its markers say, on a real database and in the analyser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executable import analyser, runtime
from tests.executable.markers import Word
from tests.executable.page import Block, Page, read_pages
from tests.executable.project import write_project
from tests.executable.stock import PostgresStock, SqliteStock

RULES = Path(__file__).parent.parent.parent / "src" / "greenroom" / "rules"
PAGES = read_pages(RULES)
BLOCKS = [block for page in PAGES for block in page.blocks]
SECTIONS = ["What it does", "Why is this bad", "Example", "Use instead", "Limits", "References"]

blocks = pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "sqlite" in block.dialects], ids=lambda block: block.name)
def test_block_on_sqlite(block: Block, sqlite: SqliteStock, tmp_path: Path) -> None:
    assert runtime.disagreements(write_project(block, tmp_path), sqlite) == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if "postgresql" in block.dialects], ids=lambda block: block.name)
def test_block_on_postgresql(block: Block, postgres: PostgresStock, tmp_path: Path) -> None:
    assert runtime.disagreements(write_project(block, tmp_path), postgres) == []


@pytest.mark.skipif(not analyser.SWITCHED_ON, reason="the analyser half is switched off")
@pytest.mark.parametrize("sqlalchemy", ["2.0", "2.1"])
@blocks
def test_block_in_the_analyser(block: Block, sqlalchemy: str, tmp_path: Path) -> None:
    assert analyser.disagreements(write_project(block, tmp_path), sqlalchemy=sqlalchemy, dialect=block.dialects[0]) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)
def test_page_is_complete(page: Page) -> None:
    headings = [line.removeprefix("## ") for line in page.text.splitlines() if line.startswith("## ")]
    rule = page.path.stem.replace("_", "-")
    assert headings == SECTIONS
    assert f"\n# `{rule}` (GR" in page.text
    bad = [marker for block in page.blocks for marker in block.markers if marker.text == rule and marker.word is not Word.EXTRA]
    clean = sum(_clean_examples(block) for block in page.blocks)
    assert len(bad) >= 3
    assert clean >= 3


def _clean_examples(block: Block) -> int:
    """Count the functions without a marker that claims a defect."""
    marked = {marker.line for marker in block.markers if marker.word is not Word.VALUE}
    if "async def " not in block.source:
        return 0
    parts = block.source.split("async def ")
    line = block.line + parts[0].count("\n")
    clean = 0
    for part in parts[1:]:
        lines = range(line, line + part.count("\n"))
        clean += not marked.intersection(lines)
        line = lines.stop
    return clean
