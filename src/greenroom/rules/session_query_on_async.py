"""GR306: a method of plain sessions on an asynchronous one."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import NotAsynchronous, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step

_INSTEAD = {
    "query": "`(await session.scalars(select(...))).all()`",
    "bulk_save_objects": "`session.add_all(...)`",
    "bulk_insert_mappings": "`await session.execute(insert(...), [...])`",
    "bulk_update_mappings": "`await session.execute(update(...), [...])`",
}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, NotAsynchronous):
        trace = tuple(step(call, "through this call") for call in event.calls)
        mend = f"write {_INSTEAD.get(event.method, '`await session.run_sync(...)`')}"
        yield finding(rule, event, f"an `AsyncSession` has no `{event.method}`: this raises AttributeError", trace=trace, mend=mend)


RULE = Rule("GR306", "session-query-on-async", NotAsynchronous, _query)
