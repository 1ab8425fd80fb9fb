"""Why an attribute is absent: what SQLAlchemy keeps of an object, and what its session has done, put together when a read fails."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.orm import ColumnProperty, InstanceState, RelationshipProperty

from greenroom.monitor.hooks import last_load
from greenroom.monitor.moments import History, Marks, Moment, history_of, known_marks, latest, left_of
from greenroom.trace import Cause


class Why(NamedTuple):
    """A cause, and the operation that is to blame."""

    cause: Cause
    moment: Moment | None = None


def why(state: InstanceState[Any], key: str) -> Why:
    """Say why ``key`` of an object is absent."""
    marks = known_marks(state)
    history, whole = _past(state)
    expired = latest(whole, marks.expired)
    prop = state.mapper.attrs.get(key)
    if isinstance(prop, RelationshipProperty):
        return _relationship(state, key, marks, history, expired)
    return _column(state, key, marks, history, expired)


def _past(state: InstanceState[Any]) -> tuple[History, Moment | None]:
    """Return the history of the session that the object is or was in, and what last expired all of it meanwhile."""
    session, left = state.session, left_of(state)
    if session is None:
        return History(), left.whole if left is not None else None
    history = history_of(session)
    if left is None:
        return history, history.whole
    # It has left a session before. What befell the one that it is in now counts from then on.
    here = history.whole
    return history, here if here is not None and here.order > left.moment.order else left.whole


def _relationship(state: InstanceState[Any], key: str, marks: Marks, history: History, expired: Moment | None) -> Why:
    loaded = last_load(state, history)
    dropped = marks.keys.get(key)
    last = latest(loaded, expired, dropped)
    if last is None:
        return Why(Cause.EXPIRE if state.expired else Cause.NEVER_LOADED)
    if last is loaded:
        return Why(Cause.NEW if loaded is marks.inserted else loaded.cause, loaded)
    return Why(Cause.EXPIRE if last.cause is Cause.GENERATED else last.cause, last)


def _column(state: InstanceState[Any], key: str, marks: Marks, history: History, expired: Moment | None) -> Why:
    loaded = last_load(state, history)
    dropped = marks.keys.get(key)
    last = latest(expired, dropped)
    if _deferred(state, key) and not (state.load_options and last is not None and last is latest(last, loaded)):
        return Why(Cause.DEFERRED, loaded)
    # What was expired and is not any more may have been loaded again in parts: by a refresh of single attributes, or by load_only.
    if last is not None and (last is latest(last, loaded) or marks.unloaded is not None or marks.reloaded is not None):
        return Why(last.cause, last)
    if state.expired:
        return Why(Cause.EXPIRE)
    return Why(Cause.NEVER_LOADED if loaded is None else loaded.cause, loaded)


def _deferred(state: InstanceState[Any], key: str) -> bool:
    """Whether a column is absent because the mapping or the query defers it; an option may have undeferred it before it was expired."""
    prop = state.mapper.attrs.get(key)
    return key not in state.expired_attributes or (isinstance(prop, ColumnProperty) and prop.deferred)
