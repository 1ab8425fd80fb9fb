"""GR308: a pooled engine that several event loops use, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import EngineAcrossLoops, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step

_HOW = {
    "loop": "each round of the loop starts an event loop of its own",
    "task": "each call of this task starts an event loop of its own",
    "route": "each request starts an event loop of its own",
    "again": "this function starts a second event loop",
}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, EngineAcrossLoops):
        message = f"{_HOW[event.how]}, but the engine's pool keeps connections that belong to an earlier one"
        trace = (step(event.engine, "the engine is made here, with a pool"), *(step(call, "through this call") for call in event.calls))
        mend = "make the engine with `poolclass=NullPool`, or dispose of it before the event loop ends"
        yield finding(rule, event, message, trace=trace, mend=mend)


RULE = Rule("GR308", "engine-across-event-loops", EngineAcrossLoops, _query)
