"""GR302: a coroutine whose result is used or dropped without `await`."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import NeverAwaited, Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, NeverAwaited):
        yield finding(rule, event, f"`{event.what}` returns a coroutine that is never awaited", mend="put `await` before the call")


RULE = Rule("GR302", "missing-await", NeverAwaited, _query)
