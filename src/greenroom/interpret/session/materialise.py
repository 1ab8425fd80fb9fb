"""Objects that come out of the database: a SELECT with loader options, turned into load states."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.domain.heap import PERSISTENT, Collection, OrmObject, join_objects
from greenroom.domain.holding import HINT
from greenroom.domain.likeness import is_plain
from greenroom.domain.loading import DEFERRED, DROPPED, IS_LOADED, IS_UNKNOWN, LAZY, LOADED, RAISING, LoadState, Origin, absent
from greenroom.domain.plans import NOTHING, Plan
from greenroom.domain.state import State
from greenroom.domain.values import Ref, Value
from greenroom.facts.records import Inheritance, MappedClass, Relationship
from greenroom.interpret.run import Run
from greenroom.semantics.strategies import AFTER_LOAD, CHAINING, SEPARATE

EAGER_DEPTH = 2
"""Levels of mapper-level eager loading that are allocated with the object; deeper ones are when they are read."""


def load(
    run: Run,
    state: State,
    mapped: MappedClass,
    session: int | None,
    plan: Plan,
    node: ast.AST,
    *,
    many: bool = False,
    extra: object = None,
    path: tuple[tuple[str, str], ...] = (),
) -> int:
    """Allocate an object as a SELECT with ``plan`` leaves it; eagerly loaded relationships are allocated too.

    ``path`` names the relationships, with their classes, through which the SELECT came here.
    """
    key = run.identity(node, (mapped.symbol.node, extra))
    return _load(run, state, mapped, session, plan, node, key, many=many, path=path)


def _load(
    run: Run,
    state: State,
    mapped: MappedClass,
    session: int | None,
    plan: Plan,
    node: ast.AST,
    key: int,
    *,
    many: bool,
    path: tuple[tuple[str, str], ...],
    back: tuple[tuple[str, ...], int] | None = None,
) -> int:
    record = OrmObject(mapped, PERSISTENT, session, {}, plan=plan, many=many, loaded_at=run.site(node), touched=-1, born=-1)
    retire(run, state, key)
    state.heap[key] = record
    record.attributes = column_states(run, mapped, plan, node)
    for name, (derived, loaded) in _subclass_columns(run, mapped).items():
        text = f"selected through `{mapped.name}`, which leaves `{name}` of `{derived}` out"
        record.attributes[name] = IS_LOADED if loaded or plan.polymorphic else absent(DEFERRED, Origin(run.site(node), text))
    for name, relationship in mapped.relationships.items():
        strategy, child_plan = strategy_of(relationship, plan)
        step = (mapped.name, name)
        condition = condition_of(run, mapped, relationship, plan, path)
        target = run.backend.mapped(relationship.target) if relationship.target is not None else None
        if condition == LOADED and strategy not in ("noload", "write_only", "dynamic"):
            record.attributes[name] = IS_LOADED
            if target is not None and (name in plan.relationships or len(path) < EAGER_DEPTH):
                child_key = run.identity(node, (key, name))
                reverse = (ways_back(relationship, target), key)
                reach(state, session, target, node)
                if plan.everywhere:
                    child_plan = Plan(wildcard=plan.wildcard, everywhere=True).merge(child_plan)
                child = _load(
                    run, state, target, session, child_plan, node, child_key,
                    many=many or relationship.uselist, path=(*path, step), back=reverse,
                )  # fmt: skip
                record.values[name] = related_value(run, state, node, key, relationship, Ref(child))
                if strategy == "recursive" and name in target.relationships:
                    _recur(run, state, node, child, relationship)
        elif condition == LOADED:
            record.attributes[name] = IS_LOADED
        else:
            bit = RAISING if condition == RAISING else LAZY
            record.attributes[name] = absent(bit, Origin(run.site(node), f"loaded here without `{name}`"))
    if back is not None:
        record.values.update((HINT + name, Ref(back[1])) for name in back[0])
    return key


def reach(state: State, session: int | None, target: MappedClass, node: ast.AST) -> None:
    """Another load may bring rows whose objects are in the session already: what was absent in their columns is certain no more."""
    for key, other in state.kin_of(session, target.symbol) if session is not None else ():
        if other.mapped is not target or not other.life & PERSISTENT or (other.loaded_at is not None and other.loaded_at.node is node):
            continue
        absences = [(name, known) for name, known in other.attributes.items() if known.bits & ~LOADED]
        found = {name: known.unsure() for name, known in absences if _comes_along(other, name, known)}
        if found:
            state.heap[key] = other.evolve(attributes={**other.attributes, **found})


def _comes_along(record: OrmObject, name: str, known: LoadState) -> bool:
    """Whether a row without options fills an attribute: what was dropped, and columns that only an option had left out."""
    if known.bits & DROPPED:
        return True
    column = record.mapped.columns.get(name)
    deferred = column.deferred if column is not None else record.mapped.column_properties.get(name, True)
    return bool(known.bits & (DEFERRED | RAISING)) and not deferred


def ways_back(relationship: Relationship, target: MappedClass) -> tuple[str, ...]:
    """The to-one relationships of the target that lead back to the object through which it was loaded."""
    declared = relationship.back_populates
    reverse = target.relationships.get(declared) if declared is not None else None
    if declared is None or reverse is None or reverse.uselist or declared in relationship.mirrors:
        return relationship.mirrors
    return (declared, *relationship.mirrors)


def _subclass_columns(run: Run, mapped: MappedClass) -> dict[str, tuple[str, bool]]:
    """Columns that only subclasses have, with the class and whether ``polymorphic_load`` fetches them."""
    known = run.tracker.subclass_columns.get(mapped.symbol)
    if known is None:
        known = {}
        for cls in run.program.subclasses(mapped.symbol):
            derived = run.backend.mapped(cls)
            if derived is not None and derived.inheritance in (Inheritance.SINGLE, Inheritance.JOINED):
                added = {n: (derived.name, derived.polymorphic_load is not None) for n in derived.columns if n not in mapped.columns}
                known.update(added)
        run.tracker.subclass_columns[mapped.symbol] = known
    return known


def condition_of(
    run: Run, mapped: MappedClass, relationship: Relationship, plan: Plan, path: tuple[tuple[str, str], ...] = (), *, again: bool = False
) -> int:
    """What a SELECT makes of a relationship.

    A strategy that no option asked for stops at a class that the chain has met already, or at its ``join_depth``.
    ``again`` is a refresh, or the load that brings an expired object back.
    """
    strategy, _ = strategy_of(relationship, plan)
    condition = AFTER_LOAD.get(strategy, LAZY)
    if strategy == "immediate" and (mapped.name, relationship.name) in path and relationship.name not in plan.relationships:
        return LAZY
    chaining = strategy in CHAINING or (strategy == "immediate" and not relationship.uselist)
    if relationship.name in plan.relationships or not chaining or (again and strategy in SEPARATE and relationship.uselist):
        return condition
    if relationship.join_depth is not None:
        return LAZY if len(path) + 1 > relationship.join_depth else condition
    target = run.backend.mapped(relationship.target) if relationship.target is not None else None
    met = {*_lineage(mapped), *(owner for owner, _ in path)}
    return LAZY if target is not None and target.name in met else condition


def _lineage(mapped: MappedClass) -> Iterator[str]:
    """A class and those that it inherits from."""
    known: MappedClass | None = mapped
    while known is not None:
        yield known.name
        known = known.parent


def _recur(run: Run, state: State, node: ast.AST, child: int, relationship: Relationship) -> None:
    """``recursion_depth``: every level below looks like the first."""
    record = state.orm(child)
    if record is not None:
        value = related_value(run, state, node, child, relationship, Ref(child))
        attributes = {**record.attributes, relationship.name: IS_LOADED}
        state.heap[child] = record.evolve(attributes=attributes, values={**record.values, relationship.name: value}, many=True)


def retire(run: Run, state: State, key: int) -> None:
    """Make room at ``key``: an older object from the same place that is still held moves to its summary."""
    older = state.heap.get(key)
    if older is None or is_plain(Ref(key), state.heap) or key not in state.reachable():
        return  # of plain data one record stands for all from a place
    summary = run.identity(run.program_anchor, ("older", key))
    if isinstance(older, OrmObject):
        older = older.evolve(many=True)
    known = state.heap.get(summary)
    state.heap[summary] = older if known is None else join_objects(known, older)
    state.rename(key, summary)


def column_states(run: Run, mapped: MappedClass, plan: Plan, node: ast.AST) -> dict[str, LoadState]:
    """Load states of all column-like attributes after a SELECT with ``plan``."""
    states: dict[str, LoadState] = {}
    for name, column in mapped.columns.items():
        deferred = (column.deferred or name in plan.deferred) and not (name in plan.undeferred or "*" in plan.undeferred)
        if plan.only is not None:
            deferred = name not in plan.only and not column.primary_key
        if deferred:
            raises = name in plan.raising or ("*" in plan.raising and plan.only is not None) or column.raises_when_deferred
            text = f"`{name}` is left out of the query here" if plan.only is not None or name in plan.deferred else f"`{name}` is deferred"
            states[name] = absent(RAISING if raises else DEFERRED, Origin(run.site(node), text))
        else:
            states[name] = IS_LOADED
    for name, deferred in mapped.column_properties.items():
        left_out = ((deferred or name in plan.deferred) and name not in plan.undeferred) or (
            plan.only is not None and name not in plan.only
        )
        bit = RAISING if name in plan.raising or ("*" in plan.raising and plan.only is not None) else DEFERRED
        states[name] = absent(bit, Origin(run.site(node), f"`{name}` is left out of the query here")) if left_out else IS_LOADED
    for name in mapped.query_expressions:
        states[name] = IS_LOADED
    return states


def strategy_of(relationship: Relationship, plan: Plan) -> tuple[str, Plan]:
    """The strategy and sub-plan with which a query loads a relationship."""
    chosen = plan.relationships.get(relationship.name)
    if chosen is not None:
        strategy, child = chosen
        return (relationship.lazy if strategy == "default" else strategy), child
    if plan.wildcard is not None and relationship.lazy not in ("write_only", "dynamic"):
        return plan.wildcard, NOTHING
    return relationship.lazy, NOTHING


def related_value(run: Run, state: State, node: ast.AST, owner: int, relationship: Relationship, element: Value) -> Value:
    """The value of a loaded relationship: the object itself, or a collection of it."""
    if not relationship.uselist:
        return element
    key = run.identity(node, ("collection", owner, relationship.name))
    state.heap[key] = Collection(relationship.collection, None, element, owner=(owner, relationship.name))
    return Ref(key)


def assumed(run: Run, state: State, mapped: MappedClass, session: int | None, node: ast.AST, extra: object, *, many: bool = False) -> int:
    """An object whose history is not known: columns loaded, relationships unknown."""
    key = run.identity(node, ("assumed", extra))
    attributes = dict.fromkeys((*mapped.columns, *mapped.column_properties, *mapped.query_expressions), IS_LOADED)
    for name, relationship in mapped.relationships.items():
        raising = AFTER_LOAD.get(relationship.lazy) == RAISING
        attributes[name] = IS_UNKNOWN if raising or relationship.lazy in ("select", "raise") else IS_LOADED
    for name, column in mapped.columns.items():
        if column.deferred:
            attributes[name] = IS_UNKNOWN
    state.heap[key] = OrmObject(
        mapped, PERSISTENT, session, attributes, many=many, loaded_at=run.site(node), assumed=True, touched=-1, born=-1
    )
    return key
