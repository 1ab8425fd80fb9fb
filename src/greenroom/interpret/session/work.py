"""The unit of work: what attach, flush, commit, rollback, expire and refresh do to load states."""

from __future__ import annotations

import ast

from greenroom.domain.deeds import Deed
from greenroom.domain.heap import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT, Collection, OrmObject
from greenroom.domain.holding import GIVEN
from greenroom.domain.journal import Kind
from greenroom.domain.loading import (
    BLANK,
    DEFERRED,
    DROPPED,
    GENERATED,
    IS_BLANK,
    IS_LOADED,
    LAZY,
    LOADED,
    RAISING,
    REFRESHED_AWAY,
    LoadState,
    Origin,
    absent,
)
from greenroom.domain.state import State
from greenroom.domain.values import NONE, Const, Ref, SqlExpression, Value, atoms
from greenroom.facts.records import Default, Direction, EagerDefaults, MappedClass, Relationship
from greenroom.interpret.run import Run
from greenroom.interpret.session import history, unflushed
from greenroom.interpret.session.deeds import DELETION, KEY, SOMETHING, each
from greenroom.interpret.session.materialise import condition_of
from greenroom.program.symbols import External
from greenroom.semantics.strategies import AFTER_INSERT

GIVES = Const(value=True)
INTEGRITY_ERROR = External("sqlalchemy.exc.IntegrityError")


def attach(run: Run, state: State, value: Value, session: int) -> None:
    """``session.add``: the object and, along save-update cascades, what hangs on it.

    The cascade ends at what is in the session already, unless that is what was given.
    """
    pending = [(value, True)]
    seen: set[int] = set()
    depth = record.depth if (record := state.session(session)) is not None else 0
    while pending:
        held, given = pending.pop()
        for atom in atoms(held):
            if not isinstance(atom, Ref) or atom.id in seen:
                continue
            seen.add(atom.id)
            found = state.heap.get(atom.id)
            if isinstance(found, Collection):
                parts = (*(found.items or ()), found.element, *found.by_key.values())
                pending.extend((part, given) for part in parts if part is not None)
            elif isinstance(found, OrmObject):
                if found.session != session or found.life & (TRANSIENT | DETACHED):
                    life = 0
                    life |= PENDING if found.life & (TRANSIENT | PENDING) else 0
                    life |= PERSISTENT if found.life & (DETACHED | PERSISTENT) else 0
                    fresh = bool(life & PENDING)
                    state.heap[atom.id] = found.evolve(life=life or PERSISTENT, session=session, born=depth if fresh else found.born)
                elif not given:
                    continue
                pending.extend((item, False) for name, item in found.values.items() if name in found.mapped.relationships)
                if found.life & TRANSIENT:
                    for name, item in found.values.items():
                        _claim(state, found, name, item)


def _claim(state: State, owner: OrmObject, name: str, value: Value) -> None:
    """The flush will write the foreign keys of the objects in a collection."""
    relationship = owner.mapped.relationships.get(name)
    if relationship is None or relationship.direction is not Direction.ONE_TO_MANY or relationship.viewonly:
        return
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, Collection):
            for item in (*(record.items or ()), record.element, *record.by_key.values()):
                if item is not None:
                    _claim(state, owner, name, item)
        elif isinstance(record, OrmObject) and isinstance(atom, Ref) and record.life & PERSISTENT:
            state.heap[atom.id] = record.evolve(dirty=record.dirty | {KEY})


def claim(state: State, key: int, relationship: Relationship, value: Value) -> None:
    """The same for what is put into the collection of an object in a session."""
    owner = state.orm(key)
    if owner is not None and owner.session is not None:
        _claim(state, owner, relationship.name, value)


def waiting(state: State, session: int) -> bool:
    """Whether a flush would have something to write."""
    return any(record.life & PENDING or record.dirty for _, record in state.waiting(session))


