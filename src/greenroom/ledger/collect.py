"""From what the interpreter told to the records of the ledger.

A project is let go of as soon as it has been analysed: everything here is turned into plain data at once.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import Kind, commits
from greenroom.domain.loading import Site
from greenroom.facts.collect import Backend
from greenroom.facts.records import Route
from greenroom.facts.times import is_moment
from greenroom.interpret.observer import Observer, Reading
from greenroom.interpret.observer import Operation as Seen
from greenroom.interpret.tracker import Tracker
from greenroom.ledger.checklist import checklist
from greenroom.ledger.model import Endpoint, EnumColumn, Ledger, Operation, Performed, Place, Proof, SessionSource, Treatment
from greenroom.ledger.treatment import because, judged
from greenroom.ledger.unmet import unmet
from greenroom.program.symbols import Function
from greenroom.report.report import Report
from greenroom.rules.finding import Finding
from greenroom.semantics.trails import is_trail


@dataclass(slots=True)
class Collector:
    """Takes one project after the other, and makes a ledger of all of them."""

    performed: list[Performed] = field(default_factory=list)
    endpoints: list[tuple[Endpoint, range]] = field(default_factory=list)
    enums: list[EnumColumn] = field(default_factory=list)
    sessions: list[SessionSource] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How many things there are for the questions of the check-list to ask about."""
    roots: list[Path] = field(default_factory=list)
    versions: list[tuple[str, str]] = field(default_factory=list)
    """SQLAlchemy and dialect of each project."""

    def add(self, backend: Backend, observer: Observer, events: Iterable[Observation], tracker: Tracker) -> None:
        """Take over what is told of one project."""
        self.versions.append((backend.sqlalchemy, next(iter(backend.dialects), "postgresql")))
        for seen in sorted(observer.operations.values(), key=lambda seen: seen.kind is Kind.COMMIT):
            commit = observer.operations.get((seen.site.node, Kind.COMMIT))
            if commit is not None and seen.kind is Kind.FLUSH:
                commit.models |= seen.models  # it is the commit's own
                continue
            if seen.asked or seen.kind is Kind.COMMIT or (seen.kind is Kind.FLUSH and seen.models):
                self.performed.append(_performed(seen))
        met = {id(node) for node, _ in observer.operations}
        self.performed.extend(_performed_unseen(place, operation) for operation, place in unmet(backend, met))
        ended = [event for event in events if isinstance(event, Ended)]
        for route in backend.routes():
            self._endpoint(route, observer, ended, tracker)
        for (model, attribute), places in observer.enums.items():
            mapped = next((found for found in backend.mapped_classes() if found.name == model), None)
            column = mapped.columns.get(attribute) if mapped is not None else None
            name = column.enum.name if column is not None and column.enum is not None else ""
            read = tuple(sorted((_place(site, None) for site in places.values()), key=lambda place: (place.path, place.line)))
            self.enums.append(EnumColumn(model, attribute, name, read))
        self.sessions.extend(
            SessionSource(
                _place(Site(factory.module, factory.node), None),
                ast.unparse(factory.node.func) + "(...)",
                factory.options["expire_on_commit"],
                factory.options["autoflush"],
                test=factory.module.is_test,
            )
            for factory in backend.factories()
        )
        self._count(backend)

    def _endpoint(self, route: Route, observer: Observer, ended: Iterable[Ended], tracker: Tracker) -> None:
        function = route.function
        own = [event for event in ended if event.function is function]
        made = {(act.origin.site.node): act.origin.site for event in own for act in (found.act for found in commits(event.acts))}
        answers = observer.answers.get(function.node, {})
        proofs = tuple(_proof(path, reading) for (path, _), reading in sorted(answers.items()))
        response = _response(route)
        endpoint = Endpoint(
            methods=route.methods,
            path=route.path or "",
            place=_place(Site(function.module, function.node), function),
            response=response,
            proofs=proofs,
            commits=tuple(sorted((_place(site, None) for site in made.values()), key=lambda place: (place.path, place.line))),
            complete=function not in tracker.bounded,
        )
        self.endpoints.append((endpoint, range(function.node.lineno, (function.node.end_lineno or function.node.lineno) + 1)))

    def _count(self, backend: Backend) -> None:
        mapped = backend.mapped_classes()
        columns = [column for found in mapped for column in found.columns.values()]
        self.counts["trails"] += sum(is_trail(found.name) for found in mapped)
        self.counts["foreign keys"] += sum(bool(column.foreign_keys) for column in columns)
        self.counts["nullable foreign keys"] += sum(bool(column.foreign_keys) and column.nullable for column in columns)
        self.counts["moments"] += sum(column.timezone is not None or is_moment(column.python_type) for column in columns)
        self.counts["states"] += sum(column.name in ("status", "state") for column in columns)

    def finished(self, report: Report, everything: Iterable[Finding]) -> Ledger:
        """The ledger; ``everything`` has the findings of rules that are not selected, too, for the check-list."""
        findings = tuple(everything)
        performed = [judged(entry, report.findings) for entry in self.performed]
        endpoints = [replace(entry, findings=tuple(_within(entry.place.path, lines, report.findings))) for entry, lines in self.endpoints]
        for entry in performed:
            self.counts[entry.operation.value] += 1
        self.counts["endpoints"] = len(endpoints)
        return Ledger(
            roots=tuple(self.roots),
            sqlalchemy=", ".join(sorted({version for version, _ in self.versions})),
            dialect=", ".join(sorted({dialect for _, dialect in self.versions})),
            performed=tuple(sorted(performed, key=lambda entry: (entry.place.path, entry.place.line, entry.operation.value))),
            endpoints=tuple(sorted(endpoints, key=lambda entry: (entry.place.path, entry.place.line))),
            enums=tuple(sorted(self.enums, key=lambda entry: (entry.model, entry.attribute))),
            sessions=tuple(sorted(self.sessions, key=lambda entry: (entry.place.path, entry.place.line))),
            findings=report.findings,
            checks=checklist(findings, self.counts),
            assumptions=report.assumptions,
            not_analysed=report.not_analysed,
            stats=report.stats,
            marks=report.observed.marks if report.observed is not None else None,
        )


