"""Every specification of an operation: what raises on a real database is what the page says, and what the analyser reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executable import analyser, runtime
from tests.executable.page import Block, read_pages
from tests.executable.project import write_project
from tests.executable.stock import PostgresStock, SqliteStock

BLOCKS = [block for page in read_pages(Path(__file__).parent) for block in page.blocks]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_on_sqlite(block: Block, sqlite: SqliteStock, tmp_path: Path) -> None:
    assert runtime.disagreements(write_project(block, tmp_path), sqlite) == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if "postgresql" in block.dialects], ids=lambda block: block.name)
def test_block_on_postgresql(block: Block, postgres: PostgresStock, tmp_path: Path) -> None:
    assert runtime.disagreements(write_project(block, tmp_path), postgres) == []


@pytest.mark.skipif(not analyser.SWITCHED_ON, reason="the analyser half is switched off")
@pytest.mark.parametrize("sqlalchemy", ["2.0", "2.1"])
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_in_the_analyser(block: Block, sqlalchemy: str, tmp_path: Path) -> None:
    assert analyser.disagreements(write_project(block, tmp_path), sqlalchemy=sqlalchemy, dialect=block.dialects[0]) == []
