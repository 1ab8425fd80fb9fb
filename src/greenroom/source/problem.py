"""What kept a file from being read or understood."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path


class Gravity(enum.Enum):
    """How much of the analysis a problem takes away."""

    ERROR = "error"
    """The file was not analysed."""
    WARNING = "warning"
    """Something beside the code was ignored, such as a broken dependency file."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One piece of bad input, as data; lines and columns count from 1, columns in characters."""

    path: Path
    line: int
    column: int
    message: str
    gravity: Gravity = Gravity.ERROR
