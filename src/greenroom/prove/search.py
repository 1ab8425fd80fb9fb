"""The search for a test: the usual values first, then others, guided by how far each run came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.domain.events import Observation
from greenroom.facts.collect import Backend
from greenroom.prove.choices import Choices, Underivable
from greenroom.prove.claim import Claim
from greenroom.prove.entries import Entry, entries
from greenroom.prove.planning import Plan, plan
from greenroom.prove.running import Observed
from greenroom.prove.verdict import Outcome, Verdict, judge, progress
from greenroom.prove.writing import written

ATTEMPTS = 24
"""Runs for one finding, at most."""
_ENTRIES = 3
"""Entries that are tried, the one that the analysis came from first."""

Execute = Callable[[str, Plan], Observed]


@dataclass(frozen=True, slots=True)
class Proof:
    """The end of a search: the verdict, and the test that it rests on."""

    verdict: Verdict
    text: str | None = None
    entry: Entry | None = None
    runs: int = 0


@dataclass(slots=True)
class _Try:
    """One test and what became of it."""

    text: str
    seen: Observed
    verdict: Verdict
    taken: Mapping[str, int]
    offered: Mapping[str, int]


def search(claim: Claim, observed: Observation, backend: Backend, base: Path, execute: Execute) -> Proof:
    """Look for a test that reproduces a claim; the best that was found where none does."""
    own = {str(file.path.absolute()) for file in backend.files}
    reasons: list[str] = []
    best: Proof | None = None
    runs = 0
    for entry in entries(claim.finding, observed, backend)[:_ENTRIES]:
        attempt = _Attempt(claim, entry, backend, base, execute, own)
        try:
            found = attempt.best(ATTEMPTS - runs)
        except Underivable as reason:
            reasons.append(str(reason))
            continue
        runs += attempt.runs
        proof = Proof(found.verdict, found.text, entry, runs)
        if found.verdict.outcome is Outcome.REPRODUCED:
            return proof
        if best is None:
            best = proof
        if found.verdict.outcome is Outcome.NOT_REPRODUCED or runs >= ATTEMPTS:
            break
    if best is None:
        return Proof(Verdict(Outcome.UNDERIVED, reasons[0] if reasons else "no function leads to the line"))
    return Proof(best.verdict, best.text, best.entry, runs)


class _Attempt:
    """The search from one entry."""

    def __init__(self, claim: Claim, entry: Entry, backend: Backend, base: Path, execute: Execute, own: set[str]) -> None:
        self._claim = claim
        self._entry = entry
        self._backend = backend
        self._base = base
        self._execute = execute
        self._own = own
        self._known: set[str] = set()
        self.runs = 0

    def best(self, bound: int) -> _Try:
        """Take the decision that leads furthest, again and again, until the claim is met or nothing leads further.

        Raises:
            Underivable: No test can be made with the usual values.
        """
        first = self._run({})
        if first is None:
            raise Underivable("the same test was run already")
        best = first
        while best.verdict.outcome is not Outcome.REPRODUCED and self.runs < bound:
            better = self._step(best, bound)
            if better is None:
                break
            best = better
        return best

    def _step(self, best: _Try, bound: int) -> _Try | None:
        for name in sorted(best.offered, key=lambda name: _rank(name, best.seen)):
            for option in range(best.offered[name]):
                if option == best.taken.get(name, 0) or self.runs >= bound:
                    continue
                if not _may_help(name, best.seen):
                    continue
                try:
                    found = self._run({**best.taken, name: option})
                except Underivable:
                    continue
                if found is not None and (found.verdict.outcome is Outcome.REPRODUCED or progress(found.seen) > progress(best.seen)):
                    return found
        return None

    def _run(self, taken: dict[str, int]) -> _Try | None:
        choices = Choices(taken)
        planned = plan(self._claim, self._entry, self._backend, choices)
        text = written(planned, self._base)
        if text in self._known:
            return None
        self._known.add(text)
        self.runs += 1
        seen = self._execute(text, planned)
        return _Try(text, seen, judge(self._claim, seen, self._own), taken, choices.offered)


def _may_help(name: str, seen: Observed) -> bool:
    """Other values do not mend an import; other sessions may."""
    return name == "sessions" or seen.stage not in ("import", "start", "timeout")


def _rank(name: str, seen: Observed) -> tuple[bool, int]:
    """Decisions about what the last error speaks of come first, those about rows last."""
    said = " ".join(f"{error.message} {error.error}" for error in seen.raised[:1]) + seen.answer
    part = name.rstrip("=?!").rpartition(".")[2]
    groups = ("sessions", "dependency", "call", "path", "body", "query", "rows", "row", "self")
    return part not in said, next((index for index, group in enumerate(groups) if name.startswith(group)), len(groups))


