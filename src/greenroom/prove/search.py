"""The search for a test: the usual values first, then others, guided by how far each run came."""

from __future__ import annotations

import time
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
SECONDS = 120.0
"""No run is begun after this long."""
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


@dataclass(frozen=True, slots=True)
class Setting:
    """What a search works with."""

    backend: Backend
    base: Path
    """The absolute directory from which paths are told."""
    execute: Execute
    asks: bool = True
    """Whether routes can be asked over HTTP; else endpoints are called as functions."""


def search(claim: Claim, observed: Observation, setting: Setting) -> Proof:
    """Look for a test that reproduces a claim; the best that was found where none does."""
    backend = setting.backend
    own = {str(file.path.absolute()) for file in backend.files}
    bound = _Bound(ATTEMPTS, time.monotonic() + SECONDS)
    reasons: list[str] = []
    begun: list[tuple[_Attempt, _Try]] = []
    for entry in entries(claim.finding, observed, backend)[:_ENTRIES]:
        attempt = _Attempt(claim, entry, setting, own, bound)
        try:
            first = attempt.first()
        except Underivable as reason:
            reasons.append(str(reason))
            continue
        begun.append((attempt, first))
        if first.verdict.outcome is Outcome.REPRODUCED:
            return attempt.proof(first)
    if not begun:
        return Proof(Verdict(Outcome.UNDERIVED, reasons[0] if reasons else "no function leads to the line"))
    # The entry whose usual values lead furthest is the one to look for others in.
    begun.sort(key=lambda pair: progress(pair[1].seen), reverse=True)
    ended: list[Proof] = []
    for number, (attempt, first) in enumerate(begun):
        share = bound.left // (len(begun) - number)
        proof = attempt.proof(attempt.best(first, bound.left - share))
        if proof.verdict.outcome is Outcome.REPRODUCED:
            return proof
        ended.append(proof)
    return next((proof for proof in ended if proof.verdict.outcome is Outcome.NOT_REPRODUCED), ended[0])


@dataclass(slots=True)
class _Bound:
    """The runs that are left, and the time."""

    runs: int
    until: float

    @property
    def left(self) -> int:
        """How many more runs may be made."""
        return self.runs if time.monotonic() < self.until else 0


class _Attempt:
    """The search from one entry."""

    def __init__(self, claim: Claim, entry: Entry, setting: Setting, own: set[str], bound: _Bound) -> None:
        self._claim = claim
        self._entry = entry
        self._setting = setting
        self._own = own
        self._bound = bound
        self._lines = {str(file.path.absolute()): file.lines for file in setting.backend.files}
        self._known: set[str] = set()

    def proof(self, found: _Try) -> Proof:
        """What was found, as the result of the search."""
        return Proof(found.verdict, found.text, self._entry, ATTEMPTS - self._bound.runs)

    def first(self) -> _Try:
        """Run the test with the usual values.

        Raises:
            Underivable: None can be made.
        """
        found = self._run({})
        if found is None:
            raise Underivable("the same test was run already")
        return found

    def best(self, found: _Try, keep: int) -> _Try:
        """Take the decision that leads furthest, again and again, until the claim is met or nothing leads further.

        ``keep`` is how many runs are left for others.
        """
        while found.verdict.outcome is not Outcome.REPRODUCED and not found.verdict.settled:
            better = self._step(found, keep)
            if better is None:
                break
            found = better
        return found

    def _step(self, best: _Try, keep: int) -> _Try | None:
        said = self._said(best.seen)
        for name in sorted(best.offered, key=lambda name: _rank(name, said)):
            for option in range(best.offered[name]):
                if option == best.taken.get(name, 0) or self._bound.left <= keep:
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

    def _said(self, seen: Observed) -> str:
        """What the last run speaks of: its error, the lines that led to it, its answer."""
        lines = [seen.answer]
        for error in seen.raised[:1]:
            lines.extend((error.error, error.message))
            lines.extend(
                self._lines[path][line - 1] for path, line, _ in error.frames if path in self._lines and line <= len(self._lines[path])
            )
        return "\n".join(lines)

    def _run(self, taken: dict[str, int]) -> _Try | None:
        choices = Choices(taken)
        planned = plan(self._claim, self._entry, self._setting.backend, choices, asks=self._setting.asks)
        text = written(planned, self._setting.base)
        if text in self._known:
            return None
        self._known.add(text)
        self._bound.runs -= 1
        seen = self._setting.execute(text, planned)
        return _Try(text, seen, judge(self._claim, seen, self._own), taken, choices.offered)


def _may_help(name: str, seen: Observed) -> bool:
    """Other values do not mend an import; other sessions may."""
    return name == "sessions" or seen.stage not in ("import", "start", "timeout")


def _rank(name: str, said: str) -> tuple[bool, int]:
    """Decisions about what the last error speaks of come first, those about rows last."""
    part = name.rstrip("=?!~[]").rpartition(".")[2]
    groups = ("sessions", "dependency", "rows.full", "call", "path", "body", "query", "rows", "row", "self")
    return part not in said, next((index for index, group in enumerate(groups) if name.startswith(group)), len(groups))
