"""GR115: a read between a failed flush and the rollback."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and event.failed is not None:
        use = f"`{event.attribute}` of the session" if event.action == "use" else f"reading `{event.model}.{event.attribute}`"
        message = f"a flush failed and nothing rolled back yet: {use} raises `PendingRollbackError`"
        yield from reading(rule, event, message, "roll back first, and read what the message needs before the flush")


RULE = Rule("GR115", "read-after-failed-flush", Read, _query)
