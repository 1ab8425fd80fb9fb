"""GR105: a read of a relationship that no query loaded."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import LAZY
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, plain, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and plain(event) and event.bit == LAZY:
        message = f"`{event.model}.{event.attribute}` was never loaded; reading it emits SQL"
        yield from reading(rule, event, message, f"load it with the query: `.options(selectinload({event.model}.{event.attribute}))`")


RULE = Rule("GR105", "lazy-relationship", Read, _query)
