"""The outcome of one run, as every reporter receives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from greenroom.confirm.records import Mark, Observations
from greenroom.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Stats:
    """How much was looked at, and how long it took."""

    files: int = 0
    functions: int = 0
    seconds: float = 0.0
    suppressed: int = 0
    """Findings that comments in the sources answer for; they are not told."""
    known: int = 0
    """Findings that the baseline has; they are not told."""
    gone: int = 0
    """Findings that the baseline has and that are not there any more."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is not a defect but that a careful reader wants to know, and where it lies when it lies somewhere."""

    message: str
    path: Path | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Findings in reading order, and everything the analysis had to assume or leave out."""

    findings: tuple[Finding, ...] = ()
    assumptions: tuple[Note, ...] = ()
    stats: Stats = field(default_factory=Stats)
    warnings: tuple[Note, ...] = ()
    not_analysed: tuple[Note, ...] = ()
    observed: Observations | None = None
    """What traces say of it; None where none was given."""

    def mark(self, finding: Finding) -> Mark | None:
        """Return what confirms a finding, if anything does."""
        return self.observed.marks.get(finding) if self.observed is not None else None
