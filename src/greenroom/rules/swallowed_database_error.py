"""GR209: a session is used on after a statement has failed in its transaction."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, UsedAborted
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule, caused, finding, step


def _query(rule: Rule, event: Observation) -> Iterator[Finding]:
    if not isinstance(event, UsedAborted):
        return
    if event.undone is not None:
        message = "this commit rolls back: a statement before it failed, its error was caught, and nothing rolled back to a savepoint"
    else:
        message = f"`{event.operation}` is refused: a statement before it failed, its error was caught, and PostgreSQL waits for a rollback"
    lost = caused(event.undone.origin) if event.undone is not None else ()
    caught = caused(event.caught.origin) if event.caught is not None else ()
    trace = (*lost, *caused(event.failed), *caught, step(event.site, f"`{event.operation}` is called here"))
    mend = "run the statement that may fail in `async with session.begin_nested():`, or roll back in the `except`"
    yield finding(rule, event, message, trace=trace, mend=mend)


RULE = Rule("GR209", "swallowed-database-error", UsedAborted, _query)
