"""Sees what each line of a running program does: whether it raises, does implicit IO, or passes."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import greenlet_spawn

from tests.executable.outcome import Kind, kind_of

Place: TypeAlias = tuple[str, int]
"""Name of a module, and line."""
Way: TypeAlias = tuple[str, tuple[bool, ...], int, bool]
"""A set of rows, the flags, the statement that fails, and whether implicit IO raises inside ``try`` bodies."""
FAILURES = frozenset({Kind.IMPLICIT_IO, Kind.DETACHED, Kind.RAISELOAD, Kind.FAILED_FLUSH})
"""What the analyser is expected to predict."""
REFUSALS = frozenset({Kind.DETACHED, Kind.RAISELOAD})
SEEN = "seen_by_the_watch"
"""Marks an exception that was written down; holding it would keep its frames and their objects alive."""


@dataclass(slots=True)
class Watch:
    """What one run, or several runs of one program, did on each line."""

    raised: dict[Place, set[Kind]] = field(default_factory=dict)
    masked: dict[Place, set[Kind]] = field(default_factory=dict)
    """What a line would do next if its implicit IO were mended."""
    passed: set[Place] = field(default_factory=set)
    other: dict[Place, str] = field(default_factory=dict)
    """Exceptions that are none of the analyser's business."""
    sessions: list[AsyncSession] = field(default_factory=list)
    way: Way | None = None
    """How the run in progress is done."""
    ways: dict[Place, Way | None] = field(default_factory=dict)
    """The way in which each raising line raised last."""
    guards: int = 0
    fault: int = 0
    """The statement inside ``try`` bodies that the database refuses; 0 for none."""
    statements: int = 0
    """Statements that ``try`` bodies have sent so far in this run."""
    most: int = 0
    """The largest number of statements that ``try`` bodies sent in any run."""
    collects: bool = True
    """Whether garbage can be in circles, as it is where objects refer to each other."""
    sensitive: bool = False
    """Whether in this run there was implicit IO, or a refusal, inside a ``try`` body."""
    waited: bool = False
    """Whether the expression being probed has done implicit IO."""
    _inside: list[Place] = field(default_factory=list)
    _strict: bool = False
    _told: set[str] = field(default_factory=set)

    def start(self, fault: int, *, strict: bool) -> None:
        """Begin another run; in a strict one implicit IO inside a ``try`` body raises."""
        self._strict = strict
        self._told.clear()
        self.guards, self.fault, self.statements, self.sensitive = 0, fault, 0, False
        self._inside.clear()

    async def probe(self, place: Place, expression: Callable[[], Any], *, unused: bool = False, collect: bool = True) -> Any:  # noqa: ANN401 -- as it is
        """Evaluate an expression that should not need the database; implicit IO is seen, then carried out.

        A refusal to load is seen, and passed over where the value is ``unused``. It is seen once for each attribute.
        """
        if collect and self.collects:
            gc.collect()  # What the identity map would answer with must not depend on when garbage is collected.
        self.waited = False
        try:
            if self.guards and self._strict:
                with self._not_flushing():
                    value = expression()
            else:
                value = await self._carried_out(place, expression)
        except Exception as error:
            self.sensitive = self.sensitive or self.guards > 0
            subjects = _refused(error)
            if subjects and self.waited:
                self._told.update(subjects)  # Without a watch, the line would have failed before.
                self.masked.setdefault(place, set()).add(kind_of(error))
            if subjects & self._told:
                return None
            self._failed(place, error)
            if unused and subjects and not (self.guards and self._strict):
                self._told.update(subjects)
                return None
            raise
        self.passed.add(place)
        return value

    @contextmanager
    def _not_flushing(self) -> Iterator[None]:
        """What implicit IO would flush on its way is not looked at."""
        kept = [(session.sync_session, session.sync_session.autoflush) for session in self.sessions]
        for session, _ in kept:
            session.autoflush = False
        try:
            yield
        finally:
            for session, autoflush in kept:
                session.autoflush = autoflush

    async def _carried_out(self, place: Place, expression: Callable[[], Any]) -> Any:  # noqa: ANN401 -- as above
        """As if what is missing had been loaded before, by a query that flushes nothing."""
        with self._not_flushing():
            return await _Suspending(greenlet_spawn(expression), lambda: self._emitted(place))

    def _emitted(self, place: Place) -> None:
        self.waited = True
        self.sensitive = self.sensitive or self.guards > 0
        self._add(self._inside[-1] if self._inside else place, Kind.IMPLICIT_IO)

    def _add(self, place: Place, kind: Kind) -> None:
        self.raised.setdefault(place, set()).add(kind)
        self.ways[place] = self.way

    def _failed(self, place: Place, error: BaseException) -> None:
        """Write down an exception at the innermost line that it passes."""
        if getattr(error, SEEN, False):
            return
        setattr(error, SEEN, True)
        if isinstance(error, Exception) and _refused(error) & self._told:
            return
        kind = kind_of(error)
        if kind in FAILURES:
            self._add(place, kind)
        else:
            self.other.setdefault(place, f"{type(error).__name__}: {error}"[:200])

    @contextmanager
    def line(self, place: Place) -> Iterator[None]:
        """A statement that awaits, or one of a plain function."""
        try:
            yield
        except Exception as error:
            self._failed(place, error)
            raise
        except BaseException:
            raise
        else:
            self.passed.add(place)

    @contextmanager
    def guarded(self, place: Place) -> Iterator[None]:
        """The body of a ``try``."""
        del place
        self.guards += 1
        try:
            yield
        finally:
            self.guards -= 1

    @contextmanager
    def inside(self, place: Place) -> Iterator[None]:
        """The body of a plain function."""
        self._inside.append(place)
        try:
            yield
        finally:
            self._inside.pop()

    def at(self, place: Place) -> None:
        """A plain function has reached a line."""
        self._inside[-1] = place

    @staticmethod
    def put(value: object, owner: object, name: str) -> None:
        """``owner.name = value``, in the order in which Python evaluates it."""
        setattr(owner, name, value)

    def refuses(self) -> bool:
        """Whether the database refuses the statement that is about to be sent."""
        if not self.guards:
            return False
        self.statements += 1
        self.most = max(self.most, self.statements)
        return self.statements == self.fault