def flush(run: Run, state: State, session: int, node: ast.AST) -> None:
    """Write what waits; a failure may leave from here."""
    if not waiting(state, session):
        return
    begin(state, session)
    _load_parents(run, state, session, node)
    _may_fail(run, state, session, node)
    history.changes(run, state, session)
    written = {record.mapped.symbol: record.mapped for _, record in state.waiting(session) if record.life & PENDING or record.dirty}
    for key, record in state.waiting(session):
        if DELETION in record.dirty:
            state.heap[key] = record.evolve(life=DELETED, attributes=_deleted(record), dirty=frozenset())
        elif record.life & PENDING:
            state.heap[key] = _inserted(run, state, record, node)
        elif record.dirty & _written(record.mapped):
            state.heap[key] = _updated(run, record, node)
        elif record.dirty:
            state.heap[key] = _unwritten(run, record, node).evolve(dirty=frozenset(), assigned_at={})
    for mapped in written.values():
        refer(state, session, mapped)
    history.note(run, state, Kind.FLUSH, session, node, (mapped.name for mapped in written.values()))


def refer(state: State, session: int, mapped: MappedClass | None) -> None:
    """Written rows of a class, or of nobody knows what, may refer to objects that are new: their collections need not be empty."""
    classes = set()
    while mapped is not None:
        classes.add(mapped.symbol)
        mapped = mapped.parent
    for key, record in state.waiting(session):
        if record.new is not True:
            continue
        marks = {
            GIVEN + name: GIVES for name, declared in record.mapped.relationships.items()
            if declared.uselist and (not classes or declared.target in classes) and GIVEN + name not in record.values
        }  # fmt: skip
        if marks:
            state.heap[key] = record.evolve(values={**record.values, **marks})


def _may_fail(run: Run, state: State, session: int, node: ast.AST) -> None:
    """Where somebody would catch it, a flush fails: it has undone the transaction, and the session waits for a rollback."""
    record = state.session(session)
    if run.raised is None or record is None:
        return
    failing = state.fork()
    rollback(run, failing, session, node, to=record.depth, asked=False)
    failing.heap[session] = record.evolve(failed=Origin(run.site(node), "this flush failed"), idle=False)
    run.may_raise(INTEGRITY_ERROR, failing)


def recover(run: Run, state: State, session: int, node: ast.AST) -> None:
    """Go on after a use of the session that a failed flush forbids, as if there had been a rollback and everything were there again."""
    record = state.session(session)
    if record is None or record.failed is None:
        return
    state.heap[session] = record.evolve(failed=None)
    each(run, state, session, Deed("recover"), node)


def _visited(run: Run, mapped: MappedClass, node: ast.AST) -> dict[str, LoadState]:
    """What a flush expires in each object that was modified, whether or not its row is written."""
    here = run.site(node)
    return {
        name: absent(GENERATED, Origin(here, f"every flush that visits the object expires the column_property `{name}`"))
        for name in mapped.column_properties
    }


def _unwritten(run: Run, record: OrmObject, node: ast.AST) -> OrmObject:
    """An object that a flush visits and does not write: one that is expired is loaded for its key."""
    if is_expired(record):
        return _loaded_again(run, record, DROPPED)
    return record.evolve(attributes={**record.attributes, **_visited(run, record.mapped, node)})


def _loaded_again(run: Run, record: OrmObject, bits: int = DROPPED & ~GENERATED) -> OrmObject:
    """An expired object whose key a flush needs: it is loaded, with what its class or an option loads along with it."""
    if not is_expired(record):
        return record
    attributes, values = dict(record.attributes), dict(record.values)
    for name, known in record.attributes.items():
        relationship = record.mapped.relationships.get(name)
        if relationship is None:
            attributes[name] = known.without(bits)
        elif known.bits & bits and condition_of(run, record.mapped, relationship, record.plan, again=True) == LOADED:
            attributes[name] = known.without(bits)
            values.pop(name, None)
    return record.evolve(attributes=attributes, values=values)


def is_expired(record: OrmObject) -> bool:
    """Whether an object has lost everything, its key included."""
    return any(record.attributes[name].bits & DROPPED for name in record.mapped.primary_key if name in record.attributes)


def _deleted(record: OrmObject) -> dict[str, LoadState]:
    """The DELETE needs the key, so that an expired object is loaded first; relationships through which others hold it are loaded too."""
    attributes: dict[str, LoadState] = {}
    expired_key = is_expired(record)
    for name, known in record.attributes.items():
        relationship = record.mapped.relationships.get(name)
        if relationship is None:
            attributes[name] = known.without(DROPPED) if expired_key and name in record.mapped.columns else known
        elif relationship.viewonly:
            attributes[name] = known
        else:
            many_to_one = relationship.direction is Direction.MANY_TO_ONE
            attributes[name] = known.unsure() if many_to_one else known.without(LAZY | REFRESHED_AWAY | RAISING)
    return attributes