def _performed(seen: Seen) -> Performed:
    treatment, why = because(seen)
    reads = tuple(sorted(seen.reads)) + tuple(f"{name}(...)" for name in sorted(seen.handed))
    return Performed(
        Operation(seen.kind.value), _place(seen.site, seen.function), treatment, why, tuple(sorted(seen.models)), reads, not seen.asked
    )


def _performed_unseen(place: Place, operation: Operation) -> Performed:
    return Performed(operation, place, Treatment.NOT_FOLLOWED, "no path that was followed leads here")


def _place(site: Site, function: Function | None) -> Place:
    return Place(site.module.source.path, site.line, function.qualname if function is not None else "")


def _response(route: Route) -> str:
    """The response model as the source spells it."""
    node = route.response_model if route.response_model_given else getattr(route.function.node, "returns", None)
    return ast.unparse(node) if node is not None and not route.response_is_raw else ""


def _proof(path: str, reading: Reading) -> Proof:
    if not reading.there:
        why = "not proven: absent on a path that was followed"
    elif reading.assumed:
        why = "assumed: the object comes from code that is not in sight"
    elif (site := reading.refreshed_at or reading.loaded_at) is None:
        why = "loaded"
    else:
        how = f" ({reading.strategy})" if reading.strategy and reading.strategy != "select" else ""
        what = "refreshed" if site is reading.refreshed_at else "loaded"
        why = f"{what} in {site.module.source.path.name}:{site.line}{how}"
    return Proof(path, f"{reading.model}.{reading.attribute}", reading.there, why)


def _within(path: Path, lines: range, findings: Iterable[Finding]) -> Iterable[Finding]:
    """The findings in a function, and those whose chain leads through it."""
    for finding in findings:
        places = [(finding.path, finding.span.line), *((step.path, step.line) for step in finding.trace)]
        if any(where == path and line in lines for where, line in places):
            yield finding
