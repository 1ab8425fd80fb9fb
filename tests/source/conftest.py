"""Files written from text, read back as the analyser sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from greenroom.source.discover import Tree, discover
from greenroom.source.file import SourceFile

Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files below a temporary directory and return it."""

    def write_files(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write_files


@pytest.fixture
def tree_of(write: Write) -> Callable[[Mapping[str, str | bytes]], Tree]:
    """Write files into a repository and discover it."""
    return lambda files: discover([write({".git/HEAD": "", **files})])


@pytest.fixture
def file_of(write: Write) -> Callable[[str | bytes], SourceFile]:
    """Write one file."""
    return lambda content: SourceFile(write({"code.py": content}) / "code.py", "code", write({}))
