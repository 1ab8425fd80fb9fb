"""GR304: a plain engine that waits for the database on the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Blocking, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Blocking) and event.subject == "engine":
        message = f"`{event.what}` of a plain `Engine` blocks the event loop, and so does all work on the connection that it gives"
        trace = (step(event.within, f"`{event.what}` is called here"),) if event.within.node is not event.site.node else ()
        mend = "use `create_async_engine`, make the function a plain `def`, or hand the work to `asyncio.to_thread`"
        yield finding(rule, event, message, trace=trace, mend=mend)


RULE = Rule("GR304", "sync-engine-in-async", Blocking, _query, severity=Severity.WARNING)
