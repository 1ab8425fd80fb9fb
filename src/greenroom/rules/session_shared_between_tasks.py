"""GR301: one session that several tasks use at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, SharedSession
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, SharedSession):
        trace = tuple(step(call, "through this call") for call in event.calls)
        message = f"{event.what} runs tasks that share one session"
        yield finding(rule, event, message, trace=trace, mend="give each task a session of its own")


RULE = Rule("GR301", "session-shared-between-tasks", SharedSession, _query)
