"""Whether a finding and an incident are the same event: one kind, one attribute, one place."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from pathlib import Path

from greenroom.confirm.files import Files
from greenroom.confirm.kinds import MEANINGS, TOGETHER, Where
from greenroom.confirm.outline import Defined, plain_name
from greenroom.confirm.project import Known, absolute
from greenroom.confirm.traces import Recorded
from greenroom.rules.finding import Finding
from greenroom.trace import Incident, Kind, Place


class Agreement(enum.Enum):
    """How a finding and an incident agree, the best first."""

    PLACE = "place"
    MOVED = "moved"
    """The file has changed since: the function and the attribute agree, and the line is not known any more."""


class Matcher:
    """Compares incidents with findings."""

    def __init__(self, findings: Iterable[Finding], known: Known, files: Files) -> None:
        self._known = known
        self._files = files
        self._by_file: dict[Path, list[Finding]] = {}
        for finding in findings:
            if finding.rule in MEANINGS:
                self._by_file.setdefault(absolute(finding.path), []).append(finding)

    def matches(self, incident: Incident, recorded: Recorded, agreement: Agreement) -> list[Finding]:
        """Return the findings that agree with an incident in this way."""
        claimed = [finding for finding, where in self._at(incident, recorded, agreement) if where & MEANINGS[finding.rule].where]
        found = [finding for finding in claimed if incident.kind in MEANINGS[finding.rule].kinds and self._same_subject(finding, incident)]
        unique = list(dict.fromkeys(found))
        subjects = {(finding.model, finding.attribute) for finding in unique}
        # An incident that does not tell its attribute cannot choose between several.
        return unique if incident.attribute is not None or len(subjects) <= 1 else []

    def beside(self, incident: Incident, recorded: Recorded) -> Finding | None:
        """Return a finding at the same line, whatever happens there by it; one about the same attribute before others."""
        here = [finding for finding, where in self._at(incident, recorded, Agreement.PLACE) if where & (Where.LINE | Where.ANSWER)]
        return max(here, key=lambda finding: self._same_subject(finding, incident), default=None)

    def about(self, incident: Incident, recorded: Recorded) -> Finding | None:
        """Return a finding at the same line about the same attribute, whatever happens there by it."""
        found = self.beside(incident, recorded)
        return found if found is not None and self._same_subject(found, incident) else None

    def _same_subject(self, finding: Finding, incident: Incident) -> bool:
        if incident.kind is Kind.CONCURRENT_USE:
            return True  # both are about a session
        if incident.attribute is not None and finding.attribute != incident.attribute and not self._expired_together(finding, incident):
            return False
        return finding.model is None or incident.model is None or self._known.related(finding.model, incident.model)

    def _expired_together(self, finding: Finding, incident: Incident) -> bool:
        """Whether the finding names another column of the same object, and whatever reads there goes on to this one."""
        if not MEANINGS[finding.rule].goes_on or incident.cause not in TOGETHER:
            return False
        columns = {column for model in (finding.model, incident.model) for column in self._known.columns.get(model or "", ())}
        return finding.attribute in columns and incident.attribute in columns

    def _at(self, incident: Incident, recorded: Recorded, agreement: Agreement) -> Iterator[tuple[Finding, Where]]:
        """Yield the findings that share a place with an incident, each with what that place is."""
        stack = incident.stack or tuple(place for place in (incident.place,) if place is not None)
        for depth, place in enumerate(stack):
            path = self._files.find(place, recorded)
            if path is None or (agreement is Agreement.MOVED and not self._files.edited(place, recorded)):
                continue
            for finding in self._by_file.get(path, ()):
                if self._touches(finding, path, place, agreement):
                    yield finding, Where.STACK if depth else Where.LINE
                begins_tasks = agreement is Agreement.PLACE and Where.TASKS in MEANINGS[finding.rule].where
                if begins_tasks and self._begins(finding, path, place):
                    yield finding, Where.TASKS
        if self._is_answering(stack, recorded):
            yield from ((finding, Where.ANSWER) for finding in self._in_endpoint(incident, recorded, agreement))

    def _touches(self, finding: Finding, path: Path, place: Place, agreement: Agreement) -> bool:
        if agreement is Agreement.PLACE:
            return finding.span.line <= place.line <= finding.span.end_line
        function = self._files.outline(path).around(finding.span.line)
        return function is not None and bool(place.function) and function.qualname == plain_name(place.function)

    def _begins(self, finding: Finding, path: Path, place: Place) -> bool:
        """Whether the place lies in the function with the finding, or in one that the finding's code mentions."""
        outline = self._files.outline(path)
        here = plain_name(place.function)
        function = outline.around(finding.span.line)
        return (function is not None and function.qualname == here) or here.rpartition(".")[2] in outline.words(finding.span)

    def _is_answering(self, stack: Iterable[Place], recorded: Recorded) -> bool:
        """Whether none of the application's code was at work but middlewares, which are on the stack all the time."""
        for place in stack:
            path = self._files.find(place, recorded)
            function = self._files.outline(path).around(place.line) if path is not None else None
            if function is None or not function.stands_around:
                return False
        return True

    def _in_endpoint(self, incident: Incident, recorded: Recorded, agreement: Agreement) -> Iterator[Finding]:
        found = self.handler(incident, recorded)
        if found is None:
            return
        path, function, edited = found
        if edited == (agreement is Agreement.MOVED):
            for finding in self._by_file.get(path, ()):
                if function.first <= finding.span.line <= function.last:
                    yield finding

    def handler(self, incident: Incident, recorded: Recorded) -> tuple[Path, Defined, bool] | None:
        """Return file and function of the endpoint, and whether the file has changed since."""
        place = incident.handler
        name = (incident.endpoint or "").partition(":")[2] or (place.function if place is not None else "")
        path = self._files.find(place, recorded) if place is not None else self._declared(incident.endpoint)
        if path is None or not name:
            return None
        function = self._files.outline(path).named(name)
        edited = self._files.edited(place, recorded) if place is not None else False
        return (path, function, edited) if function is not None else None

    def _declared(self, endpoint: str | None) -> Path | None:
        """Return the file of the only endpoint of the project that is called so."""
        module, _, name = (endpoint or "").partition(":")
        files = {one.file for one in self._known.endpoints if one.function == plain_name(name) and same_module(one.module, module)}
        return files.pop() if len(files) == 1 else None


def same_module(one: str, other: str) -> bool:
    """Whether two dotted names mean one module, seen from directories that need not be the same."""
    left, right = one.split("."), other.split(".")
    shorter = min(len(left), len(right))
    return left[-shorter:] == right[-shorter:]
