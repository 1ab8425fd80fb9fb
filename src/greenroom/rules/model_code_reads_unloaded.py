"""GR108: a property, method or dunder of a mapped class that reads what is not in memory."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import RAISING
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and bool(event.via) and not event.schema and not event.failed and event.bit != RAISING:
        message = f"`{event.via_name}` reads `{event.model}.{event.attribute}`, which is not in memory; it emits SQL"
        yield from reading(rule, event, message, f"load `{event.attribute}` before `{event.via_name}` is used")


RULE = Rule("GR108", "model-code-reads-unloaded", Read, _query)
