"""GR601: a request changes something without a row in the trail, in a project whose other requests write one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Unrecorded
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding

_FEWEST = 3
"""Endpoints that write to the trail, from which on that is a convention."""
_RATIO = 4
"""How many times more of these there have to be than of those that do not."""


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Unrecorded) and event.recording >= max(_FEWEST, _RATIO * event.silent):
        others = f"{event.recording} of {event.recording + event.silent} endpoints that commit changes do"
        message = f"`{event.function.name}` commits this without a row in the audit trail; {others}"
        mend = "write the row before the commit, in the same session"
        yield finding(rule, event, message, trace=caused(event.written.origin), mend=mend)


RULE = Rule("GR601", "state-change-without-trail", Unrecorded, _query, default=False)
