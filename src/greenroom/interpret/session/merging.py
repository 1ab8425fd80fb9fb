"""``session.merge``: what is given is copied onto an object of the session."""

from __future__ import annotations

import ast

from greenroom.domain.heap import PERSISTENT, TRANSIENT, OrmObject
from greenroom.domain.loading import BLANK, IS_LOADED, LOADED
from greenroom.domain.plans import NOTHING
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Arguments, Ref, Value, atoms
from greenroom.interpret.run import Run
from greenroom.interpret.session import work
from greenroom.interpret.session.identity import plan_of
from greenroom.interpret.session.materialise import load, related_value, retire
from greenroom.semantics.effects import Effect


def merge(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    """``session.merge``: the object of the session with the same key, or a new one."""
    del effect  # It has the signature of every operation.
    value = run.one_of(args.get(0, "instance") or NONE)
    record = state.record(value)
    if not isinstance(record, OrmObject) or not isinstance(value, Ref):
        return ANYTHING
    if record.session == session and record.life & PERSISTENT:
        return value
    if record.life == TRANSIENT and all(record.attributes[name].bits == BLANK for name in record.mapped.primary_key):
        return _merged_new(run, state, session, record, node)
    key = load(run, state, record.mapped, session, plan_of(state, args.get(None, "options"), record.mapped), node, extra="merge")
    merged = state.orm(key)
    assert merged is not None
    attributes = dict(merged.attributes)
    values = dict(merged.values)
    for name, known in record.attributes.items():
        if known.bits == LOADED and name in record.mapped.columns:
            attributes[name] = IS_LOADED
        if known.bits & LOADED and name in record.mapped.relationships and name in record.values:
            attributes[name] = IS_LOADED
            values[name] = _merged_value(run, state, key, record, name, node)
    dirty = record.dirty
    if record.life & TRANSIENT:  # What another object was loaded with is the same in the row, what a new one was given may differ.
        dirty |= {n for n, s in record.attributes.items() if s.bits & LOADED and n in record.mapped.columns}
    state.heap[key] = merged.evolve(attributes=attributes, values=values, dirty=dirty - set(record.mapped.primary_key))
    return Ref(key)


def _merged_new(run: Run, state: State, session: int, record: OrmObject, node: ast.AST) -> Value:
    """An object without a key is merged into a new one, which waits for its INSERT."""
    key = run.identity(node, "merged")
    retire(run, state, key)
    state.heap[key] = record.evolve(values={n: v for n, v in record.values.items() if n not in record.mapped.relationships}, born=0)
    for name in record.mapped.relationships:
        if name in record.values and record.attributes[name].bits & LOADED:
            value = _merged_value(run, state, key, record, name, node)
            made = state.heap[key]
            if isinstance(made, OrmObject):
                state.heap[key] = made.evolve(values={**made.values, name: value})
    work.attach(run, state, Ref(key), session)
    return Ref(key)


def _merged_value(run: Run, state: State, key: int, record: OrmObject, name: str, node: ast.AST) -> Value:
    """A relationship of the merged object holds merged objects."""
    relationship = record.mapped.relationships[name]
    target = run.backend.mapped(relationship.target) if relationship.target is not None else None
    if target is None or not any(isinstance(atom, Ref) for atom in atoms(record.values[name])):
        return record.values[name]
    child = load(
        run,
        state,
        target,
        merged.session if (merged := state.orm(key)) is not None else None,
        NOTHING,
        node,
        many=relationship.uselist,
        extra=("merge", name),
    )
    back = relationship.back_populates
    made = state.orm(child)
    if made is not None and back in target.relationships and not target.relationships[back].uselist:
        state.heap[child] = made.evolve(values={**made.values, "~" + back: Ref(key)})
    return related_value(run, state, node, key, relationship, Ref(child))
