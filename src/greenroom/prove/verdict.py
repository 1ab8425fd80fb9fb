"""What a run says about a claim."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from greenroom.prove.claim import AFTER_ROLLBACK, IN_MODELS, OF_ATTRIBUTES, Claim
from greenroom.prove.running import Incident, Observed

_FIELD_REQUIRED = re.compile(r"(\w+) Field required")
"""How pydantic tells of a setting that is missing."""


class Outcome(enum.Enum):
    """How a proof ended."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNDERIVED = "cannot derive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and why, in one line."""

    outcome: Outcome
    reason: str
    swallowed: bool = False
    """Whether the application caught the error, so that the test alone does not fail."""
    settled: bool = False
    """Whether no other input can lead to the line: something fails on every way to it."""


def judge(claim: Claim, seen: Observed, own: Collection[str]) -> Verdict:
    """Compare what was seen with what was claimed; ``own`` are the files of the project."""
    for incident in (*seen.incidents, *seen.raised):
        if _matches(claim, incident, own):
            failed = bool(seen.raised)
            how = f"{incident.error} at {_place(claim)}" + (f", about `{claim.subject}`" if claim.subject else "")
            return Verdict(Outcome.REPRODUCED, how, swallowed=not failed)
    whole = bool(seen.lines) and all(seen.lines) and (seen.rollbacks > 0 or claim.finding.rule not in AFTER_ROLLBACK)
    if seen.stage == "end" and whole:
        return Verdict(Outcome.NOT_REPRODUCED, f"every step of the finding ran, and nothing failed{_status(seen)}")
    earlier = _earlier(claim, seen, own)
    return Verdict(Outcome.UNDERIVED, earlier or _why(claim, seen, own), settled=earlier is not None)


def progress(seen: Observed) -> tuple[int, int]:
    """How far a run came: by stage, then by the steps of the finding."""
    stages = ("timeout", "start", "import", "prepare", "run", "end")
    return min(stages.index(seen.stage), stages.index("run")), sum(seen.lines)


def _matches(claim: Claim, incident: Incident, own: Collection[str]) -> bool:
    if incident.error not in claim.errors or not _at(claim, incident, own):
        return False
    finding = claim.finding
    if finding.rule not in OF_ATTRIBUTES or finding.attribute is None:
        return True
    if not incident.attributes:
        return finding.attribute in incident.message and (finding.model or "") in incident.message
    return any(finding.model in names and key == finding.attribute for names, key in incident.attributes)


def _at(claim: Claim, incident: Incident, own: Collection[str]) -> bool:
    place = claim.place
    mine = [(path, line) for path, line, _ in incident.frames if path in own]
    if claim.finding.rule in IN_MODELS:
        return any(path == place.path and place.first <= line <= place.last for path, line in mine) or _serializes(incident)
    return bool(mine) and mine[0][0] == place.path and place.first <= mine[0][1] <= place.last


def _serializes(incident: Incident) -> bool:
    return any(name == "serialize_response" for _, _, name in incident.frames)


def _earlier(claim: Claim, seen: Observed, own: Collection[str]) -> str | None:
    """Another read that fails in the same way before the line is reached."""
    found = next((found for found in (*seen.incidents, *seen.raised) if found.error in claim.errors and found.attributes), None)
    if found is None or not seen.raised or seen.stage != "run":
        return None
    names, key = found.attributes[0]
    return f"the run fails earlier, with {found.error}{_where(found, own)}, about `{names[0] if names else '?'}.{key}`; mend that first"


def _why(claim: Claim, seen: Observed, own: Collection[str]) -> str:
    error = seen.raised[0] if seen.raised else None
    said = f"{error.error}: {error.message}" if error is not None else ""
    match seen.stage:
        case "timeout":
            return "the run was stopped: it took longer than --timeout allows"
        case "start":
            return f"the interpreter ended early: {' '.join(seen.output.split())[-300:] or 'without a word'}"
        case "import":
            where = next((path for path, _, _ in (error.frames if error else ()) if path in own), None)
            absent = _FIELD_REQUIRED.findall(error.message) if error is not None else []
            if absent:
                return f"importing the project fails, since settings are missing: {', '.join(absent)}; set them in the environment"
            return f"importing {'`' + Path(where).name + '`' if where else 'the project'} fails: {said}{_mend(error)}"
        case "prepare":
            return f"SQLite cannot hold the tables or rows: {said}"
    missed = next((lines for lines, hit in zip(claim.witness, seen.lines, strict=False) if not hit), None)
    at = f"{Path(missed.path).name}:{missed.first}" if missed is not None else ""
    ended = f"{said}{_where(error, own) if error else ''}" if said else f"it ran to the end{_status(seen)}"
    return f"no input was found that leads through {at}; the nearest run ended with {ended}" if at else f"the run ended with {ended}"


def _where(incident: Incident, own: Collection[str]) -> str:
    return next((f" at {Path(path).name}:{line}" for path, line, _ in incident.frames if path in own), "")


def _mend(error: Incident | None) -> str:
    if error is None:
        return ""
    if error.error in ("ModuleNotFoundError", "ImportError"):
        return "; give the interpreter that the project is installed for with --python"
    if error.error in ("ValidationError", "KeyError", "SettingsError", "UndefinedValueError"):
        return "; set what is missing in the environment"
    return ""


def _status(seen: Observed) -> str:
    return f" (the answer was {seen.status}: {seen.answer[:120]})" if seen.status is not None else ""


def _place(claim: Claim) -> str:
    return f"{Path(claim.place.path).name}:{claim.finding.span.line}"
