"""Queries that a loop makes for each row of another query: the N + 1 of which there should be two."""

from __future__ import annotations

import ast

from greenroom.domain.events import LoadedPerRow
from greenroom.domain.heap import PERSISTENT, OrmObject
from greenroom.domain.loading import Site
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


def refreshed(run: Run, key: int, record: OrmObject, node: ast.AST) -> None:
    """``session.refresh(row)``."""
    if key in run.tracker.rows and _is_row(run, key, record):
        event = LoadedPerRow(run.site(node), run.call_sites(), record.mapped.name, "refresh", run.tracker.rows[key], record.loaded_at)
        run.emit(event, record.mapped.name)


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
