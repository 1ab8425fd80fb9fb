"""The identity map: what a session answers from memory, and what a query does to objects that it holds already."""

from __future__ import annotations

import ast
from collections.abc import Container

from greenroom.domain.heap import PERSISTENT, Collection, OrmObject
from greenroom.domain.loading import DEFERRED, DROPPED, IS_LOADED, LAZY, LOADED, RAISING, REFRESHED_AWAY, LoadState, Origin, absent
from greenroom.domain.plans import NOTHING, Plan
from greenroom.domain.state import State
from greenroom.domain.values import (
    Anything,
    Attribute,
    ClassValue,
    Const,
    LoaderOption,
    Ref,
    Statement,
    Value,
    atoms,
)
from greenroom.facts.records import Direction, MappedClass, Relationship
from greenroom.interpret.run import Run
from greenroom.interpret.session.answers import many_to_one
from greenroom.interpret.session.materialise import column_states, condition_of, load, reach, related_value, strategy_of
from greenroom.semantics.strategies import AFTER_LOAD


def mapped_of(run: Run, value: Value | None) -> MappedClass | None:
    """The mapped class that a value names."""
    if isinstance(value, ClassValue):
        return run.backend.mapped(value.symbol)
    if isinstance(value, Attribute):
        return value.mapped
    return None


def find(state: State, session: int, mapped: MappedClass, identity: Value | None) -> int | None:
    """The object of the identity map with this primary key, when the analysis knows it to be the same."""
    if identity is None or (isinstance(identity, Anything) and identity.token is None):
        return None
    for key, record in state.kin_of(session, mapped.symbol):
        if record.mapped is mapped and record.life & PERSISTENT and not record.many:
            primary = mapped.primary_key
            token = ("attribute", key, primary[0]) if len(primary) == 1 else None
            if record.key == identity or (token is not None and isinstance(identity, Anything) and identity.token == token):
                return key
    return None


def plan_of(state: State, value: Value | None, mapped: MappedClass) -> Plan:
    """The plan that loader options make for one class."""
    plan = NOTHING
    for option in options_in(state, value):
        if option.owner is None or option.owner is mapped or _kin(option.owner, mapped):
            plan = plan.merge(option.plan)
    return plan


def _kin(one: MappedClass, other: MappedClass) -> bool:
    return Statement("", plans=((one, Plan(wildcard="x")),)).plan_for(other).wildcard == "x"


def options_in(state: State, value: Value | None) -> list[LoaderOption]:
    """All loader options in a value or in a list of them."""
    if value is None:
        return []
    found: list[LoaderOption] = []
    for atom in atoms(value):
        if isinstance(atom, LoaderOption):
            found.append(atom)
        elif isinstance(atom, Attribute):  # a repository of advanced-alchemy takes the relationship itself
            found.append(LoaderOption(atom.mapped, Plan({atom.name: ("selectin", NOTHING)})))
        record = state.record(atom)
        if isinstance(record, Collection):
            for item in (*(record.items or ()), *((record.element,) if record.element is not None else ())):
                found.extend(options_in(state, item))
    return found


def fetch(
    run: Run, state: State, session: int | None, mapped: MappedClass, plan: Plan, node: ast.AST, *,
    identity: Value | None = None, many: bool = False, restricted: bool = True, populate: bool = False, by_key: bool = False,
    extra: object = None,
) -> int:  # fmt: skip
    """An object that a SELECT returns: the one already in the session when it is known to be the same row.

    ``by_key``: the session is asked first (``get``), and no SELECT fills what an object that it holds already lacks.
    """
    if session is not None:
        existing = find(state, session, mapped, identity)
        if many and not restricted:
            existing = _every_row(state, session, mapped)
        if existing is not None:
            repopulate(run, state, existing, plan, node, populate=populate)
            return existing
        _touch_others(run, state, session, mapped, node, restricted=restricted, plan=plan, populate=populate, identity=identity)
    key = load(run, state, mapped, session, plan, node, many=many, extra=extra)
    record = state.orm(key)
    if record is not None:
        attributes = (
            record.attributes if populate or session is None else _perhaps_met(state, session, key, record, identity, by_key=by_key)
        )
        state.heap[key] = record.evolve(key=identity if not many else None, complete=many and not restricted, attributes=attributes)
    return key


def _every_row(state: State, session: int, mapped: MappedClass) -> int | None:
    """The objects that stand for every row of a class, where they are in the session and still held."""
    kin = state.kin_of(session, mapped.symbol)
    found = [key for key, record in kin if record.mapped is mapped and record.complete and record.life == PERSISTENT]
    return found[0] if found and found[0] in state.live(session) else None


def _perhaps_met(state: State, session: int, key: int, record: OrmObject, identity: Value | None, *, by_key: bool) -> dict[str, LoadState]:
    """The session may hold the row already, under another name: what that object has loaded is not certain to be absent here.

    Nor is what it lacks certain to be there when the session was asked ``by_key``.
    """
    attributes = dict(record.attributes)
    live: set[int] | None = None
    for other_key, other in state.kin_of(session, record.mapped.symbol):
        if other_key == key or other.mapped is not record.mapped or not other.life & PERSISTENT or other.assumed:
            continue
        if _apart(other, identity):
            continue
        live = state.reachable() | state.held if live is None else live
        if other_key in live:
            for name, known in other.attributes.items():
                if name not in attributes:
                    continue
                if known.bits & LOADED and not attributes[name].bits & LOADED:
                    attributes[name] = attributes[name].unsure()
                elif by_key and known.bits & (LAZY | REFRESHED_AWAY | DEFERRED) and attributes[name].bits == LOADED:
                    attributes[name] = attributes[name].join(known.unsure())
    return attributes