def _refused(error: Exception) -> set[str]:
    """What a refusal is about: one attribute of a class, and for what is detached the object; nothing for any other error."""
    if kind_of(error) not in REFUSALS:
        return set()
    text = str(error)
    refused = re.search(r"'(\w+\.\w+)' is not available due to", text)
    if refused is not None:
        return {refused[1]}  # A validation error says more around it.
    instance = re.search(r"<(\w+) at 0x\w+>", text)
    attribute = re.search(r"operation of attribute '(\w+)'", text)
    if instance is None:
        return {text}
    if attribute is None:
        return {instance[0]}
    return {f"{instance[1]}.{attribute[1]}", *((instance[0],) if "lazy load operation" not in text else ())}


class _Suspending:
    """Awaits a coroutine and tells whether it really had to wait."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waited: Callable[[], None]) -> None:
        self._coroutine = coroutine
        self._waited = waited

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine = self._coroutine
        try:
            waiting = coroutine.send(None)
        except StopIteration as done:
            return done.value
        while True:
            self._waited()  # Each time: the line of a plain function may have become another.
            try:
                sent = yield waiting
            except BaseException as error:  # noqa: BLE001 -- handed on, like everything else
                step: Callable[[], Any] = _thrower(coroutine, error)
            else:
                step = _sender(coroutine, sent)
            try:
                waiting = step()
            except StopIteration as done:
                return done.value


def _thrower(coroutine: Coroutine[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: coroutine.throw(error)


def _sender(coroutine: Coroutine[Any, Any, Any], value: object) -> Callable[[], Any]:
    return lambda: coroutine.send(value)
