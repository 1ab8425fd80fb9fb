"""What of all that was found is told: the rules that are wanted where it lies, less what someone has answered for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from greenroom.config import Config
from greenroom.rules.finding import Finding
from greenroom.rules.registry import judge
from greenroom.rules.wanted import Wanted
from greenroom.triage.suppressions import Suppressions


@dataclass(frozen=True, slots=True)
class Sifted:
    """The findings that are told, and how many were left out and why."""

    findings: tuple[Finding, ...]
    suppressed: int


def sift(findings: Iterable[Finding], config: Config, suppressions: Suppressions, complete: Collection[Path]) -> Sifted:
    """Leave out what is not wanted or has been answered for; ``complete`` are the files in which nothing was overlooked.

    Comments are asked about findings of every confidence, so that one that is not shown does not make its comment unused.
    """
    wanted = Wanted(config)
    told: list[Finding] = []
    suppressed = 0
    for finding in findings:
        if finding.rule in wanted.at(finding.path):
            admitted = config.admits(finding.confidence)
            if suppressions.answers_for(finding):
                suppressed += admitted
            elif admitted:
                told.append(finding)
    unused = judge(suppressions.unused({path: wanted.at(path) for path in suppressions.files if path in complete}))
    told.extend(finding for finding in unused if finding.rule in wanted.at(finding.path))
    return Sifted(tuple(told), suppressed)
