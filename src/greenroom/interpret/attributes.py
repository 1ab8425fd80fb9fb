"""Reading and writing one attribute of a mapped object."""

from __future__ import annotations

import ast

from greenroom.domain.events import Read
from greenroom.domain.heap import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT, Collection, OrmObject, SessionObject
from greenroom.domain.holding import GIVEN, HINT
from greenroom.domain.loading import (
    BLANK,
    DEFERRED,
    DROPPED,
    EMITS,
    IS_LOADED,
    LAZY,
    LOADED,
    RAISING,
    REFRESHED_AWAY,
    UNKNOWN,
    LoadState,
    Origin,
    Site,
)
from greenroom.domain.state import State
from greenroom.domain.values import NONE, Anything, Const, DynamicQuery, Ref, Value, atoms, join_values
from greenroom.facts.records import Direction, Relationship
from greenroom.interpret import per_row
from greenroom.interpret.absences import after_load, fails_before, perhaps_left, refused_key, without_deferred
from greenroom.interpret.boundary import keys, moments, transitions
from greenroom.interpret.observer import Observer, Reading, refreshed
from greenroom.interpret.run import Run
from greenroom.interpret.session import unflushed
from greenroom.interpret.session.answers import many_to_one, refers_to_nothing
from greenroom.interpret.session.deeds import MODIFIED
from greenroom.interpret.session.materialise import assumed, reach, strategy_of, ways_back
from greenroom.interpret.session.materialise import load as load_object
from greenroom.interpret.session.reloading import collected, doubt, reload
from greenroom.interpret.session.sessions import autoflush
from greenroom.interpret.session.work import GIVES, attach, begin, claim, is_expired, recover
from greenroom.program.symbols import External

MISSING_GREENLET = External("sqlalchemy.exc.MissingGreenlet")
_ORDER = (4, 8, 256, 16, 32, 64, 128, 512)


def read(run: Run, state: State, key: int, name: str, node: ast.AST, *, action: str = "read", schema: str = "") -> Value:
    """The value of an instrumented attribute; emits an event when memory cannot answer."""
    record = state.orm(key)
    assert record is not None
    if not (schema or run.schema):
        transitions.looked_at(state, record.mapped, name)
    known = record.attributes[name]
    relationship = record.mapped.relationships.get(name)
    if run.tracker.observer is not None:
        _observe(run, run.tracker.observer, state, record, name, node)
    if run.mutating is node and relationship is not None and relationship.uselist:
        action = "mutate"
    if record.life & PERSISTENT and record.session is not None and known.bits & EMITS:
        session = state.session(record.session)
        if session is not None and session.failed is not None:
            sure = bool(known.sure & EMITS)
            report(run, key, record, name, LOADED, node, action=action, schema=schema, sure=sure, failed=session.failed)
            recover(run, state, record.session, node)
            record = state.orm(key) or record
            known = record.attributes[name]
    if known.bits & (EMITS | RAISING) and (record.life & (PERSISTENT | DETACHED | DELETED) or known.bits & DROPPED):
        answer = None
        careful = relationship is not None and relationship.lazy == "raise_on_sql"
        if relationship is not None and relationship.direction is Direction.MANY_TO_ONE and (known.bits & (LAZY | 32 | DROPPED) or careful):
            answer = many_to_one(state, key, record, relationship)
        if answer is None or isinstance(answer, bool):
            _absent(run, state, key, name, known, node, action=action, schema=schema, unsure=answer is True)
        else:
            if not record.many:
                # The loader keeps what it found.
                attributes = {**record.attributes, name: IS_LOADED}
                state.heap[key] = record.evolve(attributes=attributes, values={**record.values, name: answer, GIVEN + name: GIVES})
            return answer
        # What the identity map may have answered with was loaded by another query.
        return value_of(run, state, key, name, node, elsewhere=answer is True)
    if known.bits & BLANK and not known.bits & LOADED:
        if not schema:
            unflushed.report(run, record, name, node)
        return _blank(run, state, key, record, name, node)
    return value_of(run, state, key, name, node)


