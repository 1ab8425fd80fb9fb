"""GR208: the key of a new object is read before a flush has given it one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, UnflushedKey
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, UnflushedKey) or any(site.module.is_test for site in (event.site, *event.calls)):
        return
    made = (step(event.made_at, f"`{event.model}` is made here"),) if event.made_at is not None else ()
    trace = (*made, *(step(call, "through this call") for call in event.calls), step(event.site, "its key is read here"))
    message = f"`{event.model}.{event.attribute}` is None here: no flush has given the new object its key"
    mend = f"{'' if event.added else 'add the object and '}`await session.flush()` before its key is read"
    yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=trace, mend=mend)


RULE = Rule("GR208", "read-of-unflushed-key", UnflushedKey, _query)
