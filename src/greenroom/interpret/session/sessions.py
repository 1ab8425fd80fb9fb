"""Session operations: the rows of :mod:`greenroom.semantics.sessions` carried out on a state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from greenroom.domain.deeds import Deed
from greenroom.domain.events import Read
from greenroom.domain.heap import DELETED, PENDING, PERSISTENT, TRANSIENT, Collection, OrmObject, SessionObject
from greenroom.domain.journal import Kind
from greenroom.domain.loading import DROPPED, EMITS, EXPIRED, GENERATED, IS_LOADED, IS_UNKNOWN, LOADED, LoadState, Origin, absent
from greenroom.domain.plans import Plan
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Anything,
    Arguments,
    Block,
    Const,
    Ref,
    Rows,
    SqlExpression,
    Statement,
    Value,
    atoms,
)
from greenroom.facts.records import MappedClass
from greenroom.interpret import per_row
from greenroom.interpret.boundary import keys, moments
from greenroom.interpret.run import Diverted, Run
from greenroom.interpret.session import aborting, deeds, history, lifetimes, reloading, work
from greenroom.interpret.session.identity import fetch, find, mapped_of, meet, plan_of
from greenroom.interpret.session.merging import merge
from greenroom.interpret.session.rows import NO_RESULT, nothing
from greenroom.program.symbols import External
from greenroom.semantics.effects import (
    Attach,
    Autoflush,
    Close,
    Commit,
    Delete,
    Detach,
    Effect,
    Execute,
    Expire,
    Flush,
    Get,
    Inert,
    Merge,
    OpenBlock,
    Operation,
    Refresh,
    Rollback,
    RunSync,
)

NOT_PERSISTENT = External("sqlalchemy.exc.InvalidRequestError")
DATABASE_ERROR = External("sqlalchemy.exc.DBAPIError")
WITHOUT_TRANSACTION = (Flush, Commit, Rollback, Close, Expire, Detach, RunSync, Inert)
"""Effects that begin no transaction by themselves."""
Apply = Callable[[Run, State, int, Effect, Arguments, ast.AST], Value]


def perform(run: Run, state: State, session: int, operation: Operation, args: Arguments, node: ast.AST) -> Value:
    """Carry out one operation on the session with heap id ``session``."""
    record = state.session(session)
    if run.used is not None and operation.awaits and not _only_marks(state, operation, args):
        run.used.add(session)
    if record is not None and operation.awaits:
        lifetimes.used(run, state, session, record, operation, node)
    if (
        record is not None
        and record.failed is not None
        and (isinstance(operation.effects[-1], Execute | Get | Refresh | Merge | Commit | Flush) or operation.name == "begin_nested")
        and (operation.name != "flush" or work.waiting(state, session))
        and not (isinstance(operation.effects[-1], Refresh) and _undone(state, args))
        and not (isinstance(operation.effects[-1], Merge) and _is_here(state, session, args))
    ):
        event = Read(
            run.site(node),
            run.call_sites(),
            "Session",
            operation.name,
            LOADED,
            sure=True,
            origin=None,
            loaded_at=None,
            action="use",
            failed=record.failed,
        )
        run.emit(event, "Session", operation.name)
        work.recover(run, state, session, node)
        if isinstance(operation.effects[-1], Commit):
            return NONE  # It has committed nothing.
    aborting.used(run, state, session, operation, node)
    if operation.name == "flush" and run.tracker.observer is not None and not work.waiting(state, session):
        history.idle_flush(run, state, session, node)
    if operation.name == "connection" or not all(isinstance(effect, WITHOUT_TRANSACTION) for effect in operation.effects):
        work.begin(state, session)
    if operation.name == "in_transaction" and record is not None:
        return _in_transaction(state, session, record)
    value: Value = NONE
    for effect in operation.effects:
        value = APPLY[type(effect)](run, state, session, effect, args, node)
    return value


def _in_transaction(state: State, session: int, record: SessionObject) -> Value:
    """``in_transaction()``: what was loaded has begun a transaction, unless something ended it since."""
    if record.idle:
        return Const(value=False)
    loaded = any(found.life & PERSISTENT and not found.assumed for _, found in state.objects_of(session))
    return Const(value=True) if loaded else ANYTHING


def _undone(state: State, args: Arguments) -> bool:
    """Whether the object is out of its session again: that is refused before the session is looked at."""
    records = [state.record(atom) for atom in atoms(args.get(0, "instance") or NONE)]
    return any(isinstance(found, OrmObject) and found.life == TRANSIENT and found.born == deeds.UNDONE for found in records)


def _is_here(state: State, session: int, args: Arguments) -> bool:
    """Whether the object is in the session already, so that a merge has nothing to do."""
    records = [state.record(atom) for atom in atoms(args.get(0, "instance") or NONE)]
    return all(isinstance(found, OrmObject) and found.life == PERSISTENT and found.session == session for found in records)


def _only_marks(state: State, operation: Operation, args: Arguments) -> bool:
    """Whether ``delete`` has nothing to load: no unloaded relationship along which it cascades."""
    if not isinstance(operation.effects[0], Delete):
        return False
    objects = [found for atom in atoms(args.get(0, "instance") or NONE) if isinstance(found := state.record(atom), OrmObject)]
    return bool(objects) and not any(
        found.attributes[name].bits & EMITS
        for found in objects
        for name, relationship in found.mapped.relationships.items()
        if name in found.attributes and {"all", "delete"} & set(relationship.cascade)
    )


def autoflush(run: Run, state: State, session: int, node: ast.AST) -> None:
    """A flush where the session's options ask for one."""
    record = state.session(session)
    if record is not None and record.autoflush is not False and not record.suppressed:
        work.flush(run, state, session, node)