def _observe(run: Run, observer: Observer, state: State, record: OrmObject, name: str, node: ast.AST) -> None:
    """Write a read down for an audit."""
    known = record.attributes[name]
    session = state.heap.get(record.session) if record.session is not None else None
    legal = run.greenlet > 0 or run.certain is not None or (isinstance(session, SessionObject) and not session.is_async)
    dropped = name in record.mapped.columns and record.life == PERSISTENT and bool(known.sure & DROPPED)
    observer.read(record, name, state.journal, dropped=dropped and not legal)
    observer.enum_read(record, name, run.site(node))
    if run.schema and observer.answering is not None:
        relationship = record.mapped.relationships.get(name)
        strategy = strategy_of(relationship, record.plan)[0] if relationship is not None else ""
        there = not known.sure & (EMITS | RAISING)
        again = refreshed(state.journal, record)
        reading = Reading(record.mapped.name, name, there, record.loaded_at, again, strategy, record.assumed)
        observer.answered(run.schema, reading)


def value_of(run: Run, state: State, key: int, name: str, node: ast.AST, *, elsewhere: bool = False) -> Value:
    """What a loaded attribute holds; an object from ``elsewhere`` is one of which it is not known how it was loaded."""
    record = state.orm(key)
    assert record is not None
    if name in record.mapped.primary_key:
        run.tracker.keys_there.add((node, run.call_nodes()))
    known = record.values.get(name)
    relationship = record.mapped.relationships.get(name)
    if known is not None:
        return known
    if relationship is not None:
        if strategy_of(relationship, record.plan)[0] == "noload":
            return _nothing(run, state, key, relationship, node)
        if relationship.direction is Direction.MANY_TO_ONE and refers_to_nothing(record, relationship):
            return NONE
        return _related(run, state, key, record, relationship, node, elsewhere=elsewhere)
    column = record.mapped.columns.get(name)
    if (
        column is not None
        and column.primary_key
        and record.key is not None
        and _is_plain(record.key)
        and not record.many
        and len(record.mapped.primary_key) == 1
    ):
        return record.key
    return Anything(column.python_type if column is not None else None, None if record.many else ("attribute", key, name))


def _is_plain(key: Value) -> bool:
    """Whether a primary key is known as data; an object in its place is an annotation's mistake."""
    return not any(isinstance(atom, Ref) for atom in atoms(key))


def _related(run: Run, state: State, key: int, record: OrmObject, relationship: Relationship, node: ast.AST, *, elsewhere: bool) -> Value:
    target = run.backend.mapped(relationship.target) if relationship.target is not None else None
    if relationship.lazy == "dynamic":
        return DynamicQuery(key, relationship.name)
    if relationship.lazy == "write_only":
        return Anything()
    if target is None:
        return Anything()
    many = record.many or relationship.uselist
    if record.assumed or record.attributes[relationship.name].bits & UNKNOWN:
        child = assumed(run, state, target, record.session, node, (key, relationship.name), many=many)
    else:
        _, plan = strategy_of(relationship, record.plan)
        before = set(state.heap)
        reach(state, record.session, target, node)
        child = load_object(
            run,
            state,
            target,
            record.session,
            plan,
            node,
            many=many,
            extra=(key, relationship.name),
            path=((record.mapped.name, relationship.name),),
        )
        if elsewhere:
            doubt(state, set(state.heap) - before)
        if not record.life & PERSISTENT:
            for made_key in set(state.heap) - before:
                brought = state.orm(made_key)
                if brought is not None:
                    state.heap[made_key] = brought.evolve(life=record.life, session=None)
    back = ways_back(relationship, target)
    made = state.orm(child)
    if back and made is not None:
        state.heap[child] = made.evolve(values={**made.values, **{HINT + name: Ref(key) for name in back}})
    value = collected(run, state, node, key, relationship, child)
    current = state.orm(key)
    if current is not None:
        attributes = current.attributes if current.many else {**current.attributes, relationship.name: IS_LOADED}
        state.heap[key] = current.evolve(values={**current.values, relationship.name: value}, attributes=attributes)
    column_null = not relationship.uselist and any(
        (column := record.mapped.columns.get(name)) is not None and column.nullable for name in relationship.local_foreign_keys
    )
    return join_values(value, NONE) if column_null and not relationship.uselist and record.assumed else value


