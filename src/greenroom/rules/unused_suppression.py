"""GR002: a suppression that suppresses nothing."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, UnusedSuppression
from greenroom.rules.finding import Finding, Span
from greenroom.rules.rule import Rule
from greenroom.vocabulary import Confidence, Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, UnusedSuppression):
        place = Span(event.line, event.column, event.line, event.column + event.length)
        names = ", ".join(event.rules)
        mend = "remove the comment, or move it to the line of the finding" if event.everything else f"remove {names} from the comment"
        message = f"nothing that {names} would report is here to be ignored"
        yield Finding(rule.code, rule.name, rule.severity, Confidence.DEFINITE, event.path, place, message, mend=mend)


RULE = Rule("GR002", "unused-suppression", UnusedSuppression, _query, severity=Severity.WARNING)
