"""Every specification of a library: where the library is installed, it runs what the analyser follows a stand-in of."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.executable import analyser, runtime
from tests.executable.page import Block, read_pages
from tests.executable.project import write_project
from tests.executable.stock import SqliteStock

PAGES = read_pages(Path(__file__).parent)
BLOCKS = [block for page in PAGES for block in page.blocks]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_in_the_library(block: Block, sqlite: SqliteStock, tmp_path: Path) -> None:
    library = block.page.stem
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    assert runtime.disagreements(write_project(block, tmp_path), sqlite) == []


@pytest.mark.skipif(not analyser.SWITCHED_ON, reason="the analyser half is switched off")
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_in_the_analyser(block: Block, tmp_path: Path) -> None:
    assert analyser.disagreements(write_project(block, tmp_path), sqlalchemy="2.1", dialect=block.dialects[0]) == []
