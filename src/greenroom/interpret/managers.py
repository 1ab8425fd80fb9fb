"""``with`` and ``async with``: sessions, transaction blocks, generators and classes of the project as context managers."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from greenroom.domain.flow import Flow, Raised, compact
from greenroom.domain.heap import Instance, SessionObject
from greenroom.domain.loading import Origin
from greenroom.domain.state import State
from greenroom.domain.values import (
    NONE,
    Anything,
    Arguments,
    Block,
    Factory,
    FunctionValue,
    Library,
    Managed,
    Pending,
    Ref,
    Value,
)
from greenroom.interpret import tasks
from greenroom.interpret.construction import open_session
from greenroom.interpret.generators import drive
from greenroom.interpret.run import Run
from greenroom.interpret.session import history, unflushed, work
from greenroom.program.symbols import External, Function

SUPPRESSING = "suppress"
_SESSION = re.compile(r"session_?(maker|factory|local|scope|context)|^(get_)?(async_|db_)?session$", re.IGNORECASE)
"""Names of things that give sessions."""
FAILURE = Library(External("builtins.Exception"))


Transform = Callable[[State], None]
"""Changes a state in place."""


def with_statement(run: Run, node: ast.With | ast.AsyncWith, state: State) -> Flow:
    """``with a as x, b as y: body``."""
    return _enter(run, node, 0, state)


def _enter(run: Run, node: ast.With | ast.AsyncWith, index: int, state: State) -> Flow:
    if index == len(node.items):
        return run.execute(node.body, [state])
    item = node.items[index]
    flow = Flow()
    for start, value in run.alternatives(state, lambda inner: _manager(run, node, item, inner)):
        inner = _managed(run, node, index, item, start, value)
        flow.fall.extend(inner.fall)
        flow.absorb(inner)
    return flow


def _manager(run: Run, node: ast.With | ast.AsyncWith, item: ast.withitem, state: State) -> Value:
    if isinstance(node, ast.AsyncWith):
        run.awaiting = item.context_expr
    value = run.one_of(run.evaluate(item.context_expr, state))
    if isinstance(value, Pending) and isinstance(node, ast.AsyncWith):
        if isinstance(value.callee, FunctionValue) and value.callee.function.is_generator:
            return value
        value = run.one_of(run.tables.await_value(run, state, value, item.context_expr))
    return value


def _managed(run: Run, node: ast.With | ast.AsyncWith, index: int, item: ast.withitem, state: State, value: Value) -> Flow:
    asynchronous = isinstance(node, ast.AsyncWith)
    if isinstance(value, Managed):
        made = value.generator.callee
        if isinstance(made, FunctionValue) and made.function.is_async is not asynchronous:
            return Flow()  # the other kind of manager: this value cannot have come here

        def body(yielded: Value, inner: State) -> Flow:
            _bind(run, inner, item, yielded)
            return _enter(run, node, index + 1, inner)

        return drive(run, state, value.generator, item.context_expr, body)
    if isinstance(value, Library) and value.symbol.name == SUPPRESSING:
        return _suppressing(run, node, index, state)
    if isinstance(value, Block):
        return _block(run, node, index, item, state, value)
    record = state.record(value)
    if isinstance(record, SessionObject) and isinstance(value, Ref):
        return _session(run, node, index, item, state, value.id)
    if isinstance(record, Instance) and record.cls is not None:
        return _instance(run, node, index, item, state, value)
    if isinstance(value, Anything) and isinstance(item.context_expr, ast.Call):
        if isinstance(node, ast.AsyncWith) and _gives_session(run, item.context_expr):
            defaults = run.backend.session_defaults()
            unseen = Factory(defaults.expire_on_commit, defaults.autoflush, is_async=True, foreign=True)
            opened = open_session(run, state, unseen, item.context_expr)
            return _managed(run, node, index, item, state, opened)
        symbol = run.program.resolve(run.module, item.context_expr.func) if run.module is not None else None
        if isinstance(symbol, External) and symbol.name in ("TaskGroup", "create_task_group"):
            key = run.identity(item.context_expr, "group")
            state.heap[key] = Instance(None)
            value = Ref(key)
    _bind(run, state, item, Anything(None, ("entered", id(item))) if not isinstance(value, Ref) else value)
    return _around(run, node, index, state, lambda after: _left(after, item), lambda after: _left(after, item))


def _session(run: Run, node: ast.With | ast.AsyncWith, index: int, item: ast.withitem, state: State, key: int) -> Flow:
    """A session that is closed at the end of the block."""
    asynchronous = isinstance(node, ast.AsyncWith)
    record = state.session(key)
    if record is None or (record.is_async and not asynchronous):
        return Flow()
    _bind(run, state, item, Ref(key))
    state.heap[key] = record.evolve(is_async=asynchronous, over=None)

    def closed(after: State) -> None:
        tasks.left_running(run, after, key, item.context_expr)
        work.close(run, after, key, item.context_expr)
        left = after.session(key)
        if left is not None and not left.assumed and asynchronous:
            after.heap[key] = left.evolve(
                over=Origin(run.site(item.context_expr), "the session's block is over, and the session is closed")
            )

    return _around(run, node, index, state, closed, closed)


def _left(state: State, item: ast.withitem) -> None:
    """A block of unknown making is over: a session that it opened, as the body has told, is not used any more."""
    name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else None
    value = state.variables.get(name) if name is not None else None
    record = state.record(value) if value is not None else None
    if isinstance(record, SessionObject) and isinstance(value, Ref) and record.assumed:
        state.watch.sessions.add(value.id)
        unflushed.perhaps_flushed(state, value.id)
        state.heap[value.id] = record.evolve(failed=None, depth=0)


def _gives_session(run: Run, node: ast.Call) -> bool:
    """Whether a call of something unknown is called like a factory of sessions, and no library's."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case _:
            return False
    if run.module is None or _SESSION.search(name) is None:
        return False
    symbol = run.program.resolve(run.module, node.func, function=run.function)
    return not isinstance(symbol, External) or symbol.root in ("sqlalchemy", "sqlmodel")


