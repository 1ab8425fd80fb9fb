"""GR114: an expired object that `make_transient` empties."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import MadeTransient, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, MadeTransient):
        message = f"`{event.model}` is expired: `make_transient` turns `{event.attribute}` and every other expired column into None"
        mend = "refresh the object before it is made transient"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=caused(event.origin), mend=mend)


RULE = Rule("GR114", "expired-made-transient", MadeTransient, _query, Severity.WARNING)
