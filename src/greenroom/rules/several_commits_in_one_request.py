"""GR204: one request commits more than once."""

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
    for first, second in pairwise(commits(own(event.acts))):
        if (first.act.sure or second.act.sure) and not second.act.same(first.act):
            message = f"`{event.function.name}` commits a second time: when this one fails, the first part stays"
            trace = (*caused(first.act.origin), *caused(second.act.origin))
            yield finding(rule, event, message, trace=trace, mend="flush at the first place, commit once", site=second.act.origin.site)


RULE = Rule("GR204", "several-commits-in-one-request", Ended, _query, default=False)
