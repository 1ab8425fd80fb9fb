"""What the identity map answers when a many-to-one is loaded: the object that the foreign key names may be there already."""

from __future__ import annotations

from greenroom.domain.heap import DELETED, PERSISTENT, OrmObject
from greenroom.domain.holding import HINT
from greenroom.domain.loading import COMMITTED, DROPPED, EMITS, LOADED, ROLLED_BACK
from greenroom.domain.state import State
from greenroom.domain.values import NONE, Anything, Const, Ref, Value, atoms
from greenroom.facts.records import Relationship


def many_to_one(state: State, key: int, record: OrmObject, relationship: Relationship) -> Value | bool | None:  # noqa: C901 - one condition after the other
    """The object that the identity map answers with; True when it might; None when it cannot."""
    if record.session is None or not record.life & (PERSISTENT | DELETED):
        return None
    if any(record.attributes[name].bits & EMITS for name in relationship.local_foreign_keys if name in record.attributes):
        return None
    live = state.live(record.session)
    if record.many and record.complete and relationship.target is record.mapped.symbol:
        return Ref(key)
    hinted = record.values.get(HINT + relationship.name)
    if hinted is not None:
        for atom in atoms(hinted):
            if isinstance(atom, Ref) and atom.id in live and _answers(state, atom.id, record.session):
                return atom
    if refers_to_nothing(record, relationship):
        return NONE
    foreign = [record.values.get(name) for name in relationship.local_foreign_keys]
    wanted = foreign[0] if len(foreign) == 1 else None
    possible = False
    for other_key, other in state.kin_of(record.session, relationship.target) if relationship.target is not None else ():
        if other_key == key or other_key not in live:
            continue
        if not _answers(state, other_key, record.session):
            continue
        if other.complete and other.mapped.symbol is relationship.target:
            return Ref(other_key)
        primary = other.mapped.primary_key
        identity = ("attribute", other_key, primary[0]) if len(primary) == 1 else None
        if wanted is not None and (
            wanted == other.key or (isinstance(wanted, Anything) and wanted.token == identity and identity is not None)
        ):
            return Ref(other_key)
        known_apart = isinstance(wanted, Const) and isinstance(other.key, Const) and wanted != other.key
        possible = possible or not known_apart
    return True if possible or _holds_unallocated(state, record.session, relationship, key) else None


def _holds_unallocated(state: State, session: int, relationship: Relationship, asking: int) -> bool:
    """Whether some object of the session has a loaded relationship to the same class that was not allocated."""
    return any(
        other.attributes[name].bits == LOADED and name not in other.values and held.target is relationship.target and key != asking
        for key, other in state.objects_of(session)
        if not other.assumed
        for name, held in other.mapped.relationships.items()
        if name in other.attributes and held.lazy not in ("noload", "write_only", "dynamic")
    )


def _answers(state: State, key: int, session: int) -> bool:
    """Whether an object in the identity map spares the SELECT: it must not be expired."""
    other = state.orm(key)
    if other is None or other.session != session or not other.life & PERSISTENT:
        return False
    if any(other.attributes[name].bits & DROPPED for name in other.mapped.primary_key if name in other.attributes):
        return False
    # After a commit or a rollback it is expired as a whole, until it is loaded as a whole: a refresh of some names leaves it so.
    columns = (name for name, column in other.mapped.columns.items() if not column.deferred and name in other.attributes)
    return not any(other.attributes[name].bits & (COMMITTED | ROLLED_BACK) for name in columns)


def refers_to_nothing(record: OrmObject, relationship: Relationship) -> bool:
    """Whether the foreign keys of a many-to-one are known to be None."""
    keys = relationship.local_foreign_keys
    return bool(keys) and all(record.values.get(name) == NONE for name in keys)
