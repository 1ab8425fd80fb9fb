"""GR205: something is written to a session that is closed without a commit."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Lost, Observation
from greenroom.domain.journal import Kind
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step

_WHAT = {
    Kind.ADD: "added to a session",
    Kind.DELETE: "deleted in a session",
    Kind.BULK: "written in a session",
    Kind.CHANGE: "changed in a session",
}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Lost) or event.site.module.is_test:
        return
    subject = f"`{'`, `'.join(event.models)}` is" if event.models else "something is"
    written = f"{subject} {_WHAT[event.kind]}"
    trace = (*(step(call, "through this call") for call in event.calls), step(event.site, f"{written} here"), *caused(event.closed))
    message = f"{written} that no path commits before it is closed; the change is rolled back"
    model = event.models[0] if event.models else None
    yield finding(rule, event, message, model=model, trace=trace, mend="commit before the session is closed")


RULE = Rule("GR205", "writes-never-committed", Lost, _query)
