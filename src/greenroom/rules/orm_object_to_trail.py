"""GR211: a function that writes to an audit trail is given an expired object."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import ExpiredToTrail, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, ExpiredToTrail):
        message = f"`{event.function.name}`, which writes `{event.trail}`, is given a `{event.model}` that a commit has expired"
        trace = (*(step(call, "through this call") for call in event.calls), *caused(event.origin), step(event.site, "it is given here"))
        mend = "take what the row needs (keys, names) into variables before the commit, and give these"
        yield finding(rule, event, message, model=event.model, trace=trace, mend=mend)


RULE = Rule("GR211", "orm-object-to-trail", ExpiredToTrail, _query, default=False)