def repopulate(run: Run, state: State, key: int, plan: Plan, node: ast.AST, *, populate: bool) -> None:
    """A SELECT returned a row whose object is in the session already: only what was absent is filled."""
    record = state.orm(key)
    if record is None:
        return
    fresh = column_states(run, record.mapped, plan, node)
    attributes = dict(record.attributes)
    values = dict(record.values)
    for name, loaded in fresh.items():
        column = record.mapped.columns.get(name)
        if (populate and column is not None and column.deferred) or (loaded.bits == 1 and (populate or attributes[name].bits != 1)):
            attributes[name] = loaded  # What an option alone leaves out stays as it was.
            values.pop(name, None)
        elif loaded.bits == RAISING and attributes[name].bits == DEFERRED:
            attributes[name] = loaded  # An option to raise takes hold of what is not loaded.
    for name, relationship in record.mapped.relationships.items():
        _, child_plan = strategy_of(relationship, plan)
        condition = condition_of(run, record.mapped, relationship, plan)
        if condition == LOADED and (populate or attributes[name].bits != 1) and relationship.target is not None:
            attributes[name] = IS_LOADED
            target = run.backend.mapped(relationship.target)
            if target is not None:
                reach(state, record.session, target, node)
                child = load(
                    run, state, target, record.session, child_plan, node, many=relationship.uselist, extra=("again", key, name),
                    path=((record.mapped.name, name),),
                )  # fmt: skip
                values[name] = related_value(run, state, node, key, relationship, Ref(child))
        elif condition == LOADED and name in plan.relationships and name in values:
            _repopulate_below(run, state, values[name], child_plan, node, populate=populate)
        else:
            left = _left_out(
                record, relationship, plan, condition, Origin(run.site(node), f"loaded again here without `{name}`"), populate=populate
            )
            if left is not None:
                attributes[name] = left
                if populate:
                    values.pop(name, None)
    state.heap[key] = record.evolve(attributes=attributes, values=values, plan=plan if populate and plan is not NOTHING else record.plan)


def _left_out(
    record: OrmObject, relationship: Relationship, plan: Plan, condition: int, origin: Origin, *, populate: bool
) -> LoadState | None:
    """What a relationship becomes that a SELECT of its owner does not load; None where it stays as it was."""
    known = record.attributes[relationship.name]
    named = relationship.name in plan.relationships
    if condition == RAISING and (populate or ((named or plan.wildcard) and known.bits & LAZY)):
        return absent(RAISING, origin)
    if condition != LAZY:
        return None
    if populate:
        return absent(REFRESHED_AWAY if known.bits & (LOADED | REFRESHED_AWAY) else LAZY, origin)
    if named and known.bits & RAISING and AFTER_LOAD[relationship.lazy] == RAISING:
        return absent(LAZY, origin)
    return None


def meet(run: Run, state: State, key: int, told: Container[str], plan: Plan, node: ast.AST) -> None:
    """A row came with its parent, which is in the session already by the foreign key that the query told."""
    record = state.orm(key)
    if record is None:
        return
    for name, relationship in record.mapped.relationships.items():
        keys = relationship.local_foreign_keys
        if relationship.direction is not Direction.MANY_TO_ONE or len(keys) != 1 or keys[0] not in told or name not in record.values:
            continue
        parent = many_to_one(state, key, record, relationship)
        if isinstance(parent, Ref) and parent != record.values[name]:
            repopulate(run, state, parent.id, strategy_of(relationship, plan)[1], node, populate=False)
            record = record.evolve(values={**record.values, name: parent})
    state.heap[key] = record


def _repopulate_below(run: Run, state: State, value: Value, plan: Plan, node: ast.AST, *, populate: bool) -> None:
    """Options go on below what is loaded already, and fill what is absent there."""
    record = state.record(value)
    held = (*(record.items or ()), record.element) if isinstance(record, Collection) else (value,)
    for item in held:
        for atom in atoms(item) if item is not None else ():
            if isinstance(atom, Ref) and isinstance(state.record(atom), OrmObject):
                repopulate(run, state, atom.id, plan, node, populate=populate)


def _touch_others(
    run: Run, state: State, session: int, mapped: MappedClass, node: ast.AST, *,
    restricted: bool, plan: Plan, populate: bool, identity: Value | None,
) -> None:  # fmt: skip
    """Other objects of the class may be among the rows: what was absent in them is certain no more."""
    columns: dict[str, LoadState] | None = None
    for key, record in state.kin_of(session, mapped.symbol if mapped.parent is None or restricted else mapped.parent.symbol):
        if record.mapped is mapped.parent and record.life & PERSISTENT and not restricted:
            attributes = {n: s.unsure() if n in mapped.columns else s for n, s in record.attributes.items()}  # it may be one of them
            state.heap[key] = record.evolve(attributes=attributes)
        if record.mapped is not mapped or not record.life & PERSISTENT:
            continue
        if not restricted:
            repopulate(run, state, key, plan, node, populate=populate)
        elif any(s.bits & ~1 for s in record.attributes.values()) and not _apart(record, identity):
            columns = column_states(run, mapped, plan, node) if columns is None else columns
            state.heap[key] = record.evolve(
                attributes={
                    n: s.unsure() if s.bits & (DROPPED | 128 | 32) or (n in columns and columns[n].bits == LOADED) else s
                    for n, s in record.attributes.items()
                }
            )


def _apart(record: OrmObject, identity: Value | None) -> bool:
    """Whether an object is known to stand for another row."""
    return isinstance(identity, Const) and isinstance(record.key, Const) and identity != record.key
