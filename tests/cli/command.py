"""Run the command line as users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def greenroom(
    *words: str | Path, folder: Path | None = None, through: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``greenroom`` with these arguments in ``folder``; ``through`` is a program, with its arguments, that starts it."""
    command = [*through, sys.executable, "-m", "greenroom", *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
