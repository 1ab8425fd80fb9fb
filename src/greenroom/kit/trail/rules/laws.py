"""What holds of each step of each scenario."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from greenroom.kit.trail.entries import TrailEntry
from greenroom.kit.trail.rules.recorder import SAFE, Step


@dataclass(frozen=True, slots=True)
class Violation:
    """A step that broke a law, and how."""

    law: str
    step: str
    detail: str

    def __str__(self) -> str:
        return f"{self.step} breaks {self.law!r}: {self.detail}"


Law = Callable[[Step], Iterator[str]]


def changes_leave_a_trail(step: Step) -> Iterator[str]:
    """A mutating request that succeeds leaves a row."""
    if not step.is_safe and step.succeeded and not step.entries:
        yield "it succeeded and left no row"


def nothing_else_does(step: Step) -> Iterator[str]:
    """A request that reads or fails leaves none."""
    if (step.is_safe or not step.succeeded) and step.entries:
        yield f"it left rows of {', '.join(sorted({entry.entity for entry in step.entries}))}"


def one_transaction(step: Step) -> Iterator[str]:
    """All that a request does is done in one transaction, and committed once."""
    if len({entry.transaction_id for entry in step.entries}) > 1:
        yield "its rows are of several transactions"
    elif step.entries and step.commits != 1:
        yield f"the application committed {step.commits} times"


def somebody_did_it(step: Step) -> Iterator[str]:
    """Each row says who did it, by which operation and in which request."""
    for entry in step.entries:
        missing = [name for name in ("actor_id", "actor_issuer", "operation", "request_id") if not getattr(entry, name)]
        if missing:
            yield f"{_named(entry)} has no {', '.join(missing)}"


def before_and_after(step: Step) -> Iterator[str]:
    """Each row says what was and what is; only what differs, in an update."""
    for entry in step.entries:
        pairs = entry.changes.values()
        is_right = entry.changes and all(len(pair) == 2 for pair in pairs)
        if is_right and entry.change == "update":
            # Of a secret both sides look the same, whatever it was.
            is_right = all(before != after or before == "***" for before, after in pairs)
        elif is_right:
            place = 0 if entry.change == "insert" else 1
            is_right = all(pair[place] is None for pair in pairs)
        if not is_right:
            yield f"{_named(entry)} does not hold before and after"


LAWS: Final[tuple[Law, ...]] = (changes_leave_a_trail, nothing_else_does, one_transaction, somebody_did_it, before_and_after)


def violations(steps: Iterable[Step], laws: Iterable[Law] = LAWS) -> list[Violation]:
    """Return which steps break which laws; a test asserts that none does."""
    chosen = tuple(laws)
    return [Violation(law.__name__.replace("_", " "), str(step), detail) for step in steps for law in chosen for detail in law(step)]


def unexercised(application: FastAPI, steps: Iterable[Step]) -> list[str]:
    """Return the operations that change something and have not succeeded in any step, as ``POST /tasks/{id}/approve``.

    A path belongs to the template that fits with the fewest parameters.
    """
    mutating = {
        (method.upper(), template)
        for template, operations in application.openapi()["paths"].items()
        for method in operations
        if method.upper() not in SAFE
    }
    done = set()
    for step in steps:
        fitting = [template for method, template in mutating if method == step.method and _fits(template, step.path)]
        if step.succeeded and fitting:
            done.add((step.method, min(fitting, key=lambda template: template.count("{"))))
    return sorted(f"{method} {template}" for method, template in mutating - done)


def _fits(template: str, path: str) -> bool:
    parts = re.split(r"\{[^}]*\}", template)
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None


def _named(entry: TrailEntry) -> str:
    return f"the {entry.change} of {entry.entity} {entry.entity_id}"
