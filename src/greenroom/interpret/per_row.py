"""Queries that a loop makes for each row of another query: the N + 1 of which there should be two."""

from __future__ import annotations

import ast
from dataclasses import replace

from greenroom.domain.events import LoadedPerRow
from greenroom.domain.heap import PERSISTENT, OrmObject
from greenroom.domain.journal import NO_SESSION, Kind
from greenroom.domain.loading import LAZY, REFRESHED_AWAY
from greenroom.domain.state import State
from greenroom.domain.values import Anything, Value
from greenroom.facts.records import MappedClass
from greenroom.interpret.run import Run


def loaded(run: Run, key: int, record: OrmObject, name: str, node: ast.AST, *, sure: bool) -> None:
    """An attribute of an object is loaded where that is legal; in a loop over many such objects it is for each."""
    if run.greenlet and sure and name in record.mapped.relationships and _is_row(run, key, record):
        _report(run, key, record, record.mapped, name, node)


def got(run: Run, state: State, session: int, mapped: MappedClass, identity: Value | None, node: ast.AST) -> None:
    """``session.get`` with a key that is an attribute of a row, where nothing tells that the identity map has the object."""
    match identity:
        case Anything(_, ("attribute", int() as key, str())) if key in run.tracker.rows:
            record = state.orm(key)
            held = any(found.many for _, found in state.kin_of(session, mapped.symbol) if found.mapped is mapped)
            if record is not None and not held and _is_row(run, key, record) and record.session == session:
                _report(run, key, record, mapped, "", node)


def refreshed(run: Run, state: State, session: int, key: int, names: frozenset[str] | None, node: ast.AST) -> None:
    """``session.refresh(row)``: to load its relationships, or of a row that nothing has changed.

    After a commit or a flush for each row there is something to read again, and a function that is called may know of one.
    """
    record = state.orm(key)
    if record is None or key not in run.tracker.rows or not _is_row(run, key, record):
        return
    related = (names or frozenset()) & record.mapped.relationships.keys()
    for name in sorted(related):
        if record.attributes[name].sure & (LAZY | REFRESHED_AWAY):
            _report(run, key, record, record.mapped, name, node)
    here = len(run.calls) == run.tracker.rows[key][1]
    written = any(act.session in {session, NO_SESSION} and act.kind is not Kind.ANSWER for act in state.journal)
    if here and not related and not written and not record.dirty:
        _report(run, key, record, record.mapped, "refresh", node)


def _report(run: Run, key: int, record: OrmObject, loaded: MappedClass, name: str, node: ast.AST) -> None:
    """Tell it where the loop's own function makes the query, or calls what does."""
    loop, depth = run.tracker.rows[key]
    called = run.calls[depth].site if len(run.calls) > depth else None
    within = run.site(node)
    if _leaves(loop.node, (called or within).node):
        return  # the row that was looked for is found, and no other asks for anything
    calls = tuple(call.site for call in run.calls[:depth] if call.site is not None)
    event = LoadedPerRow(called or within, calls, loaded.name, name, within, loop, record.loaded_at, key)
    run.emit(event, *((loaded.name, name) if name else ()))  # of the classes that one `get` may mean, the first tells it


def again(run: Run, event: LoadedPerRow, row: int, node: ast.AST, *identity: object) -> None:
    """The call at ``node`` asks for the same, if ``row``, which it was given, is one of a loop of this function."""
    loop, depth = run.tracker.rows.get(row, (None, 0))
    if loop is not None and depth == len(run.calls) and not _leaves(loop.node, node):
        run.emit(replace(event, site=run.site(node), calls=run.call_sites(), loop=loop, row=row), *identity)


def _leaves(loop: ast.AST, node: ast.AST) -> bool:
    """Whether the loop is over once it has come to ``node``: the block that holds it ends with ``return``, ``raise`` or ``break``."""
    body: list[ast.stmt] = getattr(loop, "body", []) if isinstance(loop, ast.For | ast.AsyncFor | ast.While) else []
    leaving: tuple[type[ast.stmt], ...] = (ast.Return, ast.Raise, ast.Break)
    while body:
        if isinstance(body[-1], leaving):
            return True
        holder = next((statement for statement in body if any(part is node for part in ast.walk(statement))), None)
        if isinstance(holder, ast.For | ast.AsyncFor | ast.While):
            leaving = (ast.Return, ast.Raise)
        suites = [suite for name in ("body", "orelse", "finalbody") if isinstance(suite := getattr(holder, name, None), list)]
        suites += [handler.body for handler in getattr(holder, "handlers", [])]
        body = next((suite for suite in suites if any(part is node for statement in suite for part in ast.walk(statement))), [])
    return False


def _is_row(run: Run, key: int, record: OrmObject) -> bool:
    """Whether an object is one that a loop goes through, and comes from the database: it was not made by the same code."""
    if key not in run.tracker.rows:
        return False
    while 0 < key <= len(run.tracker.allocations):
        match run.tracker.allocations[key - 1][1]:
            case ("focus" | "done" | "older", int() as key):
                continue
            case ("new", _):
                return False
            case _:
                break
    return record.life == PERSISTENT and record.new is False and not record.assumed
