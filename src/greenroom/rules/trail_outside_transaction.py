"""GR210: a row of the audit trail is committed apart from what it tells."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Ended, Observation
from greenroom.domain.journal import ENDS, WRITES, Act, Kind, own
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding
from greenroom.semantics.trails import is_trail


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, Ended) or event.site.module.is_test:
        return
    waiting: dict[int, list[Act]] = {}
    before: tuple[Act, Act] | None = None
    for act in own(event.acts):
        if act.kind in WRITES:
            waiting.setdefault(act.session, []).append(act)
        elif act.kind is Kind.COMMIT:
            written = waiting.pop(act.session, [])
            trail = next((one for one in written if one.kind is Kind.ADD and one.sure and _only_trails(one)), None)
            change = next((one for one in written if not _only_trails(one)), None)
            if change is not None:
                before = (change, act)
            elif trail is not None and before is not None:
                yield _told(rule, event, trail, *before)
                before = None
        elif act.kind in ENDS:
            waiting.pop(act.session, None)


def _only_trails(act: Act) -> bool:
    return bool(act.models) and all(map(is_trail, act.models))


def _told(rule: Rule, event: Ended, trail: Act, change: Act, commit: Act) -> Finding:
    where = "by another session" if trail.session != commit.session else "after the commit"
    message = f"`{trail.models[0]}` is written {where} of what it tells: when this fails, the change has no trace"
    trace = (*caused(change.origin), *caused(commit.origin), *caused(trail.origin))
    mend = "add the row before the commit, to the session that makes the change"
    return finding(rule, event, message, model=trail.models[0], trace=trace, mend=mend, site=trail.origin.site)


RULE = Rule("GR210", "trail-outside-transaction", Ended, _query)
