"""Where reads are looked at that went well: every read, every row, and what makes sessions."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import InstanceState, Mapper, Session, loading, sessionmaker
from sqlalchemy.orm.attributes import InstrumentedAttribute, instance_state

from greenroom.monitor.hooks import ATTRIBUTE_IMPL, Function, Wrap, Wrapping, query_of
from greenroom.monitor.latent import factories, luck
from greenroom.monitor.latent.code import by_test
from greenroom.monitor.latent.judging import Judge
from greenroom.monitor.moments import history_of, now
from greenroom.trace import Cause

_FIRE = "_fire_loader_callables"


def _around_get(judge: Judge) -> Callable[[Function], Function]:
    """Wrap the read of a mapped attribute, to look at those whose value is in memory."""

    def around(original: Function) -> Function:
        @functools.wraps(original)
        def __get__(self: InstrumentedAttribute[Any], instance: object, owner: Any) -> Any:  # noqa: N807  # the name that it has
            if instance is not None and self.key in instance.__dict__:
                judge.present(instance_state(instance), self.key, sys._getframe(1))
            return original(self, instance, owner)

        return __get__

    return around


def _around_fire(judge: Judge) -> Callable[[Function], Function]:
    """Wrap the place where SQLAlchemy decides to load, to look at what went well."""

    def around(original: Function) -> Function:
        @functools.wraps(original)
        def _fire_loader_callables(self: Any, state: InstanceState[Any], key: str, passive: Any) -> Any:
            before = judge.queries
            value = original(self, state, key, passive)
            judge.answered(state, key, value, queried=judge.queries != before, frame=sys._getframe(1))
            return value

        return _fire_loader_callables

    return around


def _around_instances(judge: Judge) -> Callable[[Function], Function]:
    def around(original: Function) -> Function:
        @functools.wraps(original)
        def instances(cursor: Any, context: Any) -> Any:
            judge.queried(context)
            return original(cursor, context)

        return instances

    return around


def _around_instance_processor(original: Function) -> Function:
    """Wrap what makes an object of a row, to tell those that were in the session already."""

    @functools.wraps(original)
    def _instance_processor(
        query_entity: Any, mapper: Mapper[Any], context: Any, result: Any, path: Any, *rest: Any, **options: Any
    ) -> Any:
        process = original(query_entity, mapper, context, result, path, *rest, **options)
        if context.refresh_state is not None:
            return process
        eager: frozenset[str] | None = None

        def _instance(row: Any) -> Any:
            nonlocal eager
            instance = process(row)
            if instance is not None:
                state = instance_state(instance)
                if state.runid == context.runid:
                    luck.loaded_afresh(state)
                    return instance
                moment = query_of(context)
                if moment is not None:
                    eager = _eager(mapper, context, path) if eager is None else eager
                    luck.found(state, moment, eager)
            return instance

        return _instance

    return _instance_processor


def _eager(mapper: Mapper[Any], context: Any, path: Any) -> frozenset[str]:
    """Return the relationships that a query loads with the objects at a path of it."""
    keys = set()
    for prop in mapper.relationships:
        option = prop._get_context_loader(context, path)
        strategy = prop._get_strategy(option.strategy) if option is not None and option.strategy else prop.strategy
        if not luck.EAGER.isdisjoint(value for name, value in strategy.strategy_key or () if name == "lazy"):
            keys.add(prop.key)
    return frozenset(keys)


def _around_identity_lookup(original: Function) -> Function:
    """Wrap what answers ``get`` from the identity map; a lazy load that asks it says from which object."""

    @functools.wraps(original)
    def _identity_lookup(self: Session, *arguments: Any, lazy_loaded_from: Any = None, **options: Any) -> Any:
        instance = original(self, *arguments, lazy_loaded_from=lazy_loaded_from, **options)
        if lazy_loaded_from is None and hasattr(instance, "_sa_instance_state"):
            state = instance_state(instance)
            luck.found(state, now(Cause.NEVER_LOADED), luck.by_default(state))
        return instance

    return _identity_lookup


def _around_factory(original: Function) -> Function:
    @functools.wraps(original)
    def __init__(self: Any, *arguments: Any, **options: Any) -> None:  # noqa: N807  # the name that it has
        original(self, *arguments, **options)
        factories.factory_made(self.kw)

    return __init__


def _around_session(original: Function) -> Function:
    @functools.wraps(original)
    def __init__(self: Session, *arguments: Any, **options: Any) -> None:  # noqa: N807  # the name that it has
        original(self, *arguments, **options)
        factories.session_made(self)

    return __init__


def _after_commit(session: Session) -> None:
    if factories.is_kinder(session) and session.get_nested_transaction() is None:
        moment = now(Cause.COMMIT)
        if not by_test(moment):  # what a test commits to arrange things, nobody commits in production
            history_of(session).withheld = moment


class LatentHooks:
    """What the monitor needs to see luck."""

    def __init__(self, judge: Judge) -> None:
        self._wrapping = Wrapping(
            (
                Wrap(InstrumentedAttribute, "__get__", _around_get(judge)),
                Wrap(ATTRIBUTE_IMPL, _FIRE, _around_fire(judge)),
                Wrap(loading, "instances", _around_instances(judge)),
                Wrap(loading, "_instance_processor", _around_instance_processor),
                Wrap(Session, "_identity_lookup", _around_identity_lookup),
                Wrap(Session, "__init__", _around_session),
                Wrap(sessionmaker, "__init__", _around_factory),
                Wrap(async_sessionmaker, "__init__", _around_factory),
            )
        )

    def attach(self) -> None:
        """Begin; see `Wrapping.attach`."""
        self._wrapping.attach()
        event.listen(Session, "after_commit", _after_commit)

    def detach(self) -> None:
        """End, and forget the factories."""
        event.remove(Session, "after_commit", _after_commit)
        self._wrapping.detach()
        factories.forget()
