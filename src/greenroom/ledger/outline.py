"""What follows from the records of a ledger and every format shows: sums, categories, and what to do first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from greenroom.ledger.model import Ledger, Operation, Performed, Place, Treatment
from greenroom.ledger.prose import counted
from greenroom.report.paths import shown
from greenroom.rules.finding import Finding, Step
from greenroom.vocabulary import Confidence, Severity

FAMILIES: Mapping[str, str] = {
    "GR0": "Sources and comments",
    "GR1": "Load states",
    "GR2": "Transactions",
    "GR3": "Async sessions",
    "GR4": "API boundary",
    "GR5": "Enumerations",
    "GR6": "Audit trail",
}
"""What the rules of a family are about, by the beginning of their codes."""

_SEVERITIES = tuple(Severity)
Item = TypeVar("Item")
Key = TypeVar("Key")


def family_of(code: str) -> str:
    """Return the family of a rule, ``GR1``."""
    return code[:3]


def family_name(family: str) -> str:
    """Return what the rules of a family are about; the family itself where that is not known."""
    return FAMILIES.get(family, family)


def is_sure(finding: Finding) -> bool:
    """Whether it fails for certain."""
    return finding.confidence is Confidence.DEFINITE


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings there are of something."""

    definite: int = 0
    possible: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.definite + self.possible

    def __str__(self) -> str:
        parts = [
            f"{number:,} {kind.value}" for number, kind in ((self.definite, Confidence.DEFINITE), (self.possible, Confidence.POSSIBLE))
        ]
        return ", ".join(part for part in parts if not part.startswith("0 ")) or "none"


def tally(findings: Iterable[Finding]) -> Tally:
    """Count findings by their confidence."""
    counts = Counter(finding.confidence for finding in findings)
    return Tally(counts[Confidence.DEFINITE], counts[Confidence.POSSIBLE])


@dataclass(frozen=True, slots=True)
class Category:
    """The findings of one rule."""

    family: str
    rule: str
    name: str
    findings: tuple[Finding, ...]


def categories(findings: Sequence[Finding]) -> list[Category]:
    """Group findings by rule, in the order of codes."""
    by_rule = _grouped(findings, lambda finding: (finding.rule, finding.name))
    return [Category(family_of(code), code, name, tuple(group)) for (code, name), group in sorted(by_rule.items())]


