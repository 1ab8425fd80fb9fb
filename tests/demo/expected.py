"""The table of the bundled backend's defects, with code resolved to lines."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).parents[2] / "src" / "greenroom" / "demo"


@dataclass(frozen=True, slots=True)
class Defect:
    """One entry of EXPECTED.toml."""

    rule: str
    path: str
    code: str
    scenario: str
    fails: str
    raised_by: str = ""
    """The code that raises, where it is not the line itself."""
    nth: int = 0
    """Which of several equal lines, counted from 1; 0 says that there is only one."""

    @property
    def line(self) -> int:
        """The line of the defective backend that holds the code."""
        lines = (DEMO / "backend" / self.path).read_text(encoding="utf-8").splitlines()
        hits = [number for number, line in enumerate(lines, 1) if line.strip() == self.code]
        if not self.nth and len(hits) != 1:
            raise LookupError(f"{self.path} has {len(hits)} lines with {self.code!r}")
        return hits[max(self.nth, 1) - 1]


_TABLE = tomllib.loads((DEMO / "EXPECTED.toml").read_text(encoding="utf-8"))
DEFECTS = [Defect(**entry) for entry in _TABLE["finding"]]
ABSENT: dict[str, str] = {entry["rule"]: entry["because"] for entry in _TABLE["absent"]}
"""Rules that are on by default and of which the backend has no defect, each with the reason."""


def raising(defect: Defect) -> list[int]:
    """The lines of the file that may be what raises."""
    lines = (DEMO / "backend" / defect.path).read_text(encoding="utf-8").splitlines()
    later = [number for number, line in enumerate(lines, 1) if line.strip() == defect.raised_by]
    chance = " or " in defect.fails
    return [*later, defect.line] if chance or not defect.raised_by else later
