"""GR103: a read of what `expire`, `expire_all` or a refresh unloaded."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import EXPIRED, REFRESHED_AWAY
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, plain, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, Read) and plain(event) and event.bit in (EXPIRED, REFRESHED_AWAY):
        how = "unloaded by a refresh" if event.bit == REFRESHED_AWAY else "expired"
        message = f"`{event.model}.{event.attribute}` was {how}; reading it emits SQL"
        yield from reading(rule, event, message, "name the attribute in `refresh(obj, [...])`, or read it before it is unloaded")


RULE = Rule("GR103", "expired-explicitly", Read, _query)
