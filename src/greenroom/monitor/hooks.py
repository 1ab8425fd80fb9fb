"""Where the monitor holds on to SQLAlchemy: public events where they are enough, and a table of functions that are wrapped where not.

Plain reads of what is in memory pass none of them.
What is wrapped runs once for a query, a flush or an explicit operation, or for an object that a flush or a close concerns.
Names that begin with an underscore are SQLAlchemy's own affair: ``tests/monitor`` holds them to 2.0 and 2.1, and `Hooks.attach` says what
is missing.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.exc import HasDescriptionCode, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.session import _AsyncSessionContextManager
from sqlalchemy.orm import InstanceState, Session, SessionTransaction, UOWTransaction, loading
from sqlalchemy.orm import attributes as orm_attributes
from sqlalchemy.orm.attributes import instance_state

from greenroom.monitor.moments import History, Left, Moment, again, history_of, known_marks, latest, leave, left_of, marks_of, now
from greenroom.monitor.places import awaiting, innermost
from greenroom.trace import Cause

Function = Callable[..., Any]


class Wrap(NamedTuple):
    """A function of SQLAlchemy, and what makes the wrapped one of it."""

    owner: Any
    name: str
    around: Callable[[Function], Function]


# -- what befalls a whole session -------------------------------------------------------------------------------------------------------


def _after_commit(session: Session) -> None:
    if session.expire_on_commit and session.get_nested_transaction() is None:
        history_of(session).whole = now(Cause.COMMIT)


def _after_soft_rollback(session: Session, previous: SessionTransaction) -> None:
    history = history_of(session)
    moment = now(Cause.ROLLBACK)
    if not previous.nested:
        history.whole = moment
        return
    # A savepoint expires what was changed since it began, and leaves the rest alone.
    for state in session.identity_map.all_states():
        if state.expired and not _expired_before(state, history):
            marks_of(state).expired = moment


def _expired_before(state: InstanceState[Any], history: History) -> bool:
    marks = known_marks(state)
    expired, loaded = latest(history.whole, marks.expired), last_load(state, history)
    return expired is not None and (loaded is None or expired.order > loaded.order)


def last_load(state: InstanceState[Any], history: History) -> Moment | None:
    """Return the last query or flush after which the object was as the database has it."""
    marks, runid = known_marks(state), state.runid or 0
    query = history.queries.get(runid)
    left = left_of(state) if query is None else None
    if left is not None:  # it has come from another session, or has none
        query = left.query
    return latest(query, marks.reloaded, marks.inserted)


def _around_expire_all(original: Function) -> Function:
    @functools.wraps(original)
    def expire_all(self: Session) -> None:
        original(self)
        history_of(self).whole = now(Cause.EXPIRE)

    return expire_all


# -- queries ----------------------------------------------------------------------------------------------------------------------------


def _around_instances(original: Function) -> Function:
    @functools.wraps(original)
    def instances(cursor: Any, context: Any) -> Any:
        history = history_of(context.session)
        refreshed, outer = context.refresh_state, history.running
        # What loads the columns of an expired object, or refreshes it, brings no relationship: the query that brought it still counts.
        if refreshed is not None:
            moment = last_load(refreshed, history)
        elif outer is not None:  # what a loader option adds, at the line of the query that has it
            moment = again(outer)
        else:
            moment = now(Cause.NEVER_LOADED)
        history.running = moment  # rows of an asynchronous session are made objects in here, before anybody knows the run id
        try:
            result = original(cursor, context)
        finally:
            history.running = outer
        if moment is not None:
            history.queried(context.runid, moment)
        return result

    return instances


def query_of(context: Any) -> Moment | None:
    """Return the moment of a query that is running, or whose rows are still being fetched."""
    history = history_of(context.session)
    return history.queries.get(context.runid, history.running)


def _around_populate_partial(original: Function) -> Function:
    """Wrap what gives an object that is in the session already what a row has and it has not."""

    @functools.wraps(original)
    def _populate_partial(context: Any, row: Any, state: InstanceState[Any], *rest: Any) -> Any:
        loaded = original(context, row, state, *rest)
        if loaded:
            marks_of(state).reloaded = query_of(context)
        return loaded

    return _populate_partial


# -- flushes ----------------------------------------------------------------------------------------------------------------------------


def _before_flush(session: Session, context: UOWTransaction, instances: object) -> None:
    del context, instances
    history_of(session).flush = now(Cause.GENERATED)


def _after_flush(session: Session, context: UOWTransaction) -> None:
    del context
    moment = history_of(session).flush
    for state in session._new:
        marks_of(state).inserted = moment


# -- single objects ---------------------------------------------------------------------------------------------------------------------


def _around_expire_attributes(original: Function) -> Function:
    @functools.wraps(original)
    def _expire_attributes(self: InstanceState[Any], dict_: Any, names: Iterable[str], **options: Any) -> None:
        names = tuple(names)
        original(self, dict_, names, **options)
        session = self.session
        if session is None:
            return
        history = history_of(session)
        flushing = history.flush if session._flushing else None
        marks_of(self).keys.update(dict.fromkeys(names, flushing or history.refresh or now(Cause.EXPIRE)))

    return _expire_attributes


def _around_conditional_expire(original: Function) -> Function:
    """Wrap what ``expire`` and ``refresh`` do to an object and to those that their cascade reaches."""

    @functools.wraps(original)
    def _conditional_expire(self: Session, state: InstanceState[Any], **options: Any) -> None:
        original(self, state, **options)
        marks_of(state).expired = history_of(self).refresh or now(Cause.EXPIRE)

    return _conditional_expire


def _around_refresh(original: Function) -> Function:
    @functools.wraps(original)
    def refresh(self: Session, instance: object, attribute_names: Iterable[str] | None = None, *rest: Any, **options: Any) -> None:
        history, state = history_of(self), instance_state(instance)
        history.refresh = moment = now(Cause.REFRESH)
        marks = marks_of(state)
        before, expired, earlier = set(state.dict), state.expired, marks.expired
        try:
            original(self, instance, attribute_names, *rest, **options)
        finally:
            history.refresh = None
        marks.expired = earlier  # what the refresh expired it has loaded again
        marks.refreshed = moment
        if attribute_names is not None:
            marks.unloaded = moment
        elif expired:
            marks.reloaded = moment
        marks.keys.update(dict.fromkeys(before - set(state.dict), moment))

    return refresh


def _around_detach_states(original: Function) -> Function:
    @functools.wraps(original)
    def _detach_states(cls: type[InstanceState[Any]], states: Iterable[InstanceState[Any]], session: Session, **options: Any) -> None:
        del cls  # the original is bound to it
        states = tuple(states)
        original(states, session, **options)
        if states:
            history, moment = history_of(session), now(Cause.UNKNOWN)
            # This is the end of each session, for all that it holds: objects of one query share what there is to remember.
            by_query: dict[int | None, Left] = {}
            for state in states:
                runid = state.runid
                if runid not in by_query:
                    by_query[runid] = Left(moment, history.whole, history.queries.get(runid or 0))
                leave(state, by_query[runid])

    return _detach_states


# -- what runs in a task of its own ----------------------------------------------------------------------------------------------------


def _around_exit(original: Function) -> Function:
    """Wrap the end of ``async with``, which SQLAlchemy shields by a task: its frames do not lead to the application."""

    @functools.wraps(original)
    async def __aexit__(self: Any, *error: Any) -> Any:  # noqa: N807  # the name that it has
        token = awaiting.set(innermost(sys._getframe(1)))
        try:
            return await original(self, *error)
        finally:
            with suppress(ValueError):  # a coroutine may be driven to its end in another context
                awaiting.reset(token)

    return __aexit__


# -- errors -----------------------------------------------------------------------------------------------------------------------------


def _around_error(raised: Callable[[BaseException], None], *, of_statements: bool) -> Callable[[Function], Function]:
    """Wrap what makes every error of SQLAlchemy: at that moment all frames are there, and nobody has swallowed it yet.

    Errors of statements are looked at after their own ``__init__``, which calls the general one before it says which error they wrap.
    """

    def around(original: Function) -> Function:
        @functools.wraps(original)
        def __init__(self: BaseException, *arguments: Any, **options: Any) -> None:  # noqa: N807  # the name that it has
            original(self, *arguments, **options)
            if isinstance(self, StatementError) is of_statements:
                raised(self)

        return __init__

    return around


ATTRIBUTE_IMPL: Any = getattr(orm_attributes, "_AttributeImpl", None) or getattr(orm_attributes, "AttributeImpl")  # noqa: B009  # typed for one version
"""The place where SQLAlchemy decides to load: ``AttributeImpl``, from 2.1 on ``_AttributeImpl``."""

EVENTS: tuple[tuple[str, Function], ...] = (
    ("after_commit", _after_commit),
    ("after_soft_rollback", _after_soft_rollback),
    ("before_flush", _before_flush),
    ("after_flush", _after_flush),
)
WRAPS: tuple[Wrap, ...] = (
    Wrap(Session, "expire_all", _around_expire_all),
    Wrap(Session, "refresh", _around_refresh),
    Wrap(Session, "_conditional_expire", _around_conditional_expire),
    Wrap(InstanceState, "_expire_attributes", _around_expire_attributes),
    Wrap(InstanceState, "_detach_states", _around_detach_states),
    Wrap(loading, "instances", _around_instances),
    Wrap(loading, "_populate_partial", _around_populate_partial),
    Wrap(AsyncSession, "__aexit__", _around_exit),
    Wrap(_AsyncSessionContextManager, "__aexit__", _around_exit),
)


class Wrapping:
    """Functions that are wrapped, as one thing to put in place and to take away."""

    def __init__(self, wraps: Iterable[Wrap]) -> None:
        self._wraps = tuple(wraps)
        self._replaced: list[tuple[Any, str, object]] = []

    def attach(self) -> None:
        """Put everything in place.

        Raises:
            RuntimeError: This version of SQLAlchemy lacks a function that is needed; nothing is in place then.
        """
        missing = [f"{wrap.owner.__name__}.{wrap.name}" for wrap in self._wraps if wrap.name not in vars(wrap.owner)]
        if missing:
            raise RuntimeError(f"greenroom.monitor does not know SQLAlchemy {sqlalchemy.__version__}: it has no {', '.join(missing)}")
        for wrap in self._wraps:
            original = vars(wrap.owner)[wrap.name]
            self._replaced.append((wrap.owner, wrap.name, original))
            bound = isinstance(original, classmethod)
            function = wrap.around(getattr(wrap.owner, wrap.name) if bound else original)
            setattr(wrap.owner, wrap.name, classmethod(function) if bound else function)

    def detach(self) -> None:
        """Take everything away again."""
        while self._replaced:
            owner, name, original = self._replaced.pop()
            setattr(owner, name, original)


class Hooks:
    """What the monitor needs to explain errors."""

    def __init__(self, raised: Callable[[BaseException], None]) -> None:
        errors = (
            Wrap(HasDescriptionCode, "__init__", _around_error(raised, of_statements=False)),
            Wrap(StatementError, "__init__", _around_error(raised, of_statements=True)),
        )
        self._wrapping = Wrapping((*WRAPS, *errors))

    def attach(self) -> None:
        """Begin; see `Wrapping.attach`."""
        self._wrapping.attach()
        for name, listener in EVENTS:
            event.listen(Session, name, listener)

    def detach(self) -> None:
        """End."""
        for name, listener in EVENTS:
            event.remove(Session, name, listener)
        self._wrapping.detach()
