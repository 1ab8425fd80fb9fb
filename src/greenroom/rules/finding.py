"""The answer of a rule: a record that reporters print and other tools read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from greenroom.vocabulary import Confidence, Severity


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A range of source text; lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain of causes."""

    path: Path
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect, with its witness."""

    rule: str
    name: str
    severity: Severity
    confidence: Confidence
    path: Path
    span: Span
    message: str
    model: str | None = None
    attribute: str | None = None
    trace: tuple[Step, ...] = ()
    mend: str = ""
    """What to do, in one line."""
