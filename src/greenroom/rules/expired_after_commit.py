"""GR101: a read of what a commit expired."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import COMMITTED
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, plain, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and plain(event) and event.bit == COMMITTED:
        message = f"`{event.model}.{event.attribute}` was expired by a commit; reading it emits SQL"
        yield from reading(rule, event, message, "read it into a variable before the commit, or `await session.refresh(...)` after it")


RULE = Rule("GR101", "expired-after-commit", Read, _query)
