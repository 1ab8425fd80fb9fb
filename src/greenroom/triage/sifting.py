"""What of all that was found is told: the rules that are wanted where it lies, less what someone has answered for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from greenroom.rules.finding import Finding
from greenroom.rules.registry import judge
from greenroom.rules.wanted import Wanted
from greenroom.triage.suppressions import Suppressions


@dataclass(frozen=True, slots=True)
class Sifted:
    """The findings of every confidence that are left, and those that are shown only in their number."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    unwanted: tuple[Finding, ...]
    """Those of rules that are off where they lie."""


def sift(findings: Iterable[Finding], wanted: Wanted, suppressions: Suppressions, complete: Collection[Path]) -> Sifted:
    """Leave out what is not wanted or has been answered for; ``complete`` are the files in which nothing was overlooked."""
    every = list(findings)
    found = [finding for finding in every if finding.rule in wanted.at(finding.path)]
    unwanted = tuple(finding for finding in every if finding.rule not in wanted.at(finding.path))
    suppressed = [finding for finding in found if suppressions.answers_for(finding)]
    answered = {id(finding) for finding in suppressed}
    unused = judge(suppressions.unused({path: wanted.at(path) for path in suppressions.files if path in complete}))
    left = [
        *(finding for finding in found if id(finding) not in answered),
        *(finding for finding in unused if finding.rule in wanted.at(finding.path)),
    ]
    return Sifted(tuple(sorted(left, key=_place)), tuple(suppressed), unwanted)


def _place(finding: Finding) -> tuple[object, ...]:
    """In reading order; a baseline counts equal findings in it."""
    return finding.path, finding.span, finding.rule, finding.attribute or "", finding.message
