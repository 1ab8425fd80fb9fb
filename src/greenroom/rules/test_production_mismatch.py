"""GR310: tests on sessions or a database that are not like production's."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, SuiteDiffers
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding, step
from greenroom.vocabulary import Severity

_HIDDEN = {
    "expire_on_commit": "reads after a commit fail in production and not here",
    "autoflush": "what a query misses because nothing was flushed is found here",
    "dialect": "constraints, types and locks are not those of production",
}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, SuiteDiffers):
        production, test = event.values
        message = f"the tests run on `{test}`, production on `{production}`: {_HIDDEN[event.what]}"
        trace = (step(event.production, f"production has `{production}`"),)
        yield finding(rule, event, message, trace=trace, mend=f"test with `{production}`")


RULE = Rule("GR310", "test-production-mismatch", SuiteDiffers, _query, severity=Severity.WARNING)
