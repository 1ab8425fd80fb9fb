"""What a finding claims, in terms of a run: which errors at which lines, about which attribute."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from greenroom.facts.collect import Backend
from greenroom.program.symbols import Module
from greenroom.rules.finding import Finding
from greenroom.vocabulary import Confidence

_EMITS = ("MissingGreenlet",)
ERRORS: dict[str, tuple[str, ...]] = {
    "GR101": _EMITS,
    "GR102": _EMITS,
    "GR103": _EMITS,
    "GR104": _EMITS,
    "GR105": _EMITS,
    "GR106": _EMITS,
    "GR107": (*_EMITS, "DetachedInstanceError", "InvalidRequestError"),
    "GR108": (*_EMITS, "DetachedInstanceError", "InvalidRequestError"),
    "GR109": (*_EMITS, "DetachedInstanceError", "InvalidRequestError"),
    "GR110": ("DetachedInstanceError",),
    "GR111": ("InvalidRequestError",),
    "GR115": ("PendingRollbackError",),
    "GR306": ("AttributeError",),
    "GR501": ("AttributeError",),
}
"""The errors that a run shows where a rule is right. Other rules speak of what no error shows, or what one run does not."""
OF_ATTRIBUTES = frozenset(code for code in ERRORS if code < "GR112")
"""Rules whose error is met while SQLAlchemy answers for an attribute."""
IN_RESPONSES = "GR107"
"""The rule that speaks of what happens after an endpoint has returned."""
IN_MODELS = frozenset({"GR107", "GR108", "GR501"})
"""Rules that report a read at the expression that leads to it, not where it happens."""


AFTER_ROLLBACK = frozenset({"GR102", "GR115"})
"""Rules that speak of what a rollback leaves behind, which the statement of the cause may do without: it has to fail."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A statement: from its first line to its last, for a compound one to the last of its header."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding as a run can show it."""

    finding: Finding
    errors: tuple[str, ...]
    place: Lines
    witness: tuple[Lines, ...]
    """The statements that its chain of causes names, in order, the place last."""

    @property
    def subject(self) -> str:
        """``Model.attribute``, or the model, or nothing."""
        return ".".join(part for part in (self.finding.model, self.finding.attribute) if part)


def at_line(findings: Iterable[Finding], line: int) -> list[Finding]:
    """The findings that have the line: those that begin there, or else those that go across it; the surest and most local first."""
    every = list(findings)
    chosen = [f for f in every if f.span.line == line] or [f for f in every if f.span.line <= line <= f.span.end_line]
    return sorted(chosen, key=lambda f: (f.rule not in ERRORS, f.confidence is not Confidence.DEFINITE, len(f.trace), f.span))


def claim_of(finding: Finding, backend: Backend) -> Claim | None:
    """Return what a run shows where the finding is right; None where its rule speaks of something else."""
    errors = ERRORS.get(finding.rule)
    if errors is None:
        return None
    modules = {module.source.path: module for file in backend.files if (module := backend.program.module_of(file)) is not None}
    place = _statement(modules.get(finding.path), finding.path, finding.span.line, finding.span.end_line)
    witness = [_statement(modules.get(step.path), step.path, step.line, step.line) for step in finding.trace]
    return Claim(finding, errors, place, tuple(dict.fromkeys((*witness, place))))


def _statement(module: Module | None, path: Path, line: int, end: int) -> Lines:
    """The innermost statement around a line; the lines themselves where there is none."""
    first, last = line, end
    around: list[ast.stmt] = list(module.tree.body) if module is not None else []
    while around:
        inner = next((s for s in around if s.lineno <= line <= (s.end_lineno or s.lineno)), None)
        if inner is None:
            break
        around = [child for child in _blocks(inner) if isinstance(child, ast.stmt)]
        before = min((child.lineno for child in around), default=None)
        if before is None or line < before:
            first, last = inner.lineno, (inner.end_lineno or inner.lineno) if before is None else max(before - 1, inner.lineno)
            break
    return Lines(os.path.abspath(path), first, max(last, min(end, last)))  # noqa: PTH100 -- links keep the user's names


def _blocks(statement: ast.stmt) -> Iterable[ast.AST]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from child.body
        elif isinstance(child, ast.stmt):
            yield child
