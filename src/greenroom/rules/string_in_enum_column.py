"""GR501: a string in an Enum column that is read as a member."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import EnumString, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, EnumString):
        message = f"`{event.model}.{event.attribute}` holds the string that was assigned, not an enum member, until it is loaded again"
        mend = "assign the enum member"
        yield finding(rule, event, message, model=event.model, attribute=event.attribute, trace=caused(event.assigned_at), mend=mend)


RULE = Rule("GR501", "string-in-enum-column", EnumString, _query, Severity.ERROR)
