"""GR107: serialization that reads what is not in memory."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and bool(event.schema) and not event.failed:
        message = f"`{event.schema}` reads `{event.model}.{event.attribute}`, which is not in memory; serialization emits SQL"
        yield from reading(rule, event, message, "load everything the schema reads before the object is serialized")


RULE = Rule("GR107", "response-reads-unloaded", Read, _query)
