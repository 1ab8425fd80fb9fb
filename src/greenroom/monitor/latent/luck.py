"""What is known of an object beyond its load state: what is in memory only because somebody else put it there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import InstanceState

from greenroom.monitor.hooks import last_load
from greenroom.monitor.latent.code import by_test
from greenroom.monitor.moments import Moment, history_of

_LUCK = "_greenroom_luck"
EAGER = frozenset({False, "joined", "selectin", "subquery", "immediate"})
"""Values of ``lazy`` by which a query loads a relationship with its object."""


class Luck:
    """Of one object: relationships that a test loaded and the application's own query would not have, and when that query found it."""

    __slots__ = ("found", "left_over")

    def __init__(self) -> None:
        self.found: Moment | None = None
        self.left_over: dict[str, Moment] = {}


def luck_of(state: InstanceState[Any]) -> Luck | None:
    """Return what is known of an object, if anything is."""
    return state.__dict__.get(_LUCK)


def found(state: InstanceState[Any], moment: Moment, loaded: Collection[str]) -> None:
    """Note that a query of the application found an object in the session, which it would have loaded with the relationships ``loaded``.

    A query of a test is the test's own affair.
    """
    if by_test(moment):
        return
    luck = state.__dict__.get(_LUCK)
    if luck is None:
        luck = state.__dict__[_LUCK] = Luck()
    luck.found = moment
    session = state.session
    source = last_load(state, history_of(session)) if session is not None else None
    for key in (prop.key for prop in state.mapper.relationships):
        if key in loaded:
            luck.left_over.pop(key, None)
        elif source is not None and by_test(source) and key in state.dict:
            luck.left_over[key] = source


def loaded_afresh(state: InstanceState[Any]) -> None:
    """Forget what was known: a query has loaded the object as it is."""
    state.__dict__.pop(_LUCK, None)


def by_default(state: InstanceState[Any]) -> frozenset[str]:
    """Return the relationships that come with an object unless an option says otherwise."""
    return frozenset(prop.key for prop in state.mapper.relationships if prop.lazy in EAGER)
