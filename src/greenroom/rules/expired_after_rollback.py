"""GR102: a read of what a rollback expired."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import ROLLED_BACK
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, plain, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and plain(event) and event.bit == ROLLED_BACK:
        message = f"`{event.model}.{event.attribute}` was expired by a rollback, whatever `expire_on_commit` says; reading it emits SQL"
        yield from reading(rule, event, message, "read it into a variable before the rollback, or load the object again")


RULE = Rule("GR102", "expired-after-rollback", Read, _query)
