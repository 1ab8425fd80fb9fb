"""The comparison of a run with traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from greenroom.confirm.files import Files
from greenroom.confirm.matching import Agreement, Matcher
from greenroom.confirm.project import Known, absolute
from greenroom.confirm.records import Latent, Mark, Observations, Reason, Unconfirmed
from greenroom.confirm.routes import never
from greenroom.confirm.traces import Recorded
from greenroom.rules.finding import Finding
from greenroom.trace import Incident


@dataclass(frozen=True, slots=True)
class Found:
    """The findings of a run, and those that are not told, by the reason why."""

    told: Sequence[Finding]
    untold: Sequence[tuple[Reason, Sequence[Finding]]] = ()


@dataclass(slots=True)
class _Met:
    """Incidents that are the same."""

    first: Incident
    recorded: Recorded
    number: int
    times: int = 0
    tests: dict[str, None] = field(default_factory=dict)
    routes: dict[str, None] = field(default_factory=dict)

    def add(self, incident: Incident) -> None:
        self.times += incident.times
        if incident.test:
            self.tests[incident.test] = None
        if incident.route:
            self.routes[incident.route] = None

    @property
    def incident(self) -> Incident:
        return replace(self.first, times=self.times)


def confirm(traces: Sequence[Recorded], known: Known, found: Found, paths: Iterable[Path] = ()) -> Observations:
    """Compare traces with the findings of a run over ``paths``, of which all this is ``known``."""
    files = Files(known)
    everything = [*found.told, *(finding for _, findings in found.untold for finding in findings)]
    matchers = [(None, Matcher(found.told, known, files)), *((reason, Matcher(some, known, files)) for reason, some in found.untold)]
    whole = Matcher(everything, known, files)
    unreadable = {absolute(finding.path) for finding in everything if finding.rule == "GR001"}
    marks: dict[Finding, _Met] = {}
    exact: set[Finding] = set()
    unconfirmed: list[Unconfirmed] = []
    latent: list[Latent] = []
    for met in _distinct(traces):
        if met.first.kind.latent:
            latent.append(Latent(met.incident, whole.about(met.first, met.recorded)))
            continue
        reason, agreement, findings = _answer(met, matchers)
        if not findings:
            reason = _why(met, known, files, whole, unreadable)
            beside = whole.beside(met.first, met.recorded) if reason is Reason.MISSED else None
            unconfirmed.append(_unconfirmed(met, reason, beside))
        elif reason is not None:
            unconfirmed.append(_unconfirmed(met, reason, findings[0]))
        else:
            for finding in findings:
                _note(marks, finding, met)
                if agreement is Agreement.PLACE:
                    exact.add(finding)
    exercised = [route for recorded in traces for route in recorded.trace.routes]
    return Observations(
        traces=tuple(recorded.path for recorded in traces),
        paths=tuple(paths),
        marks={one: Mark(met.times, tuple(met.tests), tuple(met.routes), one not in exact) for one, met in marks.items()},
        unconfirmed=tuple(_merged(unconfirmed)),
        newer=len({path for recorded in traces for path in files.newer(recorded)}),
        latent=tuple(latent),
        routes=len(set(known.endpoints)),
        never=never(known.endpoints, exercised) if exercised else None,
    )


def _distinct(traces: Iterable[Recorded]) -> Iterable[_Met]:
    """Put incidents together that differ only in where they were met from: one defect in fifty tests is one."""
    met: dict[object, _Met] = {}
    for recorded in traces:
        for number, incident in enumerate(recorded.trace.incidents, 1):
            where = (incident.place, incident.stack) if incident.place is not None else (incident.endpoint, incident.handler)
            key = (incident.kind, incident.model, incident.attribute, where)
            met.setdefault(key, _Met(incident, recorded, number)).add(incident)
    return list(met.values())


def _merged(records: Iterable[Unconfirmed]) -> Iterable[Unconfirmed]:
    """Put together what happens at one line, from wherever it is reached."""
    merged: dict[object, Unconfirmed] = {}
    for record in records:
        one = record.incident
        key = (record.reason, one.kind, one.model, one.attribute, one.place, one.endpoint if one.place is None else None)
        known = merged.get(key)
        if known is None:
            merged[key] = record
        else:
            merged[key] = replace(
                known,
                incident=replace(known.incident, times=known.incident.times + one.times),
                tests=tuple(dict.fromkeys((*known.tests, *record.tests))),
                routes=tuple(dict.fromkeys((*known.routes, *record.routes))),
            )
    return merged.values()


def _answer(met: _Met, matchers: Sequence[tuple[Reason | None, Matcher]]) -> tuple[Reason | None, Agreement, list[Finding]]:
    """Return the findings that answer for an incident: at its place wherever there is one, before those whose line is not known."""
    for agreement in Agreement:
        for reason, matcher in matchers:
            findings = matcher.matches(met.first, met.recorded, agreement)
            if findings:
                return reason, agreement, findings
    return None, Agreement.PLACE, []


def _note(marks: dict[Finding, _Met], finding: Finding, met: _Met) -> None:
    known = marks.setdefault(finding, _Met(met.first, met.recorded, met.number))
    known.times += met.times
    known.tests |= met.tests
    known.routes |= met.routes


def _why(met: _Met, known: Known, files: Files, matcher: Matcher, unreadable: set[Path]) -> Reason:
    """Tell why nothing was found of an incident."""
    incident, recorded = met.first, met.recorded
    handler = matcher.handler(incident, recorded)
    if incident.place is None and incident.handler is None and handler is None:
        return Reason.OUTSIDE if incident.endpoint else Reason.NOWHERE
    path = files.find(incident.place, recorded) if incident.place is not None else handler[0] if handler is not None else None
    if path is None:
        return Reason.OUTSIDE
    if path in unreadable:
        return Reason.UNREADABLE
    if files.changed(recorded) or any(files.edited(place, recorded) for place in incident.places()):
        return Reason.EDITED
    ways = [(where, place.line) for place in incident.places() if (where := files.find(place, recorded)) is not None]
    if any(_covers(bound, way) for way in ways for bound in known.bounded):
        return Reason.BOUNDED
    return Reason.MISSED


def _covers(bound: tuple[Path, range], way: tuple[Path, int]) -> bool:
    path, lines = bound
    return way[0].is_relative_to(path) if not lines else way[0] == path and way[1] in lines


def _unconfirmed(met: _Met, reason: Reason, finding: Finding | None) -> Unconfirmed:
    return Unconfirmed(met.incident, reason, met.recorded.path, met.number, tuple(met.tests), tuple(met.routes), finding)
