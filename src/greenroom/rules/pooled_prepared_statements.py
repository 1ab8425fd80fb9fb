"""GR309: prepared statements behind a transaction-mode pooler."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, PooledStatements
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, finding


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if isinstance(event, PooledStatements):
        what = "names of prepared statements, which collide with those of other processes" if event.half else "prepared statements"
        default = "" if event.sure else ", unless the environment sets another URL"
        message = f"{event.pooler} stands for a transaction-mode pooler, and the engine keeps {what}{default}"
        mend = 'pass `connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0}`'
        yield finding(rule, event, message, mend=mend, sure=event.sure)


RULE = Rule("GR309", "pooled-prepared-statements", PooledStatements, _query)
