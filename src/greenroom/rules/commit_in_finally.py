"""GR203: what was written is committed although an exception is on its way."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import CommittedAfterError, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, CommittedAfterError):
        message = f"`{event.manager.name}` commits after an exception, too: half of the work is kept"
        trace = (*caused(event.written.origin), step(event.site, "committed here although an exception is on its way"))
        yield finding(rule, event, message, trace=trace, mend="commit after the `yield`, roll back in `except`, only close in `finally`")


RULE = Rule("GR203", "commit-in-finally", CommittedAfterError, _query)