def _attach(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    value = args.get(0, "instances" if isinstance(effect, Attach) and effect.each else "instance")
    if value is not None:
        work.attach(run, state, value, session)
        history.note(run, state, Kind.ADD, session, node, _classes(state, value))
    return NONE


def _classes(state: State, value: Value) -> Iterator[str]:
    """The mapped classes of the objects that a value stands for, or holds."""
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, OrmObject):
            yield record.mapped.name
        elif isinstance(record, Collection):
            for part in (*(record.items or ()), record.element):
                yield from _classes(state, part) if part is not None else ()


def _delete(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    for atom in atoms(args.get(0, "instance") or NONE):
        record = state.record(atom)
        if isinstance(record, OrmObject) and isinstance(atom, Ref):
            if record.life == PENDING:
                run.may_raise(NOT_PERSISTENT, state)
                raise Diverted
            state.heap[atom.id] = record.evolve(attributes=_cascaded(record), dirty=record.dirty | {deeds.DELETION})
            history.note(run, state, Kind.DELETE, session, node, (record.mapped.name,))
    return NONE


def _cascaded(record: OrmObject) -> dict[str, LoadState]:
    """``delete`` loads, unless the database is trusted with it (``passive_deletes``), the relationships along which it cascades."""
    below = {name for name, declared in record.mapped.relationships.items() if "delete" in declared.cascade and name in record.attributes}
    if not below:
        return record.attributes
    return {n: s.unsure() if n in below or s.bits & DROPPED else s for n, s in record.attributes.items()}


def _flush(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    work.flush(run, state, session, node)
    return NONE


def _autoflush(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    autoflush(run, state, session, node)
    return NONE


def _commit(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    work.commit(run, state, session, node)
    return NONE


def _rollback(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    work.rollback(run, state, session, node)
    return NONE


def _close(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    work.close(run, state, session, node)
    return NONE


def _expire(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    if isinstance(effect, Expire) and effect.everything:
        deeds.each(run, state, session, Deed("expire", Origin(run.site(node), deeds.EXPIRED_HERE)), node)
        return NONE
    names = work.constant_names(args.get(1, "attribute_names"), state)
    for atom in atoms(args.get(0, "instance") or NONE):
        record = state.record(atom)
        if isinstance(record, OrmObject) and record.life == TRANSIENT and record.born == deeds.UNDONE:
            run.may_raise(NOT_PERSISTENT, state)
            raise Diverted
        if isinstance(atom, Ref):
            deeds.expire(run, state, atom.id, names, node)
    return NONE


def _detach(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    if isinstance(effect, Detach) and effect.everything:
        deeds.each(run, state, session, Deed("detach"), node)
        return NONE
    for atom in atoms(args.get(0, "instance") or NONE):
        if isinstance(atom, Ref):
            deeds.detach(state, atom.id)
    return NONE


def _refresh(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    names_value = args.get(1, "attribute_names")
    names = work.constant_names(names_value, state)
    for atom in atoms(args.get(0, "instance") or NONE):
        record = state.record(atom)
        if not isinstance(record, OrmObject) or not isinstance(atom, Ref):
            continue
        if record.life == TRANSIENT and record.born == deeds.UNDONE:
            run.may_raise(NOT_PERSISTENT, state)
            raise Diverted
        if record.life == PENDING:
            # Refused, unless something that is not followed has flushed it.
            run.may_raise(NOT_PERSISTENT, state)
            known = {n: IS_LOADED if (c := record.mapped.columns.get(n)) and not c.deferred else IS_UNKNOWN for n in record.attributes}
            state.heap[atom.id] = record.evolve(life=PERSISTENT, attributes=known, dirty=frozenset(), new=None)
            continue
        per_row.refreshed(run, state, session, atom.id, names, node)
        history.note(run, state, Kind.REFRESH, session, node, (record.mapped.name,))
        if record.life == PERSISTENT:
            # Changes to what is refreshed are thrown away; all others are flushed first.
            lost = record.dirty if names is None else record.dirty & names
            left = record.dirty - lost | ({deeds.MODIFIED} if lost and names is not None else frozenset())
            state.heap[atom.id] = record.evolve(dirty=left)
            autoflush(run, state, session, node)
            again = state.orm(atom.id)
            if again is not None:
                state.heap[atom.id] = again.evolve(dirty=again.dirty | lost, assigned_at={**again.assigned_at, **record.assigned_at})
        current = state.orm(atom.id)
        if current is not None and current.life & PERSISTENT:
            if run.raised is not None:
                failing = state.fork()
                gone = deeds.expired(current, EXPIRED, Origin(run.site(node), "expired by this refresh, which failed"), only=names)
                failing.heap[atom.id] = current.evolve(attributes=gone)
                run.may_raise(DATABASE_ERROR, failing)
            unknown_names = names_value is not None and names_value != NONE and names is None
            if not unknown_names:
                reloading.refresh(run, state, atom.id, names, node)
            else:
                reloading.reload(run, state, atom.id, node, drop=False)
                again = state.orm(atom.id)
                if again is not None:
                    state.heap[atom.id] = again.evolve(attributes={n: _perhaps_named(again, n, s) for n, s in again.attributes.items()})
    return NONE


def _perhaps_named(record: OrmObject, name: str, known: LoadState) -> LoadState:
    """An attribute after a refresh of names that are not known: whoever computes them asks for relationships."""
    return IS_UNKNOWN if name in record.mapped.relationships and known.bits & ~LOADED else known.unsure()


def _get(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    required = isinstance(effect, Get) and effect.required
    mapped = mapped_of(run, run.one_of(args.get(0, "entity") or NONE))
    if mapped is None:
        run.may_raise(DATABASE_ERROR, state)
        return ANYTHING
    identity = args.get(1, "ident")
    keys.given(state, (identity or NONE,))
    populate = args.get(None, "populate_existing") == Const(value=True)
    existing = find(state, session, mapped, identity)
    if existing is not None and not populate:
        record = state.orm(existing)
        # Only what was expired as a whole is loaded, not what lacks some attributes.
        if record is not None and any(
            record.attributes[n].bits & (DROPPED & ~GENERATED) for n in mapped.primary_key if n in record.attributes
        ):
            work.begin(state, session)
            autoflush(run, state, session, node)
            reloading.reload(run, state, existing, node, drop=False)
        return Ref(existing)
    if existing is None:
        per_row.got(run, state, session, mapped, identity, node)
    work.begin(state, session)
    autoflush(run, state, session, node)
    run.may_raise(DATABASE_ERROR, state)
    if required and existing is None:
        run.may_raise(NO_RESULT, state)
    if not required and existing is None and run.pick(2):
        return NONE
    plan = plan_of(state, args.get(None, "options"), mapped)
    return Ref(fetch(run, state, session, mapped, plan, node, identity=identity, populate=populate, by_key=not populate))


def _execute(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    shape = effect.shape if isinstance(effect, Execute) else "rows"
    statement = run.one_of(args.get(0, "statement") or ANYTHING)
    if isinstance(statement, Statement) and statement.textual:
        work.refer(state, session, None)
        if run.settings.sqlalchemy != "2.0":
            autoflush(run, state, session, node)
        return Rows(ANYTHING, scalars=shape != "rows")
    autoflush(run, state, session, node)
    run.may_raise(DATABASE_ERROR, state)
    if isinstance(statement, Statement):
        keys.given(state, (value for _, value in statement.equal))
    if not isinstance(statement, Statement):
        return ANYTHING if shape == "scalar" else Rows(ANYTHING, scalars=shape == "scalars")
    if statement.kind in ("update", "delete", "insert"):
        aborting.may_abort(run, state, session, statement, node)
        work.refer(state, session, _target(statement))
        _written(run, statement, node)
        _bulk(run, state, session, statement, node)
        kind = Kind.ADD if statement.kind == "insert" else Kind.BULK
        history.note(run, state, kind, session, node, (target.name for target in (_target(statement),) if target is not None))
    row = tuple(_entity(run, state, session, statement, index, node) for index in range(len(statement.entities)))
    first = row[0] if row else ANYTHING
    if shape == "exec":
        shape = "scalars" if len(row) < 2 else "rows"
    if shape == "scalar":
        if isinstance(first, Ref):
            return nothing(state, row) if run.pick(2) else first
        return first
    stream = isinstance(effect, Execute) and effect.stream
    if shape == "scalars":
        return Rows(first, scalars=True, row=row, stream=stream)
    return Rows(_tuple(run, state, row, node, statement), scalars=False, row=row, stream=stream)


def _tuple(run: Run, state: State, row: tuple[Value, ...], node: ast.AST, statement: Statement) -> Value:
    key = run.identity(node, "row")
    names: dict[object, Value] = {entity.name: value for entity, value in zip(statement.entities, row, strict=True) if entity.name}
    state.heap[key] = Collection("row", row, None, by_key=names)
    return Ref(key)


def _entity(run: Run, state: State, session: int, statement: Statement, index: int, node: ast.AST) -> Value:
    mapped = statement.entities[index].mapped
    if mapped is None:
        return ANYTHING
    identity = None
    primary = mapped.primary_key
    plan = statement.plan_for(mapped)
    if statement.entities[index].polymorphic:
        plan = plan.merge(Plan(polymorphic=True))
    if len(primary) == 1:
        identity = next((value for name, value in statement.equal if name == f"{mapped.name}.{primary[0]}"), None)
    key = fetch(
        run, state, session, mapped, plan, node, identity=identity, many=identity is None,
        restricted=statement.restricted, populate=statement.populate_existing or statement.returning, extra=("entity", index),
    )  # fmt: skip
    found = state.orm(key)
    told = {name: value for name, value in _told(statement, mapped) if found is not None and name not in found.values}
    if told and found is not None:
        state.heap[key] = found.evolve(values={**found.values, **told})
        meet(run, state, key, told, plan, node)
    return Ref(key)


def _told(statement: Statement, mapped: MappedClass) -> Iterator[tuple[str, Value]]:
    """The foreign keys that every row has, by what the query asks for."""
    for name, value in statement.equal:
        owner, _, attribute = name.rpartition(".")
        column = mapped.columns.get(attribute) if owner == mapped.name else None
        if column is not None and column.foreign_keys and isinstance(value, Anything | Const):
            yield attribute, value


def _bulk(run: Run, state: State, session: int, statement: Statement, node: ast.AST) -> None:
    """ORM-enabled UPDATE and DELETE change the objects of the session that match."""
    mapped = _target(statement)
    if mapped is None or not statement.synchronize:
        return
    here = run.site(node)
    for key, record in state.kin_of(session, mapped.symbol):
        if record.mapped is not mapped or not record.life & PERSISTENT:
            continue
        same = _matches(statement, mapped, key, record)
        if same is False:
            continue
        if statement.kind == "delete":
            if same:
                state.heap[key] = record.evolve(life=DELETED, session=session)
            continue
        if statement.kind != "update" or run.settings.returning is None:
            continue
        attributes = dict(record.attributes)
        given = {name for name, _ in statement.assigned}
        for name, value in statement.assigned:
            if isinstance(value, SqlExpression) and not value.evaluable and name in attributes:
                gone = absent(GENERATED, Origin(here, f"this UPDATE computes `{name}` in the database"), sure=bool(same))
                attributes[name] = gone if same else attributes[name].join(gone)
        for name, column in mapped.columns.items():
            if name not in given and column.generated_on_update:
                gone = absent(GENERATED, Origin(here, f"this UPDATE leaves `{name}` to the database (onupdate)"), sure=bool(same))
                attributes[name] = gone if same else attributes[name].join(gone)
        state.heap[key] = record.evolve(attributes=attributes)


def _written(run: Run, statement: Statement, node: ast.AST) -> None:
    """The values that an INSERT or UPDATE puts into columns."""
    mapped = _target(statement)
    for name, value in statement.assigned if mapped is not None else ():
        column = mapped.columns.get(name) if mapped is not None else None
        if mapped is not None and column is not None:
            moments.stored(run, mapped, column, value, node)
            keys.stored(run, mapped, column, value, node)


def _target(statement: Statement) -> MappedClass | None:
    named = (entity.mapped for entity in statement.entities if entity.mapped is not None)
    return next(named, None) or next((owner for owner, _ in statement.plans if owner is not None), None)


def _matches(statement: Statement, mapped: MappedClass, key: int, record: OrmObject) -> bool | None:
    """Whether the object's row is among those that the statement touches."""
    if not statement.restricted:
        return True
    primary = mapped.primary_key
    if len(primary) != 1:
        return None
    wanted = next((value for name, value in statement.equal if name == f"{mapped.name}.{primary[0]}"), None)
    if wanted is None:
        return None
    if wanted == record.key or (isinstance(wanted, Anything) and wanted.token == ("attribute", key, primary[0])):
        return True
    if isinstance(wanted, Const) and isinstance(record.key, Const):
        return False
    return None


def _run_sync(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    callee = args.get(0, "arg")
    if callee is None:
        return ANYTHING
    run.greenlet += 1
    try:
        return run.call(state, callee, Arguments((Ref(session), *args.positional[1:]), args.named), node)
    finally:
        run.greenlet -= 1


def _open_block(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    return Block(Ref(session), effect.kind if isinstance(effect, OpenBlock) else "begin")


def _inert(run: Run, state: State, session: int, effect: Effect, args: Arguments, node: ast.AST) -> Value:
    return ANYTHING


APPLY: dict[type, Apply] = {
    Attach: _attach,
    Delete: _delete,
    Flush: _flush,
    Autoflush: _autoflush,
    Commit: _commit,
    Rollback: _rollback,
    Close: _close,
    Expire: _expire,
    Detach: _detach,
    Refresh: _refresh,
    Merge: merge,
    Get: _get,
    Execute: _execute,
    RunSync: _run_sync,
    OpenBlock: _open_block,
    Inert: _inert,
}
