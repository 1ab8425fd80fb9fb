"""Run the command line as users do: in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def _unprivileged() -> tuple[str, ...] | None:
    """Return the words before a command that make permissions hold for it; None where the superuser cannot be bound by them."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    return (setpriv, "--bounding-set", "-dac_override,-dac_read_search") if setpriv else None


UNPRIVILEGED = _unprivileged()


def greenroom(
    *words: str | Path, folder: Path | None = None, through: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``greenroom`` with these arguments in ``folder``; ``through`` is a program, with its arguments, that starts it."""
    command = [*through, sys.executable, "-m", "greenroom", *map(str, words)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
