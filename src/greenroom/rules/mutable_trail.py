"""GR602: rows of an audit trail are changed or deleted."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import Kind
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.semantics.trails import is_trail

_DOES = {Kind.CHANGE: "changed", Kind.DELETE: "deleted", Kind.BULK: "changed or deleted by a statement"}


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Ended) or not event.request or event.site.module.is_test:
        return
    for act in event.acts:
        trail = next((model for model in act.models if is_trail(model)), None)
        if trail is not None and act.kind in _DOES:
            message = f"`{trail}` is {_DOES[act.kind]} by the endpoint `{event.function.name}`: by its name it is an audit trail"
            mend = "write a further row instead; take UPDATE and DELETE on the table from the application's role"
            yield finding(rule, event, message, model=trail, trace=caused(act.origin), mend=mend, site=act.origin.site)


RULE = Rule("GR602", "mutable-trail", Ended, _query)
