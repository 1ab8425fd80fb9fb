"""Abstract values: what a variable or an expression may stand for.

A value is one *atom* or a :class:`Choice` among atoms. Atoms are immutable; everything that can change lives in the heap
and is reached by :class:`Ref`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from greenroom.domain.plans import NOTHING, Plan
from greenroom.facts.records import MappedClass
from greenroom.program.symbols import Class, External, Function, Module
from greenroom.program.types import TypeRef


@dataclass(frozen=True, slots=True)
class Const:
    """A constant of the source."""

    value: object


@dataclass(frozen=True, slots=True)
class Anything:
    """A value nothing is known of, but perhaps its type and, by ``token``, its identity."""

    type: TypeRef | None = None
    token: object = None


@dataclass(frozen=True, slots=True)
class Ref:
    """An object in the heap."""

    id: int


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the project."""

    symbol: Class


@dataclass(frozen=True, slots=True)
class Library:
    """A class, function or module of a library, by its dotted path."""

    symbol: External


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the project."""

    module: Module


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A function of the project; ``receiver`` is what a method is bound to, ``captured`` the variables of a closure."""

    function: Function
    receiver: Value | None = None
    captured: Mapping[str, Value] | None = None
    frame: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionValue) and self.function.node is other.function.node and self.receiver == other.receiver

    def __hash__(self) -> int:
        return hash(id(self.function.node))


@dataclass(frozen=True, slots=True)
class Method:
    """A library method bound to its receiver: ``session.commit``."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial`` of a callable."""

    callee: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """An awaitable that has not been awaited: the call happens when it is."""

    callee: Value
    args: Arguments
    node: ast.AST
    module: Module

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pending) and self.node is other.node

    def __hash__(self) -> int:
        return hash(id(self.node))


@dataclass(frozen=True, slots=True)
class Arguments:
    """Evaluated call arguments; ``open`` when an argument list of unknown length was spread into them."""

    positional: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value], ...] = ()
    open: bool = False
    spread: tuple[Value, ...] = field(default=(), compare=False)
    """What was spread into them by name without saying for certain which names it has."""

    def get(self, position: int | None, name: str | None = None) -> Value | None:
        """The argument at ``position`` or called ``name``."""
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return next((value for key, value in self.named if key == name), None) if name is not None else None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a mapped class: ``User.posts``."""

    mapped: MappedClass
    name: str


@dataclass(frozen=True, slots=True)
class SqlExpression:
    """A SQL expression; ``evaluable`` when SQLAlchemy can compute it in Python (``User.n + 1``)."""

    evaluable: bool = False
    equal: tuple[tuple[str, Value], ...] = ()
    """For ``Model.attribute == value`` and conjunctions of such: what is equal to what."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What one column of a result row holds: objects of a mapped class, or plain values when ``mapped`` is None."""

    mapped: MappedClass | None
    name: str | None = None
    polymorphic: bool = False


@dataclass(frozen=True, slots=True)
class Aliased:
    """``aliased(Model)`` or ``with_polymorphic(Model, ...)``."""

    symbol: Class
    polymorphic: bool = False


@dataclass(frozen=True, slots=True)
class DynamicQuery:
    """A ``lazy="dynamic"`` relationship: a query that runs whenever it is walked."""

    owner: int
    name: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A select, insert, update or delete under construction."""

    kind: str
    entities: tuple[Entity, ...] = ()
    plans: tuple[tuple[MappedClass | None, Plan], ...] = ()
    equal: tuple[tuple[str, Value], ...] = ()
    restricted: bool = False
    assigned: tuple[tuple[str, Value], ...] = ()
    populate_existing: bool = False
    synchronize: bool = True
    returning: bool = False
    textual: bool = False
    lenient: bool = False
    """Whether it says what to do about conflicts (``ON CONFLICT``, ``ON DUPLICATE KEY``)."""
    only: frozenset[str] | None = None
    """The columns that a textual SELECT names, when they can be read off."""

    def plan_for(self, mapped: MappedClass) -> Plan:
        """All options that start at ``mapped``."""
        plan = NOTHING
        for owner, options in self.plans:
            if owner is None or owner is mapped or _related(owner, mapped):
                plan = plan.merge(options)
        return plan


def _related(one: MappedClass, other: MappedClass) -> bool:
    ancestor: MappedClass | None = one
    while ancestor is not None:
        if ancestor is other:
            return True
        ancestor = ancestor.parent
    ancestor = other
    while ancestor is not None:
        if ancestor is one:
            return True
        ancestor = ancestor.parent
    return False


@dataclass(frozen=True, slots=True)
class LoaderOption:
    """``selectinload(User.posts).joinedload(Post.author)``: the plan from the first class on, and the open end of the chain."""

    owner: MappedClass | None
    plan: Plan
    path: tuple[str, ...] = ()
    tail: MappedClass | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A result: ``elements`` is the value of one row as this result's shape presents it."""

    element: Value
    scalars: bool
    row: tuple[Value, ...] = ()
    stream: bool = False
    """A result whose fetching methods are awaited."""


