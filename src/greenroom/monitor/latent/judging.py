"""Luck or design? What tells them apart is where the value came from, and whether the code that reads it asked for it.

* Where a load would be legal nothing is luck but the load itself: in a synchronous session, and in SQLAlchemy's own greenlets.
* Under ``run_sync`` a lazy load runs legally. It is luck when a function of the application stands at the bottom of the greenlet and
  another one reads, which has no session and so cannot know where it runs. The function that ``run_sync`` was given, functions that have
  the synchronous session in their hands, ``awaitable_attrs`` and SQLAlchemy's own operations load by design.
* A to-one that the identity map answers is design when its target came with the same query, was looked up after its owner was there (so
  that the owner's key could be asked for), or when the owner's query asked for the owners of this very target. It is luck when the target
  was there before, for another reason: it holds for this row and not for the next.
* A relationship that a test put into memory is luck when the application's own query found the object and would not have loaded it.
* After a commit of a session that a test made with ``expire_on_commit=False``, where all of the application's factories expire, what the
  application reads without asking for the object again is luck.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

from sqlalchemy.orm import InstanceState, RelationshipProperty, Session
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter

from greenroom.monitor.hooks import last_load
from greenroom.monitor.latent.code import by_application, by_test, is_test
from greenroom.monitor.latent.luck import luck_of
from greenroom.monitor.latent.wording import MENDS, MESSAGES
from greenroom.monitor.moments import Moment, history_of, known_marks, latest
from greenroom.monitor.places import Role, application, frames, getcurrent, innermost, stack
from greenroom.monitor.scopes import present
from greenroom.trace import Cause, Incident, Kind

_STATEMENTS = "_greenroom_statements"
_PROVIDER = "__sqlalchemy_greenlet_provider__"
_GREENLET = "_AsyncIoGreenlet"
"""The class of those greenlets, which is their only sign in early versions of 2.0."""


class Judge:
    """Looks at reads that went well; ``report`` hears of those that did by luck."""

    def __init__(self, report: Callable[[Incident], None]) -> None:
        self._report = report
        self.queries = 0
        """How many queries have loaded objects so far in this process."""

    def queried(self, context: Any) -> None:
        """Count a query, and keep its statement for the time of its session."""
        self.queries += 1
        statements = context.session.__dict__.setdefault(_STATEMENTS, {})
        statements[self.queries] = (context.query, context.params)

    def present(self, state: InstanceState[Any], key: str, frame: FrameType) -> None:
        """Look at a read of a value that is in memory."""
        session = state.session
        if session is None or key in state.committed_state:
            return
        history, luck = history_of(session), luck_of(state)
        if luck is not None and key in luck.left_over:
            self._lucky(Kind.LEFT_OVER, state, key, luck.left_over[key], frame)
        elif history.withheld is not None:
            asked = latest(last_load(state, history), luck.found if luck is not None else None, known_marks(state).refreshed)
            if asked is None or asked.order < history.withheld.order:
                self._lucky(Kind.KINDER_SESSION, state, key, history.withheld, frame)

    def answered(self, state: InstanceState[Any], key: str, value: object, *, queried: bool, frame: FrameType) -> None:
        """Look at a read that had to be answered by somebody."""
        if queried:
            if _unaware_within_run_sync(frame):
                self._lucky(Kind.LOADED_IN_GREENLET, state, key, None, frame)
            return
        session, prop = state.session, state.mapper.attrs.get(key)
        if session is not None and isinstance(prop, RelationshipProperty) and hasattr(value, "_sa_instance_state"):
            target = _came_by_chance(session, state, prop, instance_state(value))
            if target is not None:
                self._lucky(Kind.IDENTITY_MAP, state, key, target, frame)

    def _lucky(self, kind: Kind, state: InstanceState[Any], key: str, origin: Moment | None, frame: FrameType) -> None:
        reader = innermost(frame)
        scope = present()
        if not (by_application(reader) if reader is not None else scope is not None and scope.about().endpoint is not None):
            return  # a test may look at what it has arranged
        if kind is not Kind.LOADED_IN_GREENLET and (_in_greenlet() or state.async_session is None):
            return  # without the luck it would have been loaded, legally
        lines, model = stack(frame), state.class_.__name__
        place = origin.place if origin is not None else None
        at = f" at {place}" if place is not None else ""
        self._report(
            Incident(
                kind=kind,
                error="",
                message=MESSAGES[kind].format(subject=f"{model}.{key}", at=at),
                mend=MENDS[kind],
                model=model,
                attribute=key,
                cause=origin.cause if origin is not None else Cause.UNKNOWN,
                origin=place,
                place=lines[0] if lines else None,
                stack=lines,
            )
        )


def _in_greenlet() -> bool:
    """Whether SQLAlchemy runs what runs now in a greenlet that may do IO."""
    current = getcurrent()
    return bool(getattr(current, _PROVIDER, False)) or type(current).__name__ == _GREENLET


def _unaware_within_run_sync(frame: FrameType) -> bool:
    """Whether a function of the application stands at the bottom of the greenlet, and another one reads that does not know of it."""
    if not _in_greenlet():
        return False
    bottom: FrameType = frame
    while bottom.f_back is not None:
        bottom = bottom.f_back
    if application.role(bottom.f_code.co_filename) is not Role.APPLICATION or is_test(bottom.f_code.co_filename):
        return False
    reader = bottom
    for one, role in frames(frame):
        if one is bottom or (role is Role.APPLICATION and not one.f_code.co_name.startswith("<")):  # a lambda is part of its function
            reader = one
            break
    return reader is not bottom and not _has_session(reader)


def _has_session(frame: FrameType) -> bool:
    """Whether a function has a synchronous session, in a variable or as an attribute of its object."""
    variables = frame.f_locals
    attributes = getattr(variables.get("self"), "__dict__", {})
    return any(isinstance(value, Session) for value in (*variables.values(), *attributes.values()))


def _came_by_chance(
    session: Session, owner: InstanceState[Any], prop: RelationshipProperty[Any], target: InstanceState[Any]
) -> Moment | None:
    """Return when the target of a to-one came into the session, if that had nothing to do with its owner."""
    history = history_of(session)
    mine, its = last_load(owner, history), last_load(target, history)
    if mine is None or its is None or mine is known_marks(owner).inserted or _same(mine, its):
        return None
    if by_test(its) and not by_test(mine):
        return its
    if its.order > mine.order or _asked_for(session, prop, target):
        return None
    return its


def _same(one: Moment, other: Moment) -> bool:
    """Whether two queries are one to the application: what a loader option adds runs at the line of the query that it belongs to."""
    return one.code is other.code and one.line == other.line


def _asked_for(session: Session, prop: RelationshipProperty[Any], target: InstanceState[Any]) -> bool:
    """Whether a query of the session asked for rows whose foreign key is that of ``target``."""
    identity = target.key[1] if target.key is not None else ()
    columns = {column for column, _ in prop.local_remote_pairs or ()}
    return any(_compares(statement, params, columns, identity) for statement, params in session.__dict__.get(_STATEMENTS, {}).values())


def _compares(statement: Any, params: Any, columns: set[Any], identity: tuple[Any, ...]) -> bool:
    where = getattr(statement, "whereclause", None)
    if where is None:
        return False
    for clause in visitors.iterate(where):
        if isinstance(clause, BinaryExpression) and clause.operator in {operators.eq, operators.in_op}:
            sides = (clause.left, clause.right)
            if any(getattr(side, "key", None) in {column.key for column in columns} for side in sides):
                values = [_value(side, params) for side in sides if isinstance(side, BindParameter)]
                if any(value in identity or (isinstance(value, (list, tuple, set)) and set(value) & set(identity)) for value in values):
                    return True
    return False


def _value(parameter: BindParameter[Any], params: Any) -> Any:
    given = params.get(parameter.key) if isinstance(params, dict) else None
    return parameter.effective_value if given is None else given
