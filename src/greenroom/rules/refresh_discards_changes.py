"""GR113: a refresh of an object with changes that were never flushed."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import ChangesDiscarded, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, ChangesDiscarded):
        message = f"refreshing `{event.model}` throws away the assignment to `{event.attribute}`, which was never flushed"
        mend = "flush before the refresh"
        trace = caused(event.assigned_at)
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=trace, mend=mend, sure=event.sure)


RULE = Rule("GR113", "refresh-discards-changes", ChangesDiscarded, _query, Severity.WARNING)
