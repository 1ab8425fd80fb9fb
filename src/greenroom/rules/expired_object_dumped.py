"""GR112: an object with expired attributes that is turned into data."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Dumped, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Dumped):
        message = f"`{event.model}` has expired attributes (`{event.attribute}` among them); {event.how} leaves them out without an error"
        mend = "refresh the object first, or build the data before it expires"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=caused(event.origin), mend=mend)


RULE = Rule("GR112", "expired-object-dumped", Dumped, _query, Severity.WARNING)
