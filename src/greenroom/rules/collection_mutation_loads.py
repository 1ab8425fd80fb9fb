"""GR109: a change of an attribute that has to load the old value first."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, Read
from greenroom.domain.loading import RAISING
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Read) or event.action != "mutate" or event.bit == RAISING:
        return
    if not (event.schema or event.via or event.detached or event.failed):
        message = f"changing `{event.model}.{event.attribute}` loads its old value first, which emits SQL"
        yield from reading(rule, event, message, 'load it before, set the other side of the relationship, or use `lazy="write_only"`')


RULE = Rule("GR109", "collection-mutation-loads", Read, _query)
