"""GR311: a query for each row of another query."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import LoadedPerRow, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, LoadedPerRow):
        return
    if event.attribute == "refresh":
        what, mend = f"each `{event.model}` is refreshed", "query the rows again, with `populate_existing=True`"
    elif event.attribute:
        what = f"`{event.model}.{event.attribute}` is loaded"
        mend = f"load it with the rows: `selectinload({event.model}.{event.attribute})`"
    else:
        what, mend = f"a `{event.model}` is fetched", f"fetch them at once, with `{event.model}.id.in_(...)` or an eager relationship"
    trace = [step(event.loaded_at, "the rows come from here")] if event.loaded_at is not None else []
    trace += [step(event.loop, "this loop goes through them"), *(step(call, "through this call") for call in event.calls)]
    if event.within.node is not event.site.node:
        trace.append(step(event.within, "the query is made here"))
    model, attribute = (event.model, event.attribute) if event.attribute not in {"", "refresh"} else (event.model, None)
    yield finding(
        rule,
        event,
        f"{what} by a query of its own for each row of the loop",
        model=model,
        attribute=attribute,
        trace=tuple(trace),
        mend=mend,
    )


RULE = Rule("GR311", "lazy-load-per-row", LoadedPerRow, _query, severity=Severity.WARNING)
