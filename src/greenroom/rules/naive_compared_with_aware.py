"""GR409: moments with a timezone and without, compared in Python."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import MomentsCompared
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, MomentsCompared):
        target = f"`{event.model}.{event.attribute}`"
        has, other = ("no timezone", "one") if event.aware else ("a timezone", "none")
        message = f"{target} comes from the database with {has}, and {event.value} has {other}: they cannot be {event.action}"
        mend = "make the column `DateTime(timezone=True)`, and use moments with a timezone everywhere"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, mend=mend)


RULE = Rule("GR409", "naive-compared-with-aware", MomentsCompared, _query)
