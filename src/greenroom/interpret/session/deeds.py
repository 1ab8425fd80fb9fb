"""What is done to everything that is attached to a session, object by object: commit, rollback, close, expiry."""

from __future__ import annotations

import ast
from collections.abc import Callable

from greenroom.domain.deeds import Deed
from greenroom.domain.events import ChangesDiscarded
from greenroom.domain.heap import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT, Collection, OrmObject
from greenroom.domain.loading import (
    BLANK,
    COMMITTED,
    DEFERRED,
    DROPPED,
    EXPIRED,
    IS_BLANK,
    IS_UNKNOWN,
    LAZY,
    LOADED,
    RAISING,
    ROLLED_BACK,
    LoadState,
    Origin,
    absent,
)
from greenroom.domain.state import State
from greenroom.domain.values import Ref, atoms
from greenroom.interpret.run import Run
from greenroom.semantics.strategies import AFTER_LOAD

DELETION = "~deleted"
KEY = "~key"
"""Stands among the dirty attributes for a foreign key that the flush sets because a collection holds the object."""
UNDONE = -2
"""Stands for ``born`` where a rollback took the object out of its session again."""
MODIFIED = "~modified"
"""Stands among the dirty attributes for an object whose changes were lost, but which a flush still visits."""
SOMETHING = "~something"
"""In ``dirty``: attributes were assigned whose names are not known, on an object that had lost its values."""
MARKS = frozenset({DELETION, MODIFIED, SOMETHING, KEY})
EXPIRED_HERE = "expired here"
UNCLEAR = Deed("unclear")
"""What a call did that was cut short."""


def each(run: Run, state: State, session: int, deed: Deed, node: ast.AST) -> None:
    """Do something to everything that is attached to a session, and tell it."""
    for key, _ in state.attached(session):
        redo(run, state, key, deed, node)
    state.did(session, deed)


def redo(run: Run, state: State, key: int, deed: Deed, node: ast.AST) -> None:
    """Do to one object what was done to everything that is attached to its session."""
    found = state.orm(key)
    if found is not None:
        DEEDS[deed.kind](run, state, key, found, deed, node)


