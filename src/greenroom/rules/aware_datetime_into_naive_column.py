"""GR402: a moment with a timezone for a column without one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import MixedMoment
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, MixedMoment) or not event.aware:
        return
    target = f"`{event.model}.{event.attribute}`"
    what = f"{event.value} may be sent with a timezone" if event.client else f"{event.value} has a timezone"
    where = f"the column {target} has none" if event.stored else f"the column {target} that the query compares it with has none"
    mend = f"declare `{event.attribute}` as `DateTime(timezone=True)`, or convert to UTC and drop the timezone first"
    yield finding(rule, event, f"{what}, and {where}: asyncpg refuses it", model=event.model, attribute=event.attribute, mend=mend)


RULE = Rule("GR402", "aware-datetime-into-naive-column", MixedMoment, _query)
