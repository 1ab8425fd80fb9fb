"""GR206: a request commits once for each round of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import commits, own
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Ended) or not event.request:
        return
    made = [found.act for found in commits(own(event.acts))]
    for place, act in enumerate(made):
        if act.repeated or any(act.same(known) for known in made[:place]):
            message = f"`{event.function.name}` commits once for each round of a loop: a failure leaves the first rounds in the database"
            mend = "write in the loop, commit after it"
            yield finding(rule, event, message, trace=caused(act.origin), mend=mend, site=act.origin.site)


RULE = Rule("GR206", "commit-in-loop", Ended, _query, default=False)
