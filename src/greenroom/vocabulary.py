"""The few words that every part of greenroom speaks."""

from __future__ import annotations

import enum


class Confidence(enum.Enum):
    """How sure a finding is."""

    DEFINITE = "definite"
    """On some feasible path the read fails for certain."""
    POSSIBLE = "possible"
    """It depends on something the analysis cannot know."""


class Severity(enum.Enum):
    """How much a finding hurts."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
