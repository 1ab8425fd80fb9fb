"""GR210: a row of the audit trail is committed apart from what it tells."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import WRITES, Act, Kind
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.semantics.trails import is_trail


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Ended) or event.site.module.is_test:
        return
    change: Act | None = None
    committed: tuple[Act, Act] | None = None
    for act in event.acts:
        if act.kind is Kind.ADD and any(map(is_trail, act.models)):
            if change is None and committed is not None and act.sure:
                yield _told(rule, event, act, *committed)
                committed = None
        elif act.kind is Kind.COMMIT and change is not None:
            committed, change = (change, act), None
        elif act.kind is Kind.ROLLBACK:
            change = None
        elif act.kind in WRITES and act.kind is not Kind.FLUSH:
            change = act


def _told(rule: Rule, event: Ended, trail: Act, change: Act, commit: Act) -> Finding:
    where = "by another session" if trail.session != commit.session else "after the commit"
    message = f"`{trail.models[0]}` is written {where} of what it tells: when this fails, the change has no trace"
    trace = (*caused(change.origin), *caused(commit.origin), *caused(trail.origin))
    mend = "add the row before the commit, to the session that makes the change"
    return finding(rule, event, message, model=trail.models[0], trace=trace, mend=mend, site=trail.origin.site)


RULE = Rule("GR210", "trail-outside-transaction", Ended, _query)
