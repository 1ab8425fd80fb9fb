"""GR207: a request commits, awaits something that may fail, and commits the rest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import commits, own
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Ended) or not event.request:
        return
    made = commits(own(event.acts))
    for first, second in pairwise(made):
        if second.outside is None or not (second.outside.sure and (first.act.sure or second.act.sure)):
            continue
        message = f"when this fails, `{event.function.name}` has committed its first part, and never commits the rest"
        trace = (*caused(first.act.origin), *caused(second.outside.origin), *caused(second.act.origin))
        mend = "write everything, then commit once; or handle the failure of what is awaited in between"
        yield finding(rule, event, message, trace=trace, mend=mend, site=second.outside.origin.site)


RULE = Rule("GR207", "partial-commit", Ended, _query, default=False)
