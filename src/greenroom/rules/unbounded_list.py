"""GR408: an endpoint that answers with every row of a table."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import EveryRow
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding
from greenroom.vocabulary import Severity


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, EveryRow):
        message = f"the answer holds every row of `{event.model}`: it grows with the table, without a limit"
        yield finding(rule, event, message, model=event.model, mend="page the list: `limit` with an `offset` or a key to go on from")


RULE = Rule("GR408", "unbounded-list", EveryRow, _query, Severity.WARNING, default=False)
