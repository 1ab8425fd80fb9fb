"""``python examples/taskflow``, as somebody types it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1]


def command(port: int, folder: Path) -> list[str]:
    """Return what is typed."""
    return [sys.executable, str(EXAMPLE), "--port", str(port), "--folder", str(folder)]


def tokens(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the tokens that it prints at its start, by whom they are of: "human ann", "agent bot"."""
    assert process.stdout
    printed = ""
    while len(found := dict(re.findall(r"^(\w+ \w+):\n(\S+)$", printed, re.MULTILINE))) < 2:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    return found
