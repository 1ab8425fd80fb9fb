"""Budgets of queries: how many statements a block of a test may send, and where the application sent those that were too many.

Counted is whatever reaches a cursor while the block runs, in every thread, task and greenlet of the process: an application under
test answers in others than the test's own. What controls a transaction (``BEGIN``, savepoints) is no query.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from greenroom.trace import Place

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_WIDTH = 160
_LINES = 3
"""How many lines of the application stand under a statement."""


@dataclass(frozen=True, slots=True)
class Query:
    """One statement that was sent; its parameters are not kept."""

    statement: str
    places: tuple[Place, ...] = ()
    """Lines of the application that led to it, innermost first."""


@dataclass(slots=True)
class Queries:
    """What a block has sent so far."""

    sent: list[Query] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many statements were sent."""
        return len(self.sent)

    def __iter__(self) -> Iterator[Query]:
        return iter(self.sent)

    @property
    def statements(self) -> list[str]:
        """Return the statements in the order in which they were sent."""
        return [query.statement for query in self.sent]

    def told(self) -> str:
        """Return equal statements of equal lines once, with their number, most frequent first: that is what shows one query a row."""
        lines: list[str] = []
        for query, count in Counter(self.sent).most_common():
            text = " ".join(query.statement.split())
            lines.append(f"{count:>5} x {text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}")
            lines += [f"        {place} in {place.function}" for place in query.places[:_LINES]]
        return "\n".join(lines)


@contextmanager
def assert_queries(
    *,
    max: int | None = None,  # noqa: A002 -- reads as what it is
    exactly: int | None = None,
    engine: Engine | AsyncEngine | None = None,
) -> Generator[Queries, None, None]:
    """Fail when the block sends more than ``max`` statements, or not ``exactly`` so many.

    It is no coroutine, and stands around awaited code as well. Without an ``engine`` those of all engines are counted.

    Raises:
        AssertionError: It sent another number of statements; the message lists them with the application's lines.
        ValueError: The budget is none.
        TypeError: The engine is none.
    """
    from sqlalchemy import Engine, event  # noqa: PLC0415 -- not every run of pytest has use for SQLAlchemy

    from greenroom.monitor.places import stack  # noqa: PLC0415 -- it imports SQLAlchemy

    budget = _budget(max, exactly)
    target = Engine if engine is None else getattr(engine, "sync_engine", engine)
    if target is not Engine and not isinstance(target, Engine):
        raise TypeError(f"assert_queries(engine=...) takes an Engine or an AsyncEngine, and was given {type(engine).__name__}")
    queries = Queries()

    def sent(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        # SQLAlchemy's own questions to a database it meets for the first time are asked on a connection without events.
        asked = vars(connection).get("_has_events") is not False
        if asked and not statement.lstrip().upper().startswith(_CONTROL):
            queries.sent.append(Query(statement, stack(sys._getframe(1))))  # noqa: SLF001 -- the documented way to the caller's frame

    event.listen(target, "before_cursor_execute", sent)
    try:
        yield queries
    finally:
        event.remove(target, "before_cursor_execute", sent)
    _judge(queries, budget, more=exactly is not None)


def _budget(most: int | None, exactly: int | None) -> int:
    budget = most if exactly is None else exactly
    if budget is None or (most is not None and exactly is not None):
        raise ValueError("assert_queries() takes either max=... or exactly=...")
    if type(budget) is not int or budget < 0:
        raise ValueError(f"assert_queries() takes a number of statements from 0 upwards, and was given {budget!r}")
    return budget


def _judge(queries: Queries, budget: int, *, more: bool) -> None:
    __tracebackhide__ = True
    made = len(queries)
    if made > budget or (more and made < budget):
        wanted = f"exactly {budget}" if more else f"at most {budget}"
        told = f":\n{queries.told()}" if made else "."
        raise AssertionError(f"{made} {'query was' if made == 1 else 'queries were'} sent, where {wanted} may be{told}")
