"""Loads that nobody awaits: refused, with the name of what to write instead.

An attribute that is not loaded makes the ORM read it. Where that happens outside of an awaited call, SQLAlchemy can only raise
``MissingGreenlet``, with a page that names neither class nor attribute; here the session refuses before, and names both.

It is a hook of the session and no option of the mapping: it holds for any mapped class, for columns as for relationships, and needs
nothing of the models. Inside ``run_sync``, ``awaitable_attrs`` and what the session itself does while it is awaited (cascades,
refresh, loader options), IO is legal, and nothing is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import InstanceState, ORMExecuteState, RelationshipProperty
from sqlalchemy.util.concurrency import in_greenlet

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


_SYNCHRONOUS = (
    "a statement was executed outside of an awaited call: write `await session.exec(...)`, "
    "or `await session.run_sync(...)` around synchronous code"
)


class ImplicitLoadError(InvalidRequestError):
    """An attribute was read that is not loaded, or a statement executed without ``await``; nothing was sent to the database."""


def forbid_implicit_loads(sessions: type[Session]) -> None:
    """Make the sessions of a class raise ``ImplicitLoadError`` in place of loading without ``await``."""
    event.listen(sessions, "do_orm_execute", _refuse)


def _refuse(execution: ORMExecuteState) -> None:
    if in_greenlet():
        return
    raise ImplicitLoadError(_message(execution))


def _message(execution: ORMExecuteState) -> str:
    if execution.is_select:
        owner = execution.lazy_loaded_from
        if owner is not None:
            return _of_relationship(execution, owner)
        # The state that is refreshed, and the attributes asked for, have no public name.
        refreshed = getattr(execution.load_options, "_refresh_state", None)
        if refreshed is not None:
            return _of_columns(refreshed, getattr(getattr(execution.statement, "_compile_options", None), "_only_load_props", None))
    return _SYNCHRONOUS


def _of_relationship(execution: ORMExecuteState, owner: InstanceState[Any]) -> str:
    path = execution.loader_strategy_path
    steps = list(path.path) if path is not None else []
    key = next((step.key for step in reversed(steps) if isinstance(step, RelationshipProperty)), "…")
    name = f"{owner.mapper.class_.__name__}.{key}"
    return (
        f"{name} is not loaded, and reading it would load it without `await`: "
        f"add `.options(selectinload({name}))` to the statement that reads the {owner.mapper.class_.__name__}"
        f", or `await session.refresh(…, [{key!r}])`"
    )


def _of_columns(state: InstanceState[Any], asked: Collection[str] | None) -> str:
    mapper = state.mapper
    entity = mapper.class_.__name__
    names = sorted(state.unloaded.intersection(asked or state.expired_attributes))
    listed = ", ".join(f"{entity}.{name}" for name in names) or entity
    refresh = f"`await session.refresh(…, {names!r})`"
    condition, option = "not loaded", ", ".join(f"undefer({entity}.{name})" for name in names)
    if names and mapper.inherits is not None and not any(name in mapper.inherits.attrs for name in names):
        # A query of the base class leaves out what its subclasses have beside, and marks it as expired.
        option = f"selectin_polymorphic({mapper.base_mapper.class_.__name__}, [{entity}])"
    elif not names or state.expired_attributes.intersection(names):
        condition, option = "expired", ""
    cure = f"add `.options({option})` to the statement that reads the {entity}, or {refresh}" if option else refresh
    return f"{listed}: {condition}, and reading it would load it without `await`: {cure}"
