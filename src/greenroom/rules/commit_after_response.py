"""GR202: a dependency that commits when the answer has been sent."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import CommittedLate, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, CommittedLate):
        message = f"the dependency `{event.provider.name}` commits after the answer is sent; when that fails, the client was told it worked"
        trace = (*caused(event.written.origin), step(event.site, "committed here, when the answer is out"))
        mend = f'depend on it as `Depends({event.provider.name}, scope="function")`, or commit in the endpoint'
        yield finding(rule, event, message, trace=trace, mend=mend)


RULE = Rule("GR202", "commit-after-response", CommittedLate, _query)
