"""What comes of a comparison: plain records for reporters."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.rules.finding import Finding
from greenroom.trace import Incident


@dataclass(frozen=True, slots=True)
class Mark:
    """What confirms a finding."""

    times: int
    tests: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    moved: bool = False
    """Whether it was met in an earlier version of the file, in the same function, and at a line that is not known any more."""


class Reason(enum.Enum):
    """Why no finding that is told answers for an incident; all but the last are no defects of the analysis."""

    SUPPRESSED = "suppressed"
    """A comment in the source answers for the finding."""
    BASELINE = "baseline"
    """The baseline has the finding."""
    CONFIDENCE = "confidence"
    """The finding lies below the confidence that is asked for."""
    NOT_SELECTED = "not-selected"
    """The rule of the finding is off."""
    OUTSIDE = "outside"
    """The file is not among those that were checked."""
    NOWHERE = "nowhere"
    """The trace tells neither a line nor an endpoint."""
    UNREADABLE = "unreadable"
    """The file could not be parsed."""
    BOUNDED = "bounded"
    """The function was not followed to its end."""
    EDITED = "edited"
    """A file that the trace speaks of was changed after it was made: what happened may be mended."""
    MISSED = "missed"
    """The analysis looked at it and found nothing: a defect of greenroom."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An incident of a failing kind without a finding that is told."""

    incident: Incident
    """All that are the same are one; its count is that of all."""
    reason: Reason
    trace: Path
    number: int
    """Its number in that trace, counted from 1."""
    tests: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    finding: Finding | None = None
    """The finding that answers for it although it is not told; for what was missed, one at the same line that means something else."""


@dataclass(frozen=True, slots=True)
class Latent:
    """What went well by luck, and a finding at its line where there is one."""

    incident: Incident
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route that the project declares."""

    methods: tuple[str, ...]
    path: str
    module: str
    function: str
    file: Path
    line: int

    def __str__(self) -> str:
        """Return methods and path."""
        return f"{','.join(self.methods)} {self.path}".strip()


@dataclass(frozen=True, slots=True)
class Observations:
    """What traces say of a report."""

    traces: tuple[Path, ...]
    paths: tuple[Path, ...] = ()
    """What was checked."""
    marks: Mapping[Finding, Mark] = field(default_factory=dict)
    unconfirmed: tuple[Unconfirmed, ...] = ()
    newer: int = 0
    """How many checked files are newer than a trace that does not speak of them: a change in one of these may mend what is missed."""
    latent: tuple[Latent, ...] = ()
    routes: int = 0
    """How many routes the project declares."""
    never: tuple[Endpoint, ...] | None = None
    """Those that no trace exercised; ``None`` when no trace knows of routes."""

    @property
    def missed(self) -> tuple[Unconfirmed, ...]:
        """What the analysis should have found."""
        return tuple(one for one in self.unconfirmed if one.reason is Reason.MISSED)

    @property
    def answered(self) -> tuple[Unconfirmed, ...]:
        """What is explained otherwise."""
        return tuple(one for one in self.unconfirmed if one.reason is not Reason.MISSED)
