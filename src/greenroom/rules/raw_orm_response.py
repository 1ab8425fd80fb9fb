"""GR404: an endpoint that answers with a mapped object as it is."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import RawResponse
from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding
from greenroom.vocabulary import Severity

SHOWN = 6
"""So many columns are named."""


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, RawResponse):
        columns = ", ".join(event.columns[:SHOWN]) + (", ..." if len(event.columns) > SHOWN else "")
        message = f"the answer is `{event.model}` as it is: whatever is loaded of its columns is sent ({columns})"
        yield finding(rule, event, message, model=event.model, mend="declare a response model that names what clients may see")


RULE = Rule("GR404", "raw-orm-response", RawResponse, _query, Severity.WARNING)
