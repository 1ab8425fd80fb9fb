"""What came and went between two ledgers, whatever lines things stand on.

Findings are the same by their fingerprints. Operations are by file, function and kind, routes by methods and path, sessions by
file, function and maker, questions by their words; of several that agree in it, those that are alike are matched first, then the
others in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from greenroom.ledger.model import Check, Endpoint, Ledger, Performed, SessionSource
from greenroom.report.paths import shown
from greenroom.rules.finding import Finding
from greenroom.triage.fingerprints import identified

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Written:
    """A ledger with the fingerprints of its findings, in their order, and the version of greenroom that made it."""

    ledger: Ledger
    fingerprints: tuple[str, ...]
    version: str


def fingerprints(findings: Sequence[Finding], base: Path) -> tuple[str, ...]:
    """Return the fingerprint of each finding, with paths as seen from ``base``."""
    return tuple(identity.fingerprint(nth) for _, identity, nth in identified(findings, lambda path: shown(path, base)))


@dataclass(frozen=True, slots=True)
class Difference(Generic[Item]):
    """What is in one ledger and not in the other, and what is in both but not alike."""

    came: tuple[Item, ...] = ()
    gone: tuple[Item, ...] = ()
    changed: tuple[tuple[Item, Item], ...] = ()
    """Before and after."""
    kept: int = 0
    """How many are in both and alike."""

    def __bool__(self) -> bool:
        return bool(self.came or self.gone or self.changed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference to an older ledger, which lies at ``other``."""

    other: Path
    version: str
    """The version of greenroom that made the older one."""
    findings: Difference[Finding]
    operations: Difference[Performed]
    endpoints: Difference[Endpoint]
    sessions: Difference[SessionSource]
    checks: Difference[Check]

    def __bool__(self) -> bool:
        return any((self.findings, self.operations, self.endpoints, self.sessions, self.checks))


def compare(now: Ledger, before: Written, other: Path, base: Path) -> Comparison:
    """Compare a ledger with an older one that was read from the file ``other``; ``base`` is what paths are seen from."""
    old, new = before.ledger, now
    prints: dict[int, str] = {
        id(finding): fingerprint
        for findings, known in ((old.findings, before.fingerprints), (new.findings, fingerprints(new.findings, base)))
        for finding, fingerprint in zip(findings, known, strict=True)
    }

    def file(path: Path) -> str:
        return shown(path, base)

    return Comparison(
        other=other,
        version=before.version,
        findings=_difference(old.findings, new.findings, lambda one: prints[id(one)], lambda one: (one.confidence, one.severity)),
        operations=_difference(
            old.performed,
            new.performed,
            lambda one: (file(one.place.path), one.place.function, one.operation, one.implicit),
            lambda one: one.treatment,
        ),
        endpoints=_difference(
            old.endpoints,
            new.endpoints,
            lambda one: (one.methods, one.path),
            _answer,
            lambda one: (file(one.place.path), one.place.function),
        ),
        sessions=_difference(
            old.sessions,
            new.sessions,
            lambda one: (file(one.place.path), one.place.function, one.what),
            lambda one: (one.expire_on_commit, one.autoflush, one.test),
        ),
        checks=_difference(old.checks, new.checks, lambda one: one.question, lambda one: one.answer),
    )


def _answer(one: Endpoint) -> Hashable:
    """What a route answers: its model, what that reads and whether it is there, and whether that is all."""
    return one.response, one.complete, frozenset((proof.field, proof.attribute, proof.there) for proof in one.proofs)


def _difference(
    before: Sequence[Item],
    now: Sequence[Item],
    key: Callable[[Item], Hashable],
    content: Callable[[Item], Hashable],
    likeness: Callable[[Item], Hashable] = lambda _: None,
) -> Difference[Item]:
    """Match what has one key: first what has the same content, then what is like it, then whatever is left."""
    left_before, left_now = list(before), list(now)
    kept = 0
    changed: list[tuple[Item, Item]] = []
    for alike in (lambda item: (key(item), True, content(item)), lambda item: (key(item), True, likeness(item)), key):
        left_before, left_now, pairs = _matched(left_before, left_now, alike)
        for old, new in pairs:
            if content(old) == content(new):
                kept += 1
            else:
                changed.append((old, new))
    return Difference(tuple(left_now), tuple(left_before), tuple(changed), kept)


def _matched(
    before: Sequence[Item], now: Sequence[Item], alike: Callable[[Item], Hashable]
) -> tuple[list[Item], list[Item], list[tuple[Item, Item]]]:
    """Pair what is alike, in order; return what is left of both, and the pairs."""
    waiting: defaultdict[Hashable, list[Item]] = defaultdict(list)
    for item in reversed(before):
        waiting[alike(item)].append(item)
    pairs: list[tuple[Item, Item]] = []
    left: list[Item] = []
    for item in now:
        known = waiting.get(alike(item))
        if known:
            pairs.append((known.pop(), item))
        else:
            left.append(item)
    taken = {id(old) for old, _ in pairs}
    return [item for item in before if id(item) not in taken], left, pairs
