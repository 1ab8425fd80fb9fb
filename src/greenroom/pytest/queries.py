"""Budgets of queries: how many statements a block of a test may send, and where the application sent those that were too many.

Counted is whatever reaches a cursor while the block runs, in every thread, task and greenlet of the process: an application under
test answers in others than the test's own. What controls a transaction (``BEGIN``, savepoints) is no query.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_WIDTH = 160
_LINES = 3
"""How many lines of the application stand under a statement."""
_LIBRARIES = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) + "/" for name in ("stdlib", "platstdlib", "purelib", "platlib")}
) + (str(Path(__file__).resolve().parents[1]) + "/",)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement that was sent; its parameters are not kept."""

    statement: str
    places: tuple[str, ...] = ()
    """Lines of the application that led to it, innermost first: ``app/service.py:12 in read_user``."""


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
            lines += [f"        {place}" for place in query.places[:_LINES]]
        return "\n".join(lines)


@contextmanager
def assert_queries(
    *, max: int | None = None, exactly: int | None = None, engine: Engine | AsyncEngine | None = None  # noqa: A002 -- reads as what it is
) -> Generator[Queries, None, None]:
    """Fail when the block sends more than ``max`` statements, or not ``exactly`` so many.

    It is no coroutine, and stands around awaited code as well. Without an ``engine`` those of all engines are counted.

    Raises:
        AssertionError: It sent another number of statements; the message lists them with the application's lines.
        ValueError: The budget is none.
        TypeError: The engine is none.
    """
    from sqlalchemy import Engine, event  # noqa: PLC0415 -- not every run of pytest has use for SQLAlchemy

    budget = _budget(max, exactly)
    target = Engine if engine is None else getattr(engine, "sync_engine", engine)
    if target is not Engine and not isinstance(target, Engine):
        raise TypeError(f"assert_queries(engine=...) takes an Engine or an AsyncEngine, and was given {type(engine).__name__}")
    queries = Queries()

    def sent(connection: Connection, _cursor: object, statement: str, *_rest: Any) -> None:
        if connection.__dict__.get("_has_events") is not False and not statement.lstrip().upper().startswith(_CONTROL):  # noqa: SLF001
            queries.sent.append(Query(statement, tuple(_places())))

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
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 0:
        raise ValueError(f"assert_queries() takes a number of statements from 0 upwards, and was given {budget!r}")
    return budget


def _judge(queries: Queries, budget: int, *, more: bool) -> None:
    __tracebackhide__ = True
    made = len(queries)
    if made > budget or (more and made < budget):
        wanted = f"exactly {budget}" if more else f"at most {budget}"
        told = f":\n{queries.told()}" if made else "."
        raise AssertionError(f"{made} {'query was' if made == 1 else 'queries were'} sent, where {wanted} may be{told}")


def _places() -> Iterator[str]:
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 -- what inspect.currentframe is, at a depth
    for one in _frames(frame):
        code = one.f_code
        if _of_application(code.co_filename):
            yield f"{_shown(code.co_filename)}:{one.f_lineno} in {code.co_name}"


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Go outwards, also from a greenlet into the one that waits for it: SQLAlchemy's asyncio runs statements in one of their own."""
    greenlet = _greenlet()
    while frame is not None:
        yield frame
        frame = frame.f_back
        while frame is None and greenlet is not None:
            greenlet = greenlet.parent
            frame = greenlet.gr_frame if greenlet is not None else None


def _greenlet() -> Any:
    module = sys.modules.get("greenlet")
    return None if module is None else module.getcurrent()


@lru_cache(maxsize=4096)
def _of_application(path: str) -> bool:
    if path.startswith("<"):
        return False
    resolved = str(Path(path).resolve())
    return not resolved.startswith(_LIBRARIES) and "/site-packages/" not in resolved


@lru_cache(maxsize=4096)
def _shown(path: str) -> str:
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path
