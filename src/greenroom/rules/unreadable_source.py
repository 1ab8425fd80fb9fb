"""GR001: a file that cannot be read or parsed, so that nothing in it is checked."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Unreadable
from greenroom.rules.finding import Finding, Span
from greenroom.rules.rule import Rule
from greenroom.vocabulary import Confidence


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Unreadable):
        place = Span(event.line, event.column, event.line, event.column + 1)
        yield Finding(rule.code, rule.name, rule.severity, Confidence.DEFINITE, event.path, place, event.message)


RULE = Rule("GR001", "unreadable-source", Unreadable, _query)