def _bind(run: Run, state: State, item: ast.withitem, value: Value) -> None:
    if item.optional_vars is not None:
        run.tables.assign(run, state, item.optional_vars, value)


def _unchanged(state: State) -> None:
    """A manager that leaves the state alone."""


def _around(
    run: Run, node: ast.With | ast.AsyncWith, index: int, state: State, normally: Transform, failing: Transform, *, suppress: bool = False
) -> Flow:
    """Follow the body; ``normally`` and ``failing`` are the two ways in which the manager's exit changes a state."""
    outer = run.raised
    own: list[Raised] = []
    run.raised = own if outer is not None or suppress else None
    try:
        flow = _enter(run, node, index + 1, state)
    finally:
        run.raised = outer
    depth = len(state.frames)
    if outer is not None or suppress:
        for raised in own:
            raised.state.leave(depth)
        for raised in compact(own):
            history.changed(run, raised.state)
            before = len(raised.state.journal)
            with run.endings.failing(raised.state.journal):
                failing(raised.state)
            history.given_up(raised.state, before)
            if suppress:
                history.caught(run, raised.state, node.items[index].context_expr)
                flow.fall.append(raised.state)
            elif outer is not None:
                outer.append(raised)
    late: list[Raised] = []
    run.raised = late if outer is not None else None
    try:
        for after in (*flow.fall, *flow.broke, *flow.continued, *(end for end, _ in flow.returned)):
            normally(after)
    finally:
        run.raised = outer
    for raised in late:
        # What fails on the way out (the flush of a commit) is undone like a failure of the body.
        raised.state.leave(depth)
        failing(raised.state)
        if outer is not None:
            outer.append(raised)
    return flow


def _suppressing(run: Run, node: ast.With | ast.AsyncWith, index: int, state: State) -> Flow:
    return _around(run, node, index, state, _unchanged, _unchanged, suppress=True)


def _block(run: Run, node: ast.With | ast.AsyncWith, index: int, item: ast.withitem, state: State, block: Block) -> Flow:
    if not isinstance(block.session, Ref):
        return _enter(run, node, index + 1, state)
    key = block.session.id
    exit_node = item.context_expr
    _bind(run, state, item, block.session)
    record = state.session(key)
    if record is None:
        return _enter(run, node, index + 1, state)
    if block.kind == "no_autoflush":
        state.heap[key] = record.evolve(suppressed=record.suppressed + 1)

        def resume(after: State) -> None:
            current = after.session(key)
            if current is not None:
                after.heap[key] = current.evolve(suppressed=max(current.suppressed - 1, 0))

        return _around(run, node, index, state, resume, resume)
    if block.kind == "nested":
        # Handlers around the block are there for what the block does, not for what waited before it.
        outer, run.raised = run.raised, None
        work.flush(run, state, key, exit_node)
        run.raised = outer
        current = state.session(key) or record
        depth = current.depth + 1
        state.heap[key] = current.evolve(depth=depth)

        def released(after: State) -> None:
            work.flush(run, after, key, exit_node)
            work.release(after, key, depth)

        return _around(run, node, index, state, released, lambda after: work.rollback(run, after, key, exit_node, to=depth))

    def committed(after: State) -> None:
        work.flush(run, after, key, exit_node)
        work.commit(run, after, key, exit_node)
        if block.kind == "factory":
            work.close(run, after, key, exit_node)

    def undone(after: State) -> None:
        work.rollback(run, after, key, exit_node)
        if block.kind == "factory":
            work.close(run, after, key, exit_node)

    return _around(run, node, index, state, committed, undone)


def _instance(run: Run, node: ast.With | ast.AsyncWith, index: int, item: ast.withitem, state: State, value: Value) -> Flow:
    record = state.record(value)
    assert isinstance(record, Instance)
    assert record.cls is not None
    prefix = "a" if isinstance(node, ast.AsyncWith) else ""
    enter = run.program.member(record.cls, f"__{prefix}enter__")
    leave = run.program.member(record.cls, f"__{prefix}exit__")
    flow = Flow()
    entered = [(state, value)]
    if isinstance(enter, Function):
        entered = run.alternatives(state, lambda inner: run.call(inner, FunctionValue(enter, value), Arguments(), item.context_expr))

    def leaving(args: Arguments) -> Transform:
        def transform(after: State) -> None:
            if isinstance(leave, Function):
                with run.endings.leaving(leave):
                    ends = run.alternatives(after, lambda inner: run.call(inner, FunctionValue(leave, value), args, item.context_expr))
                if ends:
                    joined = ends[0][0]
                    for other, _ in ends[1:]:
                        joined = joined.join(other)
                    after.become(joined)

        return transform

    for start, bound in entered:
        _bind(run, start, item, bound)
        inner = _around(run, node, index, start, leaving(Arguments((NONE, NONE, NONE))), leaving(Arguments((FAILURE, FAILURE, FAILURE))))
        flow.fall.extend(inner.fall)
        flow.absorb(inner)
    return flow