def _load_parents(run: Run, state: State, session: int, node: ast.AST) -> None:
    """The INSERT of a child needs its parent's key: an expired parent is loaded by the flush."""
    for _, record in state.waiting(session):
        if not record.life & PENDING:
            continue
        for name, value in record.values.items():
            relationship = record.mapped.relationships.get(name)
            if relationship is None or relationship.direction is not Direction.MANY_TO_ONE:
                continue
            for atom in atoms(value):
                parent = state.record(atom)
                if isinstance(atom, Ref) and isinstance(parent, OrmObject) and parent.life & PERSISTENT:
                    state.heap[atom.id] = _loaded_again(run, parent)


def _written(mapped: MappedClass) -> frozenset[str]:
    """Attributes whose assignment makes an UPDATE of the object's own row."""
    names = {*mapped.columns, KEY}
    names.update(name for name, rel in mapped.relationships.items() if rel.direction is Direction.MANY_TO_ONE)
    return frozenset(names)


def _inserted(run: Run, state: State, record: OrmObject, node: ast.AST) -> OrmObject:
    mapped = record.mapped
    attributes = dict(record.attributes)
    values = dict(record.values)
    fetched = _fetched_on_insert(run, mapped)
    here = run.site(node)
    for name, column in mapped.columns.items():
        known = attributes.get(name, IS_BLANK)
        if isinstance(record.values.get(name), SqlExpression):
            # RETURNING asks for every column that has a default in the database, whether or not one was given.
            computed = Origin(here, f"the INSERT of this flush computes `{name}` from a SQL expression")
            attributes[name] = _generated(computed, fetched=fetched if column.generated_on_insert else False)
        elif known.bits & BLANK:
            given = column.primary_key or column.default is Default.PYTHON or name == mapped.version_column
            if given or not (column.generated_on_insert or column.deferred):
                attributes[name] = IS_LOADED
            elif column.generated_on_insert:
                attributes[name] = _generated(Origin(here, f"the INSERT of this flush leaves `{name}` to the database"), fetched=fetched)
            else:
                attributes[name] = absent(DEFERRED, Origin(here, f"`{name}` is deferred and was never given"))
    attributes.update(_visited(run, mapped, node))
    for name in mapped.query_expressions:
        attributes[name] = IS_LOADED
    for name, relationship in mapped.relationships.items():
        known = attributes.get(name, IS_BLANK)
        if not known.bits & BLANK:
            continue
        condition = AFTER_INSERT.get(relationship.lazy, LAZY)
        if condition == RAISING:
            attributes[name] = absent(RAISING, Origin(here, f"`{name}` is configured to raise"))
        elif condition != LAZY:
            attributes[name] = IS_LOADED
            continue
        else:
            attributes[name] = absent(LAZY, Origin(here, f"inserted by this flush without `{name}`"))
        if relationship.direction is Direction.MANY_TO_ONE and _key_is_null(record, relationship.local_foreign_keys):
            values.update({key: NONE for key in relationship.local_foreign_keys if key not in values})
    return record.evolve(life=PERSISTENT, attributes=attributes, values=values, dirty=frozenset(), assigned_at={}, new=True)


def _key_is_null(record: OrmObject, keys: tuple[str, ...]) -> bool:
    for name in keys:
        value = record.values.get(name)
        given = not record.attributes.get(name, IS_BLANK).bits & BLANK
        column = record.mapped.columns.get(name)
        if (given and value != NONE) or (column is not None and not given and column.default is not Default.NONE):
            return False
    return bool(keys)


def _fetched_on_insert(run: Run, mapped: MappedClass) -> bool | None:
    if mapped.eager_defaults is EagerDefaults.ALWAYS:
        return True
    if mapped.eager_defaults is EagerDefaults.NEVER or not mapped.implicit_returning:
        return False
    return run.settings.returning