def _nothing(run: Run, state: State, key: int, relationship: Relationship, node: ast.AST) -> Value:
    """What ``noload`` leaves: None, or a collection without elements."""
    if not relationship.uselist:
        return NONE
    made = run.identity(node, ("nothing", key, relationship.name))
    state.heap[made] = Collection(relationship.collection, (), None, owner=(key, relationship.name))
    record = state.orm(key)
    if record is not None:
        state.heap[key] = record.evolve(values={**record.values, relationship.name: Ref(made)})
    return Ref(made)


def _blank(run: Run, state: State, key: int, record: OrmObject, name: str, node: ast.AST) -> Value:
    relationship = record.mapped.relationships.get(name)
    if relationship is not None and relationship.uselist:
        # Reading creates an empty collection that is not stored: it stays BLANK.
        made = run.identity(node, ("blank", key, name))
        state.heap[made] = Collection(relationship.collection, (), None, owner=(key, name))
        return Ref(made)
    column = record.mapped.columns.get(name)
    if column is not None and not column.primary_key and record.life == TRANSIENT | PENDING:
        return Anything()
    return NONE


def _absent(
    run: Run, state: State, key: int, name: str, known: LoadState, node: ast.AST, *, action: str, schema: str, unsure: bool
) -> None:
    """Report a read that memory cannot answer, then go on as if the load had happened."""
    record = state.orm(key)
    assert record is not None
    bits = known.bits
    bit = next((bit for bit in _ORDER if bits & bit and known.sure & bit), 0) or next((bit for bit in _ORDER if bits & bit), 0)
    session = state.session(record.session)
    legal = run.greenlet > 0 or (session is not None and not session.is_async)
    detached = not record.life & (PERSISTENT | DELETED)
    declared = record.mapped.relationships.get(name)
    refused = refused_key(record, declared) if bit & (LAZY | REFRESHED_AWAY) and not detached else None
    if refused is not None:
        _absent(run, state, key, refused, record.attributes[refused], node, action=action, schema=schema, unsure=unsure)
        return
    if bit == RAISING and fails_before(record, declared, detached=detached, legal=legal):
        bit = DEFERRED if declared is None else LAZY
    if not detached and bit != RAISING:
        begin(state, record.session)
    if detached or bit == RAISING or not legal:
        sure = bool(known.sure & (bit | RAISING)) and not unsure and run.certain is None
        origin = known.origin(bit)
        report(run, key, record, name, bit, node, action=action, schema=schema, detached=detached, sure=sure, origin=origin)
        run.may_raise(MISSING_GREENLET, state)
    elif bit & (LAZY | REFRESHED_AWAY | DEFERRED) and record.session is not None:
        per_row.loaded(run, key, record, name, node, sure=bool(known.sure & bit) and not unsure)
        autoflush(run, state, record.session, node)
        record = state.orm(key) or record
    before = record
    column = record.mapped.columns.get(name)
    if known.bits & DROPPED and not detached and not (column is not None and column.deferred):
        reload(run, state, key, node, drop=False)
        record = without_deferred(before, state.orm(key) or record)
        again = record.attributes[name]
        if legal and declared is not None and declared.lazy == "raise_on_sql" and again.bits == RAISING:
            answer = many_to_one(state, key, record, declared)
            if answer is None or answer is True:
                _absent(run, state, key, name, again, node, action=action, schema=schema, unsure=answer is True)
            return
    attributes = after_load(record, name) if not detached else dict(record.attributes)
    if detached and name in record.mapped.columns:
        attributes = {n: s.without(EMITS) if n not in record.mapped.relationships else s for n, s in attributes.items()}
    attributes[name] = IS_LOADED
    if known.bits & LOADED and not detached:
        attributes.update(perhaps_left(before))
    if before.many:
        # One of many objects was read: the others are as they were.
        attributes = {n: s if s == attributes[n] else s.unsure() for n, s in before.attributes.items()}
    state.heap[key] = record.evolve(attributes=attributes)


