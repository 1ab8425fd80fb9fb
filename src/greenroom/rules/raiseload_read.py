"""GR111: a read of an attribute that is configured to raise."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import RAISING
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and event.bit == RAISING and not event.schema and not event.failed:
        message = f"`{event.model}.{event.attribute}` is configured to raise instead of loading"
        yield from reading(rule, event, message, f"load it with the query: `.options(selectinload({event.model}.{event.attribute}))`")


RULE = Rule("GR111", "raiseload-read", Read, _query)
