"""``try``, ``except``, ``finally`` and ``raise``."""

from __future__ import annotations

import ast

from greenroom.domain.flow import Flow, Raised, compact, merge
from greenroom.domain.state import State
from greenroom.domain.values import Anything, ClassValue, Library, Ref, Value
from greenroom.interpret.access import own_class
from greenroom.interpret.boundary import keys
from greenroom.interpret.mishaps import may_happen, named
from greenroom.interpret.run import DISJUNCTS, Run
from greenroom.interpret.session import history
from greenroom.interpret.session.work import INTEGRITY_ERROR
from greenroom.program.symbols import Class, External

EVERYTHING = frozenset({"Exception", "BaseException"})
DRIVERS = frozenset({"sqlalchemy", "asyncpg", "psycopg", "psycopg2", "sqlite3", "aiosqlite", "pymysql", "aiomysql", "asyncmy"})
LOOKUP_ERRORS = frozenset({"NoResultFound", "MultipleResultsFound"})
USAGE_ERRORS = frozenset({"InvalidRequestError", "MissingGreenlet", "DetachedInstanceError"})


def raise_statement(run: Run, node: ast.Raise, state: State) -> Flow:
    """``raise``: control leaves through the innermost handler that matches."""
    if node.exc is None:
        error = run.handling[-1] if run.handling else None
        run.may_raise(error, state)
        return Flow()
    target = node.exc
    for after, value in run.alternatives(state, lambda inner: run.evaluate(target, inner)):
        run.may_raise(_class_of(run, after, value, target), after)
    return Flow()


def _class_of(run: Run, state: State, value: Value, raised: ast.expr) -> External | Class | None:
    match value:
        case ClassValue(symbol):
            return symbol
        case Library(symbol):
            return symbol
        case Ref():
            return own_class(run, state, value)
        case Anything(_, ("call", *_)):
            made = named(run, raised.func) if isinstance(raised, ast.Call) else None
            return made if made is not None else External("builtins.RaisedByName")
        case _:
            return None


def try_statement(run: Run, node: ast.Try | ast.TryStar, state: State) -> Flow:
    """``try``."""
    depth = len(state.frames)
    outer = run.raised
    caught: list[Raised] = []
    run.raised = caught
    before = state.fork()
    try:
        with run.reserving():
            flow = run.execute(node.body, [state])
    finally:
        run.raised = outer
    for item in caught:
        item.state.leave(depth)
    escaping: list[Raised] = []
    run.raised = escaping
    try:
        if node.orelse and flow.fall:
            rest = run.execute(node.orelse, flow.fall)
            flow.fall = rest.fall
            flow.absorb(rest)
        _handle(run, node, before, caught, flow, escaping)
    finally:
        run.raised = outer
    if node.finalbody:
        flow, escaping = _finally(run, node.finalbody, flow, escaping, depth)
    if outer is not None:
        outer.extend(compact(escaping))
    flow.fall = merge(flow.fall, DISJUNCTS)
    return flow


def _handle(run: Run, node: ast.Try | ast.TryStar, before: State, caught: list[Raised], flow: Flow, escaping: list[Raised]) -> None:
    remaining = compact(caught)
    ended = bool(flow.fall or flow.returned or flow.broke or flow.continued)  # else the block always raises what was caught
    for handler in node.handlers:
        entering: list[State] = []
        rest: list[Raised] = []
        errors: list[External | Class | None] = []
        for item in remaining:
            verdict = matches(run, handler.type, item.error)
            if verdict:
                entering.append(item.state)
                errors.append(item.error)
            if verdict is not True:
                rest.append(item)
        remaining = rest
        if not entering and ended and may_happen(run, before, node.body, handler.type):
            entering, errors = [before.fork()], [named(run, handler.type)]
        if not entering:
            continue
        for entered in entering:
            history.caught(run, entered, handler)
            if handler.name is not None:
                entered.variables[handler.name] = Anything(None, ("error", id(handler)))
        if any(error is INTEGRITY_ERROR for error in errors) and not _passes_on(handler):
            for entered in entering:
                keys.handled(entered)
        run.handling.append(errors[0])
        try:
            inner = run.execute(handler.body, merge(entering, DISJUNCTS))
        finally:
            run.handling.pop()
        flow.fall.extend(inner.fall)
        flow.absorb(inner)
    escaping.extend(remaining)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler does nothing in the end but to raise what it has caught again."""
    raised = [part for part in ast.walk(handler) if isinstance(part, ast.Raise)]
    again = [part for part in raised if part.exc is None or (isinstance(part.exc, ast.Name) and part.exc.id == handler.name)]
    return bool(again) and len(again) == len(raised) and not any(isinstance(part, ast.Return) for part in ast.walk(handler))


def _finally(run: Run, body: list[ast.stmt], flow: Flow, escaping: list[Raised], depth: int) -> tuple[Flow, list[Raised]]:
    done = Flow()

    def through(states: list[State]) -> list[State]:
        inner = run.execute(body, states)
        done.absorb(inner)
        return inner.fall

    done.fall = through(flow.fall) if flow.fall else []
    for after, value in flow.returned:
        done.returned.extend((end, value) for end in through([after]))
    done.broke.extend(through(flow.broke) if flow.broke else [])
    done.continued.extend(through(flow.continued) if flow.continued else [])
    left: list[Raised] = []
    for item in compact(escaping):
        item.state.leave(depth)
        history.changed(run, item.state)
        before = len(item.state.journal)
        with run.endings.failing(item.state.journal):
            ends = through([item.state])
        for end in ends:
            history.given_up(end, before)
        left.extend(Raised(item.error, end) for end in ends)
    return done, left


def matches(run: Run, handler: ast.expr | None, error: External | Class | None) -> bool | None:
    """Whether an ``except`` clause takes an exception: yes, no, or (None) perhaps."""
    if handler is None:
        return True
    if isinstance(handler, ast.Tuple):
        verdicts = [matches(run, part, error) for part in handler.elts]
        return True if True in verdicts else None if None in verdicts else False
    assert run.module is not None
    symbol = run.program.resolve(run.module, handler, function=run.function)
    if isinstance(symbol, External):
        return _matches_external(run, symbol, error)
    if isinstance(symbol, Class):
        if error is None:
            return None
        if isinstance(error, Class):
            return symbol in run.program.mro(error)
        return False
    return None if error is None else False


def _matches_external(run: Run, handler: External, error: External | Class | None) -> bool | None:
    if handler.name in EVERYTHING:
        return True
    if error is None:
        return None
    if isinstance(error, Class):
        return run.program.has_external_base(error, lambda path: path.rpartition(".")[2] == handler.name)
    if error.root != "sqlalchemy":
        return error.name == handler.name
    if handler.root not in DRIVERS and handler.name not in ("IntegrityError", "SQLAlchemyError"):
        return False
    if handler.name in ("SQLAlchemyError", error.name):
        return True
    if error.name in LOOKUP_ERRORS:
        return handler.name in {*LOOKUP_ERRORS, "InvalidRequestError"} or False
    if error.name == "MissingGreenlet":
        return handler.name in {"InvalidRequestError", "StatementError"}
    if handler.name in LOOKUP_ERRORS or handler.name in USAGE_ERRORS:
        return False
    return True if handler.name in ("DBAPIError", "StatementError", "DatabaseError") else None