def report(
    run: Run, key: int, record: OrmObject, name: str, bit: int, node: ast.AST, *, action: str = "read", schema: str = "",
    detached: bool = False, sure: bool = True, origin: Origin | None = None, failed: Origin | None = None,
) -> None:  # fmt: skip
    """Emit the event of a failing read where the caller can see it: reads in model code belong to the call."""
    site, calls, via, via_name = place(run, node)
    schema = schema or run.schema
    # Of many objects the first column that is read tells it for all: what reads it in one place would fail there.
    several = record.many and name in record.mapped.columns
    run.emit(
        Read(
            site, calls, record.mapped.name, name, bit, sure, origin, record.loaded_at, action, via, via_name, schema, detached, failed,
            name in record.mapped.relationships, key,
        ),
        record.mapped.name, "*" if several else name, bit if not detached else "detached",
        schema.rpartition(".")[0] if several else schema, failed is not None,
    )  # fmt: skip


def place(run: Run, node: ast.AST) -> tuple[Site, tuple[Site, ...], tuple[Site, ...], str]:
    """Where a read is reported, the calls that led there, and the way through model code behind it."""
    read_site = run.site(node)
    index = next((i for i, call in enumerate(run.calls) if call.model_code and call.site is not None), None)
    if index is None:
        return read_site, run.call_sites(), (), ""
    outer = run.calls[index]
    assert outer.site is not None
    inner = tuple(call.site for call in run.calls[index + 1 :] if call.site is not None)
    calls = tuple(call.site for call in run.calls[:index] if call.site is not None)
    return outer.site, calls, (Site(outer.function.module, outer.function.node), *inner, read_site), outer.function.qualname


def write(run: Run, state: State, key: int, name: str, value: Value, node: ast.AST) -> None:
    """Assign to an attribute."""
    record = state.orm(key)
    assert record is not None
    if name not in record.attributes:
        state.heap[key] = record.evolve(values={**record.values, name: value})
        return
    relationship = record.mapped.relationships.get(name)
    column = record.mapped.columns.get(name)
    if column is not None:
        moments.stored(run, record.mapped, column, value, node)
        keys.stored(run, record.mapped, column, value, node)
        if record.life != TRANSIENT:
            transitions.stored(run, record.mapped, column, value, node)
    known = record.attributes[name]
    loads_old = (column is not None and (column.primary_key or column.active_history)) or (
        relationship is not None
        and (relationship.uselist or relationship.active_history or relationship.single_parent or "delete-orphan" in relationship.cascade)
        and relationship.lazy not in ("write_only", "dynamic", "noload")
    )
    if loads_old and relationship is not None and not relationship.uselist and relationship.direction is not Direction.MANY_TO_ONE:
        loads_old = relationship.active_history or relationship.single_parent
    refused = known.bits & RAISING and record.life & PERSISTENT
    if loads_old and ((record.life & (PERSISTENT | DETACHED) and known.bits & EMITS) or refused):
        _absent(run, state, key, name, known, node, action="mutate", schema="", unsure=False)
        record = state.orm(key) or record
    if record.life & PERSISTENT:
        begin(state, record.session)
    session = state.session(record.session)
    if relationship is not None and known.bits == LOADED and _is_the_same(state, record, relationship, value):
        state.heap[key] = record.evolve(values={**record.values, name: value})
        return
    values = {**record.values, name: value, **({GIVEN + name: GIVES} if relationship is not None and not relationship.uselist else {})}
    attributes = {**record.attributes, name: IS_LOADED}
    if relationship is not None and value == NONE and record.life & PERSISTENT and refers_to_nothing(record, relationship):
        state.heap[key] = record.evolve(values=values, attributes=attributes, dirty=record.dirty | {MODIFIED})
        return  # The key is NULL, and stays so: a flush visits the object and writes nothing.
    origin = Origin(run.site(node), f"`{name}` is assigned here")
    state.heap[key] = record.evolve(
        values=values, attributes=attributes, assigned_at={**record.assigned_at, name: origin},
        dirty=record.dirty | {name}, perhaps=record.perhaps - {name},
        touched=session.depth if session is not None else 0,
    )  # fmt: skip
    if relationship is not None:
        adopt(run, state, key, relationship, value)
        if relationship.uselist:
            _copy_collection(run, state, key, relationship, value, node)
    elif column is not None and column.foreign_keys:
        _forget_hints(state, key, name)


