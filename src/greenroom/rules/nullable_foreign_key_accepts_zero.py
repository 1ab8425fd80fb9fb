"""GR401: an optional key from the request, which clients send as 0, goes into a nullable foreign key."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import UncheckedKey
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, UncheckedKey) and event.zero:
        target = f"`{event.model}.{event.attribute}`"
        message = f"{event.value} accepts 0, which Swagger UI sends for it, and goes into the nullable foreign key {target} as it is"
        mend = "turn 0 into None, demand `ge=1`, or look the row up first"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, mend=mend)


RULE = Rule("GR401", "nullable-foreign-key-accepts-zero", UncheckedKey, _query)
