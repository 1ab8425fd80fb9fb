"""``greenroom check`` in this process, and what must never stand in its report."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.cli.main import main


@dataclass(frozen=True, slots=True)
class Checked:
    """What a user sees of a run."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    def defects(self) -> list[str]:
        """Everything that is wrong with the run itself."""
        found = [line for line in (*self.out.splitlines(), *self.err.splitlines()) if "Traceback" in line or "internal error" in line]
        return found if self.code in (0, 1) else [*found, f"exit code {self.code}: {self.err}"]


def check(*words: str | Path) -> Checked:
    """Run ``greenroom check`` with these words."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["check", *map(str, words)])
    return Checked(code, out.getvalue(), err.getvalue())
