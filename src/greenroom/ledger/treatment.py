"""The class of each flush, commit, rollback and refresh, and the reason in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from greenroom.domain.journal import Kind
from greenroom.interpret.observer import Operation as Seen
from greenroom.ledger.model import Operation, Performed, Treatment
from greenroom.rules.finding import Finding

_WORDS = {
    Operation.FLUSH: ("flush", "inserted"),
    Operation.COMMIT: ("commit",),
    Operation.ROLLBACK: ("rollback",),
    Operation.REFRESH: ("refresh",),
}
"""What the chain of a finding says of each."""
LOAD_STATES = "GR1"
"""The family of findings that an operation can be the cause of."""


def because(seen: Seen) -> tuple[Treatment, str]:
    """The class of an operation, as far as the reads after it tell."""
    touched = set(seen.reads) | seen.handed
    absent = [name for name, there in seen.reads.items() if not there]
    if absent:
        return Treatment.HAZARD, f"{_listed(absent)} is read afterwards where it is absent"
    if Kind.REFRESH in seen.followed and seen.kind is not Kind.REFRESH:
        return Treatment.REFRESHED, "an object of the session is refreshed next"
    if not touched:
        if seen.followed == {Kind.COMMIT}:
            return Treatment.COMMIT_ONLY, "nothing is read before the commit that follows"
        return Treatment.SIDE_EFFECT, "nothing of the session's objects is read afterwards"
    if not seen.handed and set(seen.reads) <= seen.keys:
        return Treatment.KEY_ONLY, f"only {_listed(seen.keys)} is read, and it is there"
    return Treatment.SAFE, _why(seen)


def _why(seen: Seen) -> str:
    what = f"{_listed(touched)} read afterwards" if (touched := set(seen.reads)) else f"objects go to {_listed(seen.handed)}"
    match seen.kind:
        case Kind.COMMIT if seen.expires == {False}:
            return f"{what}; expire_on_commit=False keeps what is loaded"
        case Kind.COMMIT:
            return f"{what}; loaded again or made since, on every path that was followed"
        case Kind.FLUSH:
            return f"{what}; the INSERT returns what the database makes, and the UPDATE leaves nothing to it"
        case Kind.REFRESH:
            return f"{what}; the refresh has loaded it"
        case _:
            return f"{what}; loaded again since, on every path that was followed"


def judged(entry: Performed, findings: Iterable[Finding]) -> Performed:
    """The entry with the findings that follow from it: then it is a hazard."""
    own = tuple(finding for finding in findings if finding.rule.startswith(LOAD_STATES) and _follows(finding, entry))
    if not own:
        return entry
    first = own[0]
    more = f", and {len(own) - 1} more" if len(own) > 1 else ""
    return replace(entry, treatment=Treatment.HAZARD, because=f"{first.rule} in {first.path.name}:{first.span.line}{more}", findings=own)


def _follows(finding: Finding, entry: Performed) -> bool:
    """Whether the operation is among the causes of a finding: its line is a link of the chain, which says what it does."""
    words = _WORDS[entry.operation]
    return any(
        step.path == entry.place.path and step.line == entry.place.line and any(word in step.message for word in words)
        for step in finding.trace
    )


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")