def _is_the_same(state: State, record: OrmObject, relationship: Relationship, value: Value) -> bool:
    """Whether a loaded many-to-one is given the very object that its foreign key names: nothing changes, and nothing is written."""
    other = state.record(value)
    keys = relationship.local_foreign_keys
    if not isinstance(other, OrmObject) or not isinstance(value, Ref) or len(keys) != 1 or len(other.mapped.primary_key) != 1:
        return False
    foreign = record.values.get(keys[0])
    if isinstance(foreign, Anything):
        return foreign.token == ("attribute", value.id, other.mapped.primary_key[0])
    return isinstance(foreign, Const) and foreign == other.key and foreign != NONE


def _copy_collection(run: Run, state: State, key: int, relationship: Relationship, value: Value, node: ast.AST) -> None:
    """An assigned list becomes the object's own collection."""
    source = state.record(value)
    if isinstance(source, Collection):
        made = run.identity(node, ("assigned", key, relationship.name))
        state.heap[made] = Collection(relationship.collection, source.items, source.any() if source.items is None else source.element,
                                      owner=(key, relationship.name))  # fmt: skip
        record = state.orm(key)
        if record is not None:
            state.heap[key] = record.evolve(values={**record.values, relationship.name: Ref(made)})


def _forget_hints(state: State, key: int, name: str) -> None:
    record = state.orm(key)
    if record is None:
        return
    stale = {HINT + rel.name for rel in record.mapped.relationships.values() if name in rel.local_foreign_keys}
    if stale & set(record.values):
        state.heap[key] = record.evolve(values={n: v for n, v in record.values.items() if n not in stale})


def adopt(run: Run, state: State, key: int, relationship: Relationship, value: Value) -> None:
    """Keep the reverse side of a relationship in step, and cascade into the session."""
    owner = state.orm(key)
    if owner is None:
        return
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, Collection):
            for item in (*(record.items or ()), record.element, *record.by_key.values()):
                if item is not None:
                    adopt(run, state, key, relationship, item)
        elif isinstance(record, OrmObject) and isinstance(atom, Ref):
            if owner.session is not None and record.session is None and record.life & TRANSIENT and not relationship.viewonly:
                attach(run, state, atom, owner.session)
            claim(state, key, relationship, atom)
            _mirror(run, state, key, relationship, atom)


def _mirror(run: Run, state: State, key: int, relationship: Relationship, other: Ref) -> None:
    record = state.orm(other.id)
    back = relationship.back_populates
    if record is None or back is None or back not in record.mapped.relationships:
        return
    reverse = record.mapped.relationships[back]
    if not reverse.uselist:
        state.heap[other.id] = record.evolve(
            values={**record.values, back: Ref(key), GIVEN + back: GIVES},
            attributes={**record.attributes, back: IS_LOADED},
            dirty=record.dirty | {back},
        )
    elif record.attributes.get(back, IS_LOADED).bits & (BLANK | LOADED):
        known = state.record(record.values[back]) if back in record.values else None
        made = record.values.get(back)
        if isinstance(known, Collection) and isinstance(made, Ref):
            state.heap[made.id] = grown(known, Ref(key))
        elif record.attributes[back].bits & BLANK:
            fresh = run.identity(run.program_anchor, ("mirror", other.id, back))
            state.heap[fresh] = Collection(reverse.collection, (Ref(key),), None, owner=(other.id, back))
            state.heap[other.id] = record.evolve(
                values={**record.values, back: Ref(fresh)}, attributes={**record.attributes, back: IS_LOADED}
            )
    elif record.life & PERSISTENT and (record.mapped.column_properties or is_expired(record)):
        state.heap[other.id] = record.evolve(dirty=record.dirty | {MODIFIED})


def grown(known: Collection, value: Value) -> Collection:
    """The collection with one more element."""
    if known.items is not None and len(known.items) < 8 and known.element is None:
        return Collection(known.kind, (*known.items, value), None, known.keys, known.by_key, known.owner, known.partial)
    covered = known.any()
    element = value if covered is None else join_values(covered, value)
    return Collection(known.kind, None, element, known.keys, known.by_key, known.owner, known.partial, filled=True)
