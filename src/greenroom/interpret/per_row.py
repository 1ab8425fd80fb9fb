"""Queries that a loop makes for each row of another query: the N + 1 of which there should be two."""

from __future__ import annotations

import ast

from greenroom.domain.events import LoadedPerRow
from greenroom.domain.heap import PERSISTENT, OrmObject
from greenroom.domain.journal import NO_SESSION, Kind
from greenroom.domain.loading import LAZY, REFRESHED_AWAY, Site
from greenroom.domain.state import State
from greenroom.domain.values import Anything, Value
from greenroom.facts.records import MappedClass
from greenroom.interpret.run import Run


def loaded(run: Run, key: int, record: OrmObject, name: str, node: ast.AST, site: Site, calls: tuple[Site, ...], *, sure: bool) -> None:
    """An attribute of an object is loaded where that is legal; in a loop over many such objects it is for each."""
    loop = run.tracker.rows.get(key)
    if loop is not None and run.greenlet and sure and name in record.mapped.relationships and _is_row(run, key, record):
        run.emit(LoadedPerRow(site, calls, record.mapped.name, name, loop, record.loaded_at), record.mapped.name, name)


def got(run: Run, state: State, session: int, mapped: MappedClass, identity: Value | None, node: ast.AST) -> None:
    """``session.get`` with a key that is an attribute of a row, where nothing tells that the identity map has the object."""
    match identity:
        case Anything(_, ("attribute", int() as key, str() as name)) if key in run.tracker.rows:
            record = state.orm(key)
            held = any(found.many for _, found in state.kin_of(session, mapped.symbol) if found.mapped is mapped)
            if record is not None and not held and _is_row(run, key, record) and record.session == session:
                event = LoadedPerRow(run.site(node), run.call_sites(), mapped.name, "", run.tracker.rows[key], record.loaded_at)
                run.emit(event, record.mapped.name, name)


def refreshed(run: Run, state: State, session: int, key: int, names: frozenset[str] | None, node: ast.AST) -> None:
    """``session.refresh(row)``: of a row that nothing has changed, or to load its relationships.

    After a commit or a flush for each row there is something to read again.
    """
    record = state.orm(key)
    if record is None or key not in run.tracker.rows or not _is_row(run, key, record):
        return
    site, calls, loop = run.site(node), run.call_sites(), run.tracker.rows[key]
    related = (names or frozenset()) & record.mapped.relationships.keys()
    for name in sorted(related):
        if record.attributes[name].sure & (LAZY | REFRESHED_AWAY):
            run.emit(LoadedPerRow(site, calls, record.mapped.name, name, loop, record.loaded_at), record.mapped.name, name)
    written = any(act.session in {session, NO_SESSION} and act.kind is not Kind.ANSWER for act in state.journal)
    if not related and not written and not record.dirty:
        run.emit(LoadedPerRow(site, calls, record.mapped.name, "refresh", loop, record.loaded_at), record.mapped.name, "refresh")


def _is_row(run: Run, key: int, record: OrmObject) -> bool:
    """Whether an object comes from the database: it was not made by the code that goes through it."""
    while 0 < key <= len(run.tracker.allocations):
        match run.tracker.allocations[key - 1][1]:
            case ("focus" | "done" | "older", int() as key):
                continue
            case ("new", _):
                return False
            case _:
                break
    return record.life == PERSISTENT and record.new is False and not record.assumed
