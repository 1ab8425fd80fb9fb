"""The table of a state machine: its rows, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncSession

from greenroom.kit.workflow.effects import Clear, Effect

State = TypeVar("State", bound=StrEnum)


class WorkflowError(ValueError):
    """The table contradicts itself or the model, or is asked for what it cannot know: a fault of the program."""


@dataclass(frozen=True, slots=True)
class Firing:
    """What a guard is told: the record as read, the values that the caller gives, and who asks (whatever ``fire`` was given)."""

    session: AsyncSession
    record: Any
    values: Mapping[str, object]
    by: Any


Guard = Callable[[Firing], "str | Awaitable[str | None] | None"]
"""Returns why not, or None. It may also raise a problem of its own: ``Forbidden``, say."""


@dataclass(frozen=True, slots=True)
class Transition(Generic[State]):
    """One row: what it is called, from which states, to which one, on what condition, and what it sets."""

    name: str
    sources: Collection[State]
    target: State
    guard: Guard | None = None
    effects: tuple[Effect, ...] = field(default=())


def faults(
    states: type[StrEnum], rows: Collection[Transition[Any]], initial: Collection[StrEnum], final: Collection[StrEnum]
) -> Iterator[str]:
    """Yield what is wrong with a table, without its effects."""
    known = set(states)
    named = [*initial, *final, *(state for row in rows for state in (*row.sources, row.target))]
    if unknown := sorted({str(state) for state in named if state not in known}):
        yield f"{', '.join(unknown)}: no state of {states.__name__}"
        return
    if not initial:
        yield "no state is initial"
    yield from _ambiguous(rows)
    left = {state for row in rows for state in row.sources}
    if open_ends := [state for state in states if state not in left and state not in final]:
        yield f"no row leaves {', '.join(open_ends)}, and it is not declared final"
    if ended := [state for state in states if state in left and state in final]:
        yield f"{', '.join(ended)}: declared final, and a row leaves it"
    if lost := [state for state in states if state not in _reached(rows, initial)]:
        yield f"{', '.join(lost)}: cannot be reached from an initial state"


def _ambiguous(rows: Collection[Transition[Any]]) -> Iterator[str]:
    by_target: dict[tuple[StrEnum, StrEnum], str] = {}
    by_name: dict[tuple[StrEnum, str], StrEnum] = {}
    for row in rows:
        if not row.sources:
            yield f"{row.name!r} leaves no state"
        for source in sorted(row.sources):
            if source == row.target:
                yield f"{row.name!r} leads from {source} to itself, which is no transition"
            if (other := by_target.setdefault((source, row.target), row.name)) != row.name:
                yield f"{other!r} and {row.name!r} both lead from {source} to {row.target}"
            if (target := by_name.setdefault((source, row.name), row.target)) != row.target:
                yield f"{row.name!r} leads from {source} to {target} and to {row.target}"


def _reached(rows: Collection[Transition[Any]], initial: Collection[StrEnum]) -> set[StrEnum]:
    reached: set[StrEnum] = set()
    fresh = set(initial)
    while fresh:
        reached |= fresh
        fresh = {row.target for row in rows if not reached.isdisjoint(row.sources)} - reached
    return reached


def faults_of_effects(rows: Collection[Transition[Any]], columns: Mapping[str, Column[Any]], own: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the effects; ``own`` are the columns that only the workflow itself sets."""
    for row in rows:
        seen: set[str] = set()
        for effect in row.effects:
            name = effect.column
            if name not in columns:
                yield f"{row.name!r} sets {name!r}, which is no column"
            elif name in own:
                yield f"{row.name!r} sets {name!r}, which the workflow itself keeps"
            elif name in seen:
                yield f"{row.name!r} sets {name!r} twice"
            elif isinstance(effect, Clear) and not columns[name].nullable:
                yield f"{row.name!r} clears {name!r}, which is NOT NULL"
            seen.add(name)
