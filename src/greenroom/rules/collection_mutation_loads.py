"""GR109: a change of an attribute that has to load the old value first."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Event, Read
from greenroom.domain.loading import RAISING
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, reading


def _query(rule: Rule, event: Event) -> Iterator[Finding]:
    if isinstance(event, Read) and event.action == "mutate" and not (event.schema or event.via or event.detached or event.failed) and event.bit != RAISING:
        message = f"changing `{event.model}.{event.attribute}` loads its old value first, which emits SQL"
        yield from reading(rule, event, message, "load it before, set the other side of the relationship, or use `lazy=\"write_only\"`")


RULE = Rule("GR109", "collection-mutation-loads", Read, _query)