def _generated(origin: Origin, *, fetched: bool | None) -> LoadState:
    if fetched:
        return IS_LOADED
    return absent(GENERATED, origin, sure=fetched is False)


def _updated(run: Run, record: OrmObject, node: ast.AST) -> OrmObject:
    mapped = record.mapped
    here = run.site(node)
    fetched = mapped.eager_defaults is EagerDefaults.ALWAYS
    loaded = _loaded_again(run, record)
    attributes, values = dict(loaded.attributes), dict(loaded.values)
    for name, column in mapped.columns.items():
        if name in record.dirty:
            if isinstance(values.get(name), SqlExpression):
                computed = Origin(here, f"the UPDATE of this flush computes `{name}` from a SQL expression")
                attributes[name] = _generated(computed, fetched=fetched and (column.generated_on_insert or column.generated_on_update))
                del values[name]
        elif column.generated_on_update and not fetched and name != mapped.version_column:
            why = "onupdate" if column.onupdate is Default.SQL else "computed" if column.computed else "server_onupdate"
            gone = absent(GENERATED, Origin(here, f"the UPDATE of this flush leaves `{name}` to the database ({why})"))
            attributes[name] = attributes[name].join(gone).unsure() if SOMETHING in record.dirty else gone
    attributes.update(_visited(run, mapped, node))
    return record.evolve(attributes=attributes, values=values, dirty=frozenset(), assigned_at={})


def commit(run: Run, state: State, session: int, node: ast.AST) -> None:
    """Expire everything where the session's options say so, and end the transaction."""
    record = state.session(session)
    if record is None:
        return
    each(run, state, session, Deed("commit", Origin(run.site(node), "expired by this commit"), record.expire_on_commit), node)
    state.heap[session] = record.evolve(depth=0, failed=None, aborted=None, idle=True)
    history.note(run, state, Kind.COMMIT, session, node)


def rollback(run: Run, state: State, session: int, node: ast.AST, *, to: int = 0, asked: bool = True) -> None:
    """Undo the transaction, or (``to`` > 0) the savepoint at that depth; nobody has ``asked`` for what a failed flush does."""
    record = state.session(session)
    if record is None or (record.idle and not to):
        return
    each(run, state, session, Deed("rollback", Origin(run.site(node), "expired by this rollback"), to=to), node)
    state.heap[session] = record.evolve(failed=None, aborted=None, depth=max(to - 1, 0), idle=not to)
    if not to:
        history.note(run, state, Kind.ROLLBACK, session, node, asked=asked)


def release(state: State, session: int, depth: int) -> None:
    """A savepoint ended well: its changes belong to the one around it."""
    record = state.session(session)
    if record is None:
        return
    for key, found in state.waiting(session):
        if found.born >= depth or found.touched >= depth:
            state.heap[key] = found.evolve(born=min(found.born, depth - 1), touched=min(found.touched, depth - 1))
    # What failed inside has undone the savepoint already; its end says nothing of it.
    state.heap[session] = record.evolve(depth=max(depth - 1, 0), failed=None)


def begin(state: State, session: int | None) -> None:
    """Something is done with the session: it has a transaction from here on."""
    record = state.session(session)
    if session is not None and record is not None and record.idle:
        state.heap[session] = record.evolve(idle=False)


def close(run: Run, state: State, session: int, node: ast.AST) -> None:
    """Detach everything."""
    history.changes(run, state, session)
    record = state.session(session)
    if record is not None and (record.assumed or record.foreign):
        unflushed.perhaps_flushed(state, session)
    each(run, state, session, Deed("close"), node)
    if record is not None:
        state.heap[session] = record.evolve(closed=True, failed=None, aborted=None, depth=0, idle=True)
    if record is not None and not (record.assumed or record.foreign):
        history.note(run, state, Kind.CLOSE, session, node)


def constant_names(value: Value | None, state: State) -> frozenset[str] | None:
    """Attribute names given as a list of string constants; None when there are none or they are not known."""
    if value is None or value == NONE:
        return None
    record = state.record(value)
    if isinstance(record, Collection) and record.items is not None:
        names = [item.value for item in record.items if isinstance(item, Const) and isinstance(item.value, str)]
        if len(names) == len(record.items):
            return frozenset(names)
    return None
