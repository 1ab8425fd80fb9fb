"""GR307: a session that is used after the scope that closes it."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, OutlivesScope
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step

_MESSAGES = {
    "use": "`{what}` on a session that is closed already: the connection that it takes is never given back",
    "task": "`{what}` gives a session to a task that may still run, or begin, when the session is closed",
    "background": "`{what}` gives a session to a background task that runs when the session is closed",
}
_MENDS = {
    "use": "move it into the block, or open another session",
    "task": "await the task before the session is closed, or let it open a session of its own",
    "background": "let the background task open a session of its own",
}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, OutlivesScope):
        trace = (*(step(call, "through this call") for call in event.calls), *caused(event.over))
        yield finding(rule, event, _MESSAGES[event.how].format(what=event.what), trace=trace, mend=_MENDS[event.how])


RULE = Rule("GR307", "session-outlives-scope", OutlivesScope, _query)
