"""GR405: a status that the client sends is stored whatever the status was."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import UncheckedTransition
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, UncheckedTransition):
        target = f"`{event.model}.{event.attribute}`"
        message = f"{event.value} becomes {target} whatever it was before: every transition is allowed"
        mend = "look at the present status first, and refuse what does not follow from it"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, mend=mend)


RULE = Rule("GR405", "status-without-transition-check", UncheckedTransition, _query, Severity.WARNING, default=False)
