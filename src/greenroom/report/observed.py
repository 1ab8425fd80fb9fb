"""What traces say of a report: the mark on a finding, the sections after the findings, and both as plain data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from greenroom.confirm.records import Endpoint, Latent, Mark, Observations, Reason, Unconfirmed
from greenroom.report.paths import shown
from greenroom.report.report import Report
from greenroom.report.style import Style
from greenroom.report.words import counted
from greenroom.rules.finding import Finding
from greenroom.trace import Incident, Place

Json = dict[str, object]

MOST = 3
"""Tests and routes that a line names."""
WHY = {
    Reason.SUPPRESSED: "a comment answers for {rule}",
    Reason.BASELINE: "the baseline has {rule}",
    Reason.CONFIDENCE: "{rule} lies below --min-confidence",
    Reason.NOT_SELECTED: "{rule} is not selected",
    Reason.OUTSIDE: "its file is not among those that were checked",
    Reason.NOWHERE: "the trace tells neither a line nor an endpoint",
    Reason.UNREADABLE: "its file could not be parsed",
    Reason.BOUNDED: "the function was not followed to its end",
    Reason.EDITED: "files that the trace speaks of have changed since",
    Reason.MISSED: "the analysis found nothing",
}


def standing(finding: Finding, report: Report) -> str:
    """Return the confidence of a finding, and whether it was observed."""
    return finding.confidence.value + (", observed" if report.mark(finding) is not None else "")


def sentence(mark: Mark) -> str:
    """Return how often a finding was met at run time, and in what."""
    where = _named("in", "test", mark.tests) + _named("at", "route", mark.routes)
    moved = "; in an earlier version of the line, for the file has changed since" if mark.moved else ""
    return f"observed {'once' if mark.times == 1 else f'{mark.times} times'}{where}{moved}"


def sections(observed: Observations, base: Path, style: Style) -> Iterator[str]:
    """Yield what was missed, what is explained otherwise, what went well by luck and which routes were never exercised."""
    if observed.missed:
        newer = f", unless a change since the trace mends it ({counted(observed.newer, 'newer file')})" if observed.newer else ""
        yield style.strong(f"Observed, and missed by the analysis ({len(observed.missed)}): each is a defect of greenroom{newer}")
        for one in observed.missed:
            yield from _missed(one, observed, base, style)
        yield ""
    if observed.answered:
        yield style.strong(f"Observed, and not told as a finding ({len(observed.answered)})")
        for one in observed.answered:
            yield f"  {_where(one.incident)}: {one.incident.subject} ({one.incident.kind.value}): {why(one)}"
        yield ""
    if observed.latent:
        yield style.strong(f"Went well by luck ({len(observed.latent)})")
        for lucky in observed.latent:
            found = f"; {lucky.finding.rule} stands there" if lucky.finding is not None else ""
            yield f"  {_where(lucky.incident)}: {_line(lucky.incident.message)}{found}"
        yield ""
    yield from _routes(observed, base, style)


def why(one: Unconfirmed) -> str:
    """Return why no finding that is told answers for an incident."""
    return WHY[one.reason].format(rule=one.finding.rule if one.finding is not None else "")


def command(one: Unconfirmed, observed: Observations, base: Path) -> str:
    """Return the command that turns an incident into a report of what was missed."""
    paths = [shown(path, base) for path in observed.paths]
    where = [] if paths == ["."] else paths
    return shlex.join(["greenroom", "reduce", shown(one.trace, base), *where, "--number", str(one.number)])


def written(mark: Mark) -> Json:
    """Return a mark as plain data."""
    return {"times": mark.times, "tests": list(mark.tests), "routes": list(mark.routes), "moved": mark.moved}


def unconfirmed(one: Unconfirmed, observed: Observations, base: Path) -> Json:
    """Return an incident without a finding as plain data."""
    row: Json = {
        **_incident(one.incident),
        "tests": list(one.tests),
        "routes": list(one.routes),
        "trace": shown(one.trace, base),
        "number": one.number,
        "reason": one.reason.value,
        "why": why(one),
        "rule": one.finding.rule if one.finding is not None else None,
    }
    return {**row, "command": command(one, observed, base)} if one.reason is Reason.MISSED else row


def latent(one: Latent) -> Json:
    """Return what went well by luck as plain data."""
    return {**_incident(one.incident), "rule": one.finding.rule if one.finding is not None else None}


def route(one: Endpoint, base: Path) -> Json:
    """Return a route as plain data."""
    return {
        "methods": list(one.methods),
        "path": one.path,
        "endpoint": f"{one.module}:{one.function}",
        "file": shown(one.file, base),
        "line": one.line,
    }


def _incident(incident: Incident) -> Json:
    return {
        "kind": incident.kind.value,
        "model": incident.model,
        "attribute": incident.attribute,
        "place": _place(incident.place),
        "endpoint": incident.endpoint,
        "message": incident.message,
        "times": incident.times,
    }


def _place(place: Place | None) -> Json | None:
    return None if place is None else {"path": place.path, "line": place.line, "function": place.function}


def _missed(one: Unconfirmed, observed: Observations, base: Path, style: Style) -> Iterator[str]:
    incident = one.incident
    yield f"  {_where(incident)}: {incident.subject}: {_line(incident.message)}"
    times = "once" if incident.times == 1 else f"{incident.times} times"
    yield f"    {incident.kind.value}, {times}{_named('in', 'test', one.tests)}{_named('at', 'route', one.routes)}"
    if one.finding is not None:
        about = f" `{one.finding.model}.{one.finding.attribute}`" if one.finding.attribute is not None else ""
        yield f"    {one.finding.rule} {one.finding.name}{about} stands there, and means something else"
    yield f"    {style.good('report it:')} {command(one, observed, base)}"


def _routes(observed: Observations, base: Path, style: Style) -> Iterator[str]:
    if observed.never is None:
        if observed.routes:
            yield style.quiet("routes: no trace tells which ones were exercised; add the monitor's middleware to the application")
            yield ""
    elif observed.never:
        yield style.strong(f"Never exercised ({len(observed.never)} of {counted(observed.routes, 'route')})")
        for one in observed.never:
            yield f"  {one}  {shown(one.file, base)}:{one.line} {one.function}"
        yield ""


def _where(incident: Incident) -> str:
    if incident.place is not None:
        return str(incident.place)
    if incident.handler is not None:
        return f"{incident.handler}, in the answer of {incident.endpoint or incident.handler.function}"
    return incident.endpoint or incident.route or "somewhere"


def _named(preposition: str, noun: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f", {preposition} {', '.join(names) if len(names) <= MOST else counted(len(names), noun)}"


def _line(text: str) -> str:
    """Return the text of a trace, which may be anything, as one line that a terminal takes for text."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
