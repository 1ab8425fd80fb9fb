"""What an incident means for its test, and both as plain data, as they go from the process of a test to the one that reports."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from greenroom.trace import Exercised, Incident, Trace, from_json, to_json


class Verdict(enum.Enum):
    """What an incident means for its test."""

    FAILS = "failing"
    EXPECTED = "expected"
    """The test, or the code under test, has caught the error by its name."""
    ALLOWED = "allowed"
    """The test's marker allows it."""
    ACCEPTED = "accepted"
    """The baseline knows it."""
    LATENT = "latent"
    """Nothing failed: the value was there by luck."""


@dataclass(frozen=True, slots=True)
class Met:
    """One incident and its verdict."""

    incident: Incident
    verdict: Verdict


def packed(mets: Iterable[Met], routes: Iterable[Exercised] = ()) -> dict[str, Any]:
    """Return them as data that a report of pytest can carry to another process."""
    known = list(mets)
    trace = Trace(incidents=tuple(met.incident for met in known), routes=tuple(routes))
    return {"trace": to_json(trace), "verdicts": [met.verdict.value for met in known]}


def unpacked(data: dict[str, Any]) -> tuple[list[Met], tuple[Exercised, ...]]:
    """Return what `packed` was given."""
    trace = from_json(data["trace"])
    mets = [Met(incident, Verdict(verdict)) for incident, verdict in zip(trace.incidents, data["verdicts"], strict=True)]
    return mets, trace.routes