@dataclass(frozen=True, slots=True)
class Factory:
    """A session factory, or the options of a session to be made."""

    expire_on_commit: bool | None
    autoflush: bool | None
    is_async: bool
    cls: Class | None = None
    """The project's own subclass of the session class."""
    scope: ast.AST | None = None
    """Where the factory was made one that gives the same session in the whole of a task."""
    engine: ast.AST | None = None
    """The call that made the engine of its sessions, where that outlives every event loop: one of module level with a pool."""
    foreign: bool = False
    """Whether who makes the sessions is not in sight: it may commit when a block of them ends."""


@dataclass(frozen=True, slots=True)
class Block:
    """A context manager of a session: ``begin``, ``begin_nested``, ``no_autoflush``."""

    session: Value
    kind: str


@dataclass(frozen=True, slots=True)
class Managed:
    """A context manager made by a generator function of the project."""

    generator: Pending


@dataclass(frozen=True, slots=True)
class Parent:
    """``super()``."""

    receiver: Value
    after: Class


@dataclass(frozen=True, slots=True)
class Awaitables:
    """``obj.awaitable_attrs``."""

    owner: Value


@dataclass(frozen=True, slots=True)
class Inspection:
    """``inspect(obj)``."""

    owner: Value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several atoms."""

    atoms: tuple[Value, ...]


Value: TypeAlias = (
    Const
    | Anything
    | Ref
    | ClassValue
    | Library
    | ModuleValue
    | FunctionValue
    | Method
    | Partial
    | Pending
    | Attribute
    | SqlExpression
    | Statement
    | LoaderOption
    | Rows
    | Factory
    | Block
    | Aliased
    | DynamicQuery
    | Managed
    | Parent
    | Awaitables
    | Inspection
    | Choice
)

NONE = Const(None)
MADE = frozenset({"made", "error", "range", "enum", "member"})
"""First parts of the tokens of values that are there for certain: texts, numbers, caught exceptions."""
ANYTHING = Anything()
THERE = Anything(None, ("made",))
"""Something that is not None."""
WIDEST_CHOICE = 12
PLAIN_CHOICE = 4
"""Constants and other plain data kept apart in one value."""


def atoms(value: Value) -> tuple[Value, ...]:
    """The alternatives of a value."""
    return value.atoms if isinstance(value, Choice) else (value,)


_PLAIN = frozenset({Const, Anything})


def join_values(one: Value, other: Value) -> Value:
    """A value that covers both; the widest choices fall back to :data:`ANYTHING`."""
    if one is other:
        return one
    known = one.atoms if type(one) is Choice else (one,)
    added = [atom for atom in (other.atoms if type(other) is Choice else (other,)) if atom not in known]
    if not added:
        return one
    merged = [*known, *added]
    if len(merged) > PLAIN_CHOICE and sum(1 for atom in merged if type(atom) in _PLAIN) > PLAIN_CHOICE:
        merged = [*(atom for atom in merged if type(atom) not in _PLAIN or atom == NONE), ANYTHING]
    if len(merged) > WIDEST_CHOICE:
        merged = [*[atom for atom in merged if isinstance(atom, Ref | FunctionValue | Partial)][: WIDEST_CHOICE - 1], ANYTHING]
    return merged[0] if len(merged) == 1 else Choice(tuple(merged))


def join_all(values: Iterable[Value]) -> Value:
    """A value that covers all of ``values``; :data:`ANYTHING` where there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join_values(result, value)
    return ANYTHING if result is None else result
