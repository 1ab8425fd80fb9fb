"""GR407: everything that a client sends goes into an object."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import MassAssigned
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, MassAssigned):
        columns = ", ".join(f"`{name}`" for name in event.columns) if event.columns else "every column"
        message = f"all of {event.source} goes into `{event.model}`: the client may set {columns}"
        mend = "assign the fields that clients may set one by one, or take the others out of the schema"
        yield finding(rule, event, message, model=event.model, mend=mend)


RULE = Rule("GR407", "mass-assignment", MassAssigned, _query)