def _commit(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    if found.life & DELETED:
        state.heap[key] = found.evolve(life=DETACHED, session=None)
        return
    attributes = found.attributes
    if deed.sure is not False and found.life & PERSISTENT and deed.origin is not None:
        attributes = expired(found, COMMITTED, deed.origin, sure=bool(deed.sure))
    state.heap[key] = found.evolve(attributes=attributes, new=False, touched=-1, born=-1)


def _rollback(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    if deed.origin is None or (deed.to and found.born < deed.to and found.touched < deed.to):
        return
    if found.life & PENDING or (found.new and (not deed.to or found.born >= deed.to)):
        # What had expired stays so: reading it on an object that has no session any more is refused.
        attributes = {
            name: s if s.bits == LOADED or (s.bits & DROPPED and name not in found.mapped.relationships) else IS_BLANK
            for name, s in found.attributes.items()
        }
        state.heap[key] = found.evolve(life=TRANSIENT, session=None, attributes=attributes, new=False, dirty=frozenset(), born=UNDONE)
    elif found.life & (PERSISTENT | DELETED):
        attributes = expired(found, ROLLED_BACK, deed.origin, sure=found.new is not None)
        state.heap[key] = found.evolve(
            life=PERSISTENT, attributes=attributes, dirty=frozenset(), assigned_at={}, touched=-1,
            values={
                name: value for name, value in found.values.items()
                if (name in found.mapped.relationships and name not in found.dirty) or name.startswith("~")
            },
        )  # fmt: skip


def _close(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    if found.life != DELETED:  # A session that is closed before its commit forgets to let go of what it deleted.
        detach(state, key)


def _detach(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    detach(state, key)


def _expire(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    expire(run, state, key, None, node, deed.origin)


def _recover(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    state.heap[key] = found.evolve(attributes={name: known.without(ROLLED_BACK) for name, known in found.attributes.items()})


def _doubt(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    state.heap[key] = found.evolve(attributes={name: known.unsure() for name, known in found.attributes.items()})


def _unclear(run: Run, state: State, key: int, found: OrmObject, deed: Deed, node: ast.AST) -> None:
    """What was absent may be there now, and what waited may be written or undone."""
    attributes = {n: s if s.bits & (LOADED | BLANK) == s.bits else IS_UNKNOWN for n, s in found.attributes.items()}
    state.heap[key] = found.evolve(attributes=attributes, perhaps=found.perhaps | found.dirty)


DEEDS: dict[str, Callable[[Run, State, int, OrmObject, Deed, ast.AST], None]] = {
    "commit": _commit,
    "rollback": _rollback,
    "close": _close,
    "detach": _detach,
    "expire": _expire,
    "recover": _recover,
    "doubt": _doubt,
    "unclear": _unclear,
}


def detach(state: State, key: int) -> None:
    """``expunge``."""
    found = state.orm(key)
    if found is not None:
        state.heap[key] = found.evolve(life=TRANSIENT if found.life == PENDING else DETACHED, session=None, dirty=frozenset())


def expire(run: Run, state: State, key: int, names: frozenset[str] | None, node: ast.AST, origin: Origin | None = None) -> None:
    """``expire(obj)`` or ``expire(obj, names)``; pending changes to these attributes are lost."""
    found = state.orm(key)
    if found is None or not found.life & PERSISTENT:
        return
    origin = Origin(run.site(node), EXPIRED_HERE) if origin is None else origin
    gone = found.dirty - {DELETION} if names is None else found.dirty & names
    left = found.dirty - gone | ({MODIFIED} if gone and names is not None else frozenset())
    discard(run, found, gone - MARKS, node)
    if names is None:
        expire_below(state, key, origin)
    values = {name: value for name, value in found.values.items() if name not in gone}
    state.heap[key] = found.evolve(attributes=expired(found, EXPIRED, origin, only=names), values=values, dirty=left)


def expired(found: OrmObject, bit: int, origin: Origin, *, sure: bool = True, only: frozenset[str] | None = None) -> dict[str, LoadState]:
    """The attributes of an object after an expiry."""
    gone = absent(bit, origin, sure=sure)
    attributes: dict[str, LoadState] = {}
    for name, known in found.attributes.items():
        relationship = found.mapped.relationships.get(name)
        keeps = relationship is not None and AFTER_LOAD.get(relationship.lazy, LAZY) != LAZY and relationship.lazy in (
            "write_only", "dynamic", "noload",
        )  # fmt: skip
        column = found.mapped.columns.get(name)
        if column is not None and column.deferred and name not in found.plan.undeferred and (only is None or name in only):
            # A deferred column goes back to being deferred.
            deferred = absent(DEFERRED, Origin(origin.site, f"`{name}` is deferred, and dropped here"), sure=sure)
            drops = LOADED if column.raises_when_deferred else LOADED | RAISING  # An option to raise goes with what it was for.
            attributes[name] = known if not known.bits & drops else deferred if sure else known.join(deferred)
            continue
        if keeps or (only is not None and name not in only):
            attributes[name] = known
        elif relationship is not None and (relationship.lazy == "raise" or (relationship.lazy == "raise_on_sql" and only is not None)):
            attributes[name] = absent(RAISING, Origin(origin.site, f"`{name}` is configured to raise, and what was loaded is dropped here"))
        elif sure:
            attributes[name] = gone
        else:
            attributes[name] = known.join(gone)
    return attributes


def discard(run: Run, found: OrmObject, names: frozenset[str], node: ast.AST) -> None:
    """Report that changes which no flush has written are thrown away: by one attribute, the surest."""
    if not names:
        return
    name = min(names, key=lambda one: (one in found.perhaps, one))
    event = ChangesDiscarded(
        run.site(node), run.call_sites(), found.mapped.name, name, found.assigned_at.get(name), sure=name not in found.perhaps
    )
    run.emit(event, found.mapped.name, name)


def expire_below(state: State, key: int, origin: Origin) -> None:
    """Expiring or refreshing a whole object expires what it holds through relationships that cascade it (``cascade="all"``)."""
    origin = Origin(origin.site, "expired here together with what holds it (cascade)", origin.calls)
    waiting, seen = [(key, True)], {key}
    while waiting:
        owner_key, certain = waiting.pop()
        owner = state.orm(owner_key)
        for name, value in owner.values.items() if owner is not None else ():
            relationship = owner.mapped.relationships.get(name) if owner is not None else None
            if owner is None or relationship is None or "refresh-expire" not in relationship.cascade:
                continue
            bits = owner.attributes[name].bits
            collection = state.record(value)
            held = [*(collection.items or ()), collection.element] if isinstance(collection, Collection) else [value]
            for atom in (atom for item in held if item is not None and bits & LOADED for atom in atoms(item)):
                found = state.record(atom)
                if isinstance(atom, Ref) and isinstance(found, OrmObject) and found.life & PERSISTENT and atom.id not in seen:
                    seen.add(atom.id)
                    waiting.append((atom.id, certain and bits == LOADED))
                    state.heap[atom.id] = found.evolve(
                        attributes=expired(found, EXPIRED, origin, sure=certain and bits == LOADED), dirty=frozenset()
                    )