def families(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """Group findings by family, what fails for certain and hurts most first in each."""
    by_family = _grouped(findings, lambda finding: family_of(finding.rule))
    return [(family, sorted(group, key=_weight)) for family, group in sorted(by_family.items())]


def treatments(performed: Iterable[Performed]) -> dict[Operation, Counter[Treatment]]:
    """Count each operation by what becomes of the objects after it."""
    counts: dict[Operation, Counter[Treatment]] = {operation: Counter() for operation in Operation}
    for one in performed:
        counts[one.operation][one.treatment] += 1
    return counts


def by_file(items: Iterable[Item], place: Callable[[Item], Place], base: Path) -> list[tuple[str, list[Item]]]:
    """Group records by the shown path of their file, and order them by line there."""
    by_path = _grouped(items, lambda item: shown(place(item).path, base))
    return [(path, sorted(group, key=lambda item: (place(item).line, place(item).function))) for path, group in sorted(by_path.items())]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do, and the findings that it answers."""

    mends: tuple[str, ...]
    """The ways in which the rules put it, the most telling first."""
    cause: Step | None
    """The one place at which all of them begin; None where each has a place of its own."""
    findings: tuple[Finding, ...]


def recommendations(findings: Iterable[Finding]) -> list[Recommendation]:
    """Group findings by what mends them, and put first what answers most that fails for certain.

    Findings that begin at one place, such as a query that leaves out what they read, are answered there at once.
    The others are grouped by what to do at each of them.
    """
    mendable = [finding for finding in findings if finding.mend]
    by_cause = _grouped(mendable, _cause)
    shared = [(cause, group) for cause, group in by_cause.items() if cause is not None and len(group) > 1]
    answered = {id(finding) for _, group in shared for finding in group}
    alone = _grouped((finding for finding in mendable if id(finding) not in answered), lambda finding: (finding.rule, finding.mend))
    found = [
        *(Recommendation(_mends(group), cause, tuple(group)) for cause, group in shared),
        *(Recommendation((mend,), _cause(group[0]) if len(group) == 1 else None, tuple(group)) for (_, mend), group in alone.items()),
    ]
    return sorted(found, key=_urgency)


def others(ledger: Ledger) -> list[Finding]:
    """Return what the check-list rests on besides the findings of the ledger: those of rules that are not selected."""
    known = set(ledger.findings)
    found = {finding: None for check in ledger.checks for finding in check.findings if finding not in known}
    return sorted(found, key=lambda finding: (finding.path, finding.span, finding.rule, finding.message))


def facts(ledger: Ledger, base: Path) -> Iterator[tuple[str, str]]:
    """Yield what was looked at and what came out, as labels with values."""
    stats = ledger.stats
    proofs = [proof for endpoint in ledger.endpoints for proof in endpoint.proofs]
    there = sum(proof.there for proof in proofs)
    unfinished = sum(not endpoint.complete for endpoint in ledger.endpoints)
    followed = f", {unfinished:,} not followed to the end" if unfinished else ""
    answered = f"; {counted(stats.suppressed, 'more is', 'more are')} answered for by comments" if stats.suppressed else ""
    yield "Audited", ", ".join(f"`{_seen(root, base)}`" for root in ledger.roots)
    yield "Read", f"{counted(stats.files, 'file')}, {counted(stats.functions, 'function')} followed"
    yield "Taken for", f"SQLAlchemy {ledger.sqlalchemy} on {ledger.dialect}"
    yield "Findings", f"{tally(ledger.findings)}{answered}"
    hazards = sum(one.treatment is Treatment.HAZARD for one in ledger.performed)
    yield "Operations", f"{len(ledger.performed):,}, {hazards:,} hazardous" if ledger.performed else "none"
    yield "Routes", f"{len(ledger.endpoints):,}{followed}" if ledger.endpoints else "none"
    if proofs:
        yield "Attributes that responses read", f"{len(proofs):,}, {there:,} proven to be there"
    yield "Not analysed", counted(len(ledger.not_analysed), "entry", "entries")


def project(ledger: Ledger, base: Path) -> str:
    """Return what the ledger is of, for its title."""
    names = [Path(_seen(root, base)).name or "/" for root in ledger.roots]
    return names[0] if len(names) == 1 else f"{len(names)} projects" if names else "nothing"


def _seen(root: Path, base: Path) -> str:
    path = shown(root, base)
    return base.name or "/" if path == "." else path


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: defaultdict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def _weight(finding: Finding) -> tuple[object, ...]:
    return not is_sure(finding), _SEVERITIES.index(finding.severity), finding.path, finding.span, finding.rule, finding.message


def _cause(finding: Finding) -> Step | None:
    """The step before the one at the finding's own place: there the absence begins that shows here."""
    trace = finding.trace
    here = [number for number, step in enumerate(trace) if (step.path, step.line) == (finding.path, finding.span.line)]
    number = here[-1] - 1 if here else len(trace) - 1
    return trace[number] if number >= 0 else None


def _mends(group: Sequence[Finding]) -> tuple[str, ...]:
    """First what names the attribute that it is about, then what is said most often."""
    counts = Counter(finding.mend for finding in group)
    named = {finding.mend for finding in group if finding.attribute and f"{finding.model}.{finding.attribute}" in finding.mend}
    return tuple(sorted(counts, key=lambda mend: (mend not in named, -counts[mend], mend)))


def _urgency(one: Recommendation) -> tuple[object, ...]:
    sure = sum(is_sure(finding) and finding.severity is Severity.ERROR for finding in one.findings)
    first = min(one.findings, key=lambda finding: (finding.path, finding.span))
    return -sure, -len(one.findings), min(finding.rule for finding in one.findings), first.path, first.span, one.mends
