"""How records are said in a few words, in every format that people read."""

from __future__ import annotations

from collections.abc import Iterable

from greenroom.ledger.compare import Difference, Item
from greenroom.ledger.model import Endpoint, SessionSource
from greenroom.ledger.prose import counted
from greenroom.rules.finding import Finding

FEW = 12
"""As many places are named one by one; of more only the first."""
PLACES = 24
"""As many lines are named one by one."""
MANY = 40
"""A list of more notes is folded."""


def counts_of(difference: Difference[Item]) -> str:
    """Return how much came, went and changed."""
    parts = ((len(difference.came), "came"), (len(difference.gone), "gone"), (len(difference.changed), "changed"))
    return ", ".join(f"{number:,} {what}" for number, what in parts if number)


def sentence(words: str) -> str:
    """The words with a capital letter and, where they have no end of their own, a full stop."""
    stripped = words.strip()
    stripped = stripped[:1].upper() + stripped[1:]
    return stripped if stripped.endswith((".", "!", "?", ":")) else f"{stripped}."


def rules_of(findings: Iterable[Finding]) -> str:
    """Return the codes of the rules that made the findings."""
    return ", ".join(sorted({finding.rule for finding in findings}))


def options(one: SessionSource) -> str:
    """Return the options of a session that decide what a commit expires."""
    names = {None: "not known", True: "True", False: "False"}
    return f"expire_on_commit {names[one.expire_on_commit]}, autoflush {names[one.autoflush]}{', for tests' if one.test else ''}"


def proven(one: Endpoint) -> str:
    """Return what a route answers, and how much of it is proven to be there."""
    there = sum(proof.there for proof in one.proofs)
    read = f"{there} of {counted(len(one.proofs), 'attribute')} proven" if one.proofs else "reads no mapped attribute that is known"
    return f"{one.response or 'no response model'}, {read}{'' if one.complete else ', not followed to its end'}"


def placed(places: Iterable[tuple[str, int]]) -> tuple[list[str], str]:
    """Return places by file, ``app/users.py:3, 10``, and what there is to say of those that are left out."""
    known = sorted(set(places))
    lines: dict[str, list[str]] = {}
    for path, line in known[:PLACES]:
        lines.setdefault(path, []).append(str(line))
    left = f" and {len(known) - PLACES:,} more" if len(known) > PLACES else ""
    return [f"{path}:{', '.join(found)}" for path, found in lines.items()], left
