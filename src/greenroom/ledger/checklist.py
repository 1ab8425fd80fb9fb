"""The review check-list: what a careful developer asks before an endpoint is finished, answered by rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from greenroom.ledger.model import Answer, Check
from greenroom.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Question:
    """One line of the list: what is asked, which rules answer it, and what there has to be for it to make sense."""

    text: str
    rules: tuple[str, ...]
    about: str
    """The key of the counts."""
    noun: str
    """What is counted, in the plural."""


QUESTIONS = (
    Question("Values are taken out of objects before the commit", ("GR101", "GR112"), "commit", "commits"),
    Question("A request commits once, at its end, and no service commits", ("GR201", "GR204", "GR206"), "commit", "commits"),
    Question("There is a flush where a generated key is needed", ("GR208",), "flush", "flushes"),
    Question("What a response reads of an object is loaded", ("GR104", "GR105", "GR106", "GR107", "GR108"), "endpoints", "endpoints"),
    Question("Zero becomes None on nullable foreign keys", ("GR401",), "nullable foreign keys", "nullable foreign keys"),
    Question("Moments are of the kind that their column holds", ("GR402", "GR403", "GR409"), "moments", "columns of moments"),
    Question("The trail is written with plain values, in the transaction it tells of", ("GR210", "GR211", "GR601"), "trails", "trails"),
    Question("Every endpoint says what it answers", ("GR404",), "endpoints", "endpoints"),
    Question("A change of status is checked against the transitions", ("GR405",), "states", "columns of states"),
    Question("Foreign keys from outside are checked before they are stored", ("GR406",), "foreign keys", "foreign keys"),
)


def checklist(findings: Iterable[Finding], counts: Mapping[str, int]) -> tuple[Check, ...]:
    """The list with its answers."""
    known = tuple(findings)
    return tuple(_answered(question, known, counts) for question in QUESTIONS)


def _answered(question: Question, findings: tuple[Finding, ...], counts: Mapping[str, int]) -> Check:
    against = tuple(finding for finding in findings if finding.rule in question.rules)
    there = counts.get(question.about, 0)
    if against:
        answer = Answer.NO
        evidence = f"findings against it: {len(against)}; {question.noun} looked at: {there}"
    elif there:
        answer, evidence = Answer.YES, f"findings against it: none; {question.noun} looked at: {there}"
    else:
        answer, evidence = Answer.NOTHING, f"{question.noun} looked at: none"
    return Check(question.text, question.rules, answer, evidence, against)
