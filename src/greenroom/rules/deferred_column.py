"""GR106: a read of a column that the query left out."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import DEFERRED
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, plain, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and plain(event) and event.bit == DEFERRED:
        message = f"`{event.model}.{event.attribute}` was left out of the SELECT; reading it emits SQL"
        yield from reading(rule, event, message, f"load it with the query: `.options(undefer({event.model}.{event.attribute}))`")


RULE = Rule("GR106", "deferred-column", Read, _query)
