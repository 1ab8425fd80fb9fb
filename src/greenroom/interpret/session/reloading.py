"""Loading an object that is in the session again: refresh, and what a read of an expired attribute brings back."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from greenroom.domain.heap import PENDING, PERSISTENT, Collection, OrmObject
from greenroom.domain.holding import GIVEN, HINT
from greenroom.domain.loading import (
    DEFERRED,
    DROPPED,
    EXPIRED,
    IS_LOADED,
    LAZY,
    LOADED,
    RAISING,
    REFRESHED_AWAY,
    UNKNOWN,
    LoadState,
    Origin,
    absent,
)
from greenroom.domain.plans import Plan
from greenroom.domain.state import State
from greenroom.domain.values import NONE, Ref, Value
from greenroom.facts.records import Direction, MappedClass, Relationship
from greenroom.interpret.run import Run
from greenroom.interpret.session.answers import many_to_one
from greenroom.interpret.session.deeds import EXPIRED_HERE, MARKS, discard, expire_below
from greenroom.interpret.session.materialise import assumed, column_states, condition_of, reach, related_value, strategy_of, ways_back
from greenroom.interpret.session.materialise import load as load_object
from greenroom.semantics.strategies import AFTER_LOAD, CHAINING


def refresh(run: Run, state: State, key: int, names: frozenset[str] | None, node: ast.AST) -> None:
    """``refresh``: with names just those; without, all columns and what the first load's options cover."""
    found = state.orm(key)
    if found is None:
        return
    if found.life & PERSISTENT and not found.life & PENDING:
        discard(run, found, found.dirty - MARKS if names is None else found.dirty & names, node)
    if names is None:
        expire_below(state, key, Origin(run.site(node), EXPIRED_HERE))
        reload(run, state, key, node, drop=True)
        return
    attributes = dict(found.attributes)
    values = dict(found.values)
    for name in names:
        relationship = found.mapped.relationships.get(name)
        if relationship is not None:
            if any(found.attributes[key].bits & DROPPED for key in relationship.local_foreign_keys if key in found.attributes):
                # The key is needed, and with it comes every other expired column.
                attributes = {n: s.without(DROPPED) if n in found.mapped.columns else s for n, s in attributes.items()}
            attributes[name] = IS_LOADED
            target = run.backend.mapped(relationship.target) if relationship.target is not None else None
            if target is found.mapped and not relationship.uselist and relationship.lazy in ("select", *CHAINING):
                # A load on behalf of an object of the same class asks the identity map alone.
                attributes[name] = absent(LAZY, Origin(run.site(node), f"refreshed here, which does not follow `{name}` to its own class"))
            elif target is not None and (AFTER_LOAD.get(relationship.lazy) != LOADED or _is_eager_to_one(relationship)):
                asking = found.evolve(attributes=attributes, values=values)
                values[name] = _refreshed(run, state, key, asking, relationship, target, node)
            for primary in found.mapped.primary_key:
                attributes[primary] = IS_LOADED
        elif name in attributes:
            attributes[name] = IS_LOADED
            values.pop(name, None)
    state.heap[key] = found.evolve(attributes=attributes, values=values, dirty=found.dirty - names)


def _is_eager_to_one(relationship: Relationship) -> bool:
    return relationship.direction is Direction.MANY_TO_ONE and relationship.lazy in (*CHAINING, "immediate")


def _refreshed(run: Run, state: State, key: int, found: OrmObject, relationship: Relationship, target: MappedClass, node: ast.AST) -> Value:
    """What a refresh brings for a relationship that it names."""
    extra = ("refresh", key, relationship.name)
    before = set(state.heap)
    answer = many_to_one(state, key, found, relationship) if relationship.direction is Direction.MANY_TO_ONE else None
    if answer is not None and not isinstance(answer, bool):
        return answer
    if found.assumed:  # What the first load asked for below the relationship is not known.
        child = assumed(run, state, target, found.session, node, extra, many=relationship.uselist)
    else:
        _, plan = strategy_of(relationship, found.plan)
        child = load_object(run, state, target, found.session, plan, node, many=relationship.uselist, extra=extra)
    if answer is True:
        doubt(state, set(state.heap) - before)
    made, back = state.orm(child), ways_back(relationship, target)
    if made is not None and back:
        state.heap[child] = made.evolve(values={**made.values, **{HINT + name: Ref(key) for name in back}})
    return collected(run, state, node, key, relationship, child)


def collected(run: Run, state: State, node: ast.AST, owner: int, relationship: Relationship, child: int) -> Value:
    """The value of a relationship that is loaded for an object that was there before: empty where no row can refer to it."""
    value = related_value(run, state, node, owner, relationship, Ref(child))
    collection, record = state.record(value), state.orm(owner)
    if isinstance(value, Ref) and isinstance(collection, Collection) and record is not None and _has_no_rows(record, relationship):
        state.heap[value.id] = replace(collection, items=(), element=None)
    return value


