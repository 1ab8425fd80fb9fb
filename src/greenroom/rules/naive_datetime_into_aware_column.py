"""GR403: a moment without a timezone for a column with one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import MixedMoment
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, MixedMoment) or event.aware:
        return
    target = f"`{event.model}.{event.attribute}`"
    if event.refused:
        message = f"{event.value} has no timezone, and SQLModel's `UTCDateTime` refuses that for {target}"
    else:
        message = f"{event.value} has no timezone: asyncpg takes it for local time, and {target} is off by the server's offset from UTC"
    mend = "use `datetime.now(UTC)`"
    yield finding(rule, event, message, model=event.model, attribute=event.attribute, mend=mend, sure=event.refused)


RULE = Rule("GR403", "naive-datetime-into-aware-column", MixedMoment, _query)
