"""GR201: a function ends the transaction of its caller, in a project whose other functions do not."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import EndedByCallee, Observation
from greenroom.domain.journal import Kind
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step

_FEWEST = 3
"""Functions that leave the commit to their caller, from which on that is a convention."""
_RATIO = 4
"""How many times more of these there have to be than of those that commit."""
_DOES = {Kind.COMMIT: "commits", Kind.ROLLBACK: "rolls back"}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, EndedByCallee) or event.keepers < max(_FEWEST, _RATIO * event.others):
        return
    does = _DOES[event.kind]
    counted = f"{event.keepers} of {event.keepers + event.others} functions here that write to a session they are given do not"
    message = f"`{event.function.qualname}` {does} a session that its caller owns; {counted}"
    trace = (*(step(call, "the session is given to it by this call") for call in event.calls[-1:]), step(event.site, f"it {does} here"))
    yield finding(rule, event, message, trace=trace, mend="flush here where a key is needed, and let the caller commit")


RULE = Rule("GR201", "service-commits", EndedByCallee, _query)