def _has_no_rows(owner: OrmObject, relationship: Relationship) -> bool:
    """Whether no row can refer to an object: it was inserted in this transaction, and no such row was since."""
    return owner.new is True and relationship.direction is Direction.ONE_TO_MANY and GIVEN + relationship.name not in owner.values


def _brought_back(
    run: Run, state: State, key: int, found: OrmObject, relationship: Relationship, plan: Plan, node: ast.AST
) -> dict[str, Value]:
    """What a relationship holds that is loaded together with its owner, by name."""
    target = run.backend.mapped(relationship.target) if relationship.target is not None else None
    if target is None:
        return {}
    name = relationship.name
    reach(state, found.session, target, node)
    child = load_object(
        run, state, target, found.session, plan, node, many=relationship.uselist, extra=("reload", key, name),
        path=((found.mapped.name, name),),
    )  # fmt: skip
    return {name: collected(run, state, node, key, relationship, child)}


def doubt(state: State, keys: Iterable[int]) -> None:
    """Claim nothing of objects that may be in the session already, as other queries have left them."""
    for key in keys:
        found = state.orm(key)
        if found is not None:
            state.heap[key] = found.evolve(attributes={name: known.unsure() for name, known in found.attributes.items()})


def reload(run: Run, state: State, key: int, node: ast.AST, *, drop: bool) -> None:  # noqa: C901, PLR0912 - one step for each kind of attribute
    """Load every column again with the sticky options.

    ``drop`` is a refresh: relationships that the options do not cover are unloaded. Without it (an expired object that a
    query, ``get`` or ``awaitable_attrs`` brings back) only what was expired comes back.
    """
    found = state.orm(key)
    if found is None:
        return
    mapped, here = found.mapped, run.site(node)
    # A wildcard without a class is for its own statement alone.
    options = replace(found.plan, wildcard=None, everywhere=False) if found.plan.everywhere else found.plan
    fresh = column_states(run, mapped, options, node)
    attributes = dict(found.attributes)
    values = {
        name: value
        for name, value in found.values.items()
        if name in mapped.relationships
        or name.startswith("~")
        or name not in attributes
        or (not drop and attributes[name].bits == 1)
        or (mapped.columns[name].foreign_keys if name in mapped.columns else False)
    }
    whole = any(found.attributes[name].bits & DROPPED for name in mapped.primary_key if name in found.attributes)
    for name, state_before in found.attributes.items():
        if name not in fresh and name not in mapped.relationships and (drop or state_before.bits & DROPPED):
            attributes[name] = IS_LOADED  # a column of a subclass: a refresh knows the real class
    for name, loaded in fresh.items():
        known = attributes.get(name, IS_LOADED)
        column = mapped.columns.get(name)
        deferred = column is not None and column.deferred
        if drop and not loaded.bits & LOADED and not deferred:
            # The refresh expires it and does not bring it back: the next load of anything that is expired does.
            bits = EXPIRED | loaded.bits & DEFERRED
            attributes[name] = LoadState(bits, bits, loaded.origins or ((EXPIRED, Origin(here, f"refreshed here without `{name}`")),))
        elif drop:
            attributes[name] = loaded
        elif known.bits & DROPPED:
            # What was expired comes back, whatever the options say; but not what is deferred by its class.
            attributes[name] = loaded if deferred else IS_LOADED
    for name, relationship in mapped.relationships.items():
        known = attributes.get(name, IS_LOADED)
        strategy, plan = strategy_of(relationship, options)
        condition = condition_of(run, mapped, relationship, options, again=True)
        comes_back = whole and known.bits & RAISING and condition != RAISING
        if not drop and not known.bits & DROPPED and not comes_back:
            continue
        if condition == RAISING:
            attributes[name] = absent(RAISING, Origin(here, f"`{name}` is configured to raise"))
        elif condition == 1:
            attributes[name] = IS_LOADED
            if strategy == "noload":
                values.pop(name, None)
            elif strategy not in ("write_only", "dynamic"):
                values.update(_brought_back(run, state, key, found, relationship, plan, node))
        elif known.bits == UNKNOWN or (found.assumed and known.bits == 1):
            attributes[name] = LoadState(UNKNOWN)
        else:
            if relationship.direction is Direction.MANY_TO_ONE and isinstance(values.get(name), Ref):
                values["~" + name] = values[name]
            elif relationship.direction is Direction.MANY_TO_ONE and values.get(name) == NONE and name not in found.dirty:
                values.update(dict.fromkeys(relationship.local_foreign_keys, NONE))  # A session answers that without asking.
            values.pop(name, None)
            if known.bits & (1 | REFRESHED_AWAY) and drop:
                attributes[name] = absent(REFRESHED_AWAY, Origin(here, f"this refresh unloads `{name}`"))
            elif known.bits & DROPPED or comes_back:
                attributes[name] = absent(LAZY, Origin(here, f"loaded again here without `{name}`"))
    state.heap[key] = found.evolve(attributes=attributes, values=values, dirty=frozenset() if drop else found.dirty)
