"""GR110: a read on an object whose session is gone."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import RAISING
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and event.detached and not (event.schema or event.via or event.failed) and event.bit != RAISING:
        target = f"`{event.model}.{event.attribute}`"
        message = f"{target} is not in memory and the object has no session any more; reading it raises `DetachedInstanceError`"
        yield from reading(rule, event, message, "load it before the session closes")


RULE = Rule("GR110", "detached-read", Read, _query)
