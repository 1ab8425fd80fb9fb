"""Goes through a range of seeds: draws, judges, shrinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.fuzz.execute import Laboratory
from tests.fuzz.generate import generate
from tests.fuzz.judge import Disagreement, Tally, Verdict, judge
from tests.fuzz.page import page_block
from tests.fuzz.program import Program
from tests.fuzz.shrink import shrink
from tests.fuzz.watch import Watch

PROGRESS = 500
"""Programs between two reports of how far a campaign is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A program on which analyser and ORM disagree, as a page block."""

    seed: int
    summary: str
    text: str


@dataclass(slots=True)
class Campaign:
    """What came of many programs."""

    tally: Tally = field(default_factory=Tally)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    disagreements: int = 0
    kinds: Counter[Verdict] = field(default_factory=Counter)
    """Lines of disagreement by what is wrong."""

    def add(self, other: Campaign) -> None:
        """Put two parts together."""
        self.tally.add(other.tally)
        self.failures.extend(other.failures)
        self.failed += other.failed
        self.disagreements += other.disagreements
        self.kinds += other.kinds


def run_campaign(
    seeds: Iterable[int], *, shrinks: bool, limit: int,
    tell: Callable[[Failure], None] | None = None, progress: Callable[[Campaign], None] | None = None,
) -> Campaign:  # fmt: skip
    """Judge the program of every seed; ``progress`` is shown the campaign every now and then."""
    campaign = Campaign()
    laboratory = Laboratory()
    try:
        for seed in seeds:
            program = generate(seed)
            try:
                result = judge(program, laboratory)
            except ValueError:
                continue  # It does not make sense.
            campaign.tally.add(result.tally)
            if progress is not None and campaign.tally.programs % PROGRESS == 0:
                progress(campaign)
            if not result.disagreements:
                continue
            campaign.failed += 1
            campaign.disagreements += len(result.disagreements)
            campaign.kinds.update(one.verdict for one in result.disagreements)
            if len(campaign.failures) < limit:
                failure = explain(seed, program, result.disagreements[0], laboratory, result.watch, shrinks=shrinks)
                campaign.failures.append(failure)
                if tell is not None:
                    tell(failure)
    finally:
        laboratory.close()
    return campaign


def explain(seed: int, program: Program, first: Disagreement, laboratory: Laboratory, watch: Watch | None, *, shrinks: bool) -> Failure:
    """Shrink a disagreeing program and print it."""

    only = None if first.verdict is Verdict.EXTRA or watch is None else watch.ways.get(first.place)

    def holds(candidate: Program) -> bool:
        try:
            found = judge(candidate, laboratory, only=only).disagreements
        except Exception:  # noqa: BLE001 -- a candidate that cannot be built shows nothing
            return False
        return any(one.verdict is first.verdict and _words(one) == _words(first) for one in found)

    small = shrink(program, holds) if shrinks else program
    try:
        result = judge(small, laboratory, thorough=True)
    except ValueError:  # It makes sense in the one way that matters.
        result = judge(small, laboratory, only=only)
    return Failure(seed, f"{first.verdict.value}: {first.detail}", page_block(small, result))


def _words(disagreement: Disagreement) -> str:
    return disagreement.detail.partition(";")[0]
