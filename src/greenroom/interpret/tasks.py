"""Tasks: what runs beside or after the function being followed, on which sessions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from greenroom.domain.events import OutlivesScope, SharedSession
from greenroom.domain.heap import Collection, Instance, SessionObject
from greenroom.domain.holding import spread
from greenroom.domain.loading import Origin
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Arguments,
    Const,
    FunctionValue,
    Pending,
    Ref,
    Value,
)
from greenroom.interpret import containers
from greenroom.interpret.run import Diverted, Handler, Infeasible, Run
from greenroom.interpret.session.lifetimes import TASKS, running


def group_task(run: Run, state: State, key: int, args: Arguments, node: ast.AST) -> Value:
    """``group.create_task(coroutine)``: tasks of one group run at the same time."""
    record = state.heap.get(key)
    value = args.get(0) or ANYTHING
    if isinstance(value, FunctionValue) and run.module is not None:
        value = Pending(value, Arguments(args.positional[1:]), node, run.module)
    held = state.reachable((value,))
    with run.sessions_used() as sessions:
        result = background(run, state, Arguments((value,)), node)
    used = shared(state, value, sessions, held)
    if isinstance(record, Instance):
        known = record.attributes.get("~sessions", Const(frozenset()))
        already = known.value if isinstance(known, Const) and isinstance(known.value, frozenset) else frozenset()
        if used & already:
            run.emit(SharedSession(run.site(node), run.call_sites(), "the task group"))
        state.heap[key] = Instance(record.cls, {**record.attributes, "~sessions": Const(already | used)}, record.schema)
    return result


def background(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """A function or coroutine that runs on its own: it is followed, but what it does does not come back."""
    target = args.get(0) or ANYTHING
    attempt = state.fork()
    attempt.variables.pop(TASKS, None)
    outer, run.raised = run.raised, None
    try:
        _alone(run, attempt, target, args, node)
    except (Infeasible, Diverted):
        pass
    finally:
        run.raised = outer
    return ANYTHING


def _alone(run: Run, attempt: State, target: Value, args: Arguments, node: ast.AST) -> None:
    with run.joined():
        if isinstance(target, FunctionValue):
            run.call(attempt, target, Arguments(args.positional[1:], args.named), node)
        else:
            run.tables.await_value(run, attempt, target, node)


def _gather(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    pending: list[Value] = list(args.positional)
    repeated = False
    expanded: list[Value] = []
    for value in pending:
        record = state.record(value)
        if isinstance(record, Collection):
            repeated = repeated or record.items is None
            expanded.extend(containers.elements(record))
        else:
            expanded.append(value)
    users: dict[int, int] = {}
    results: list[Value] = []
    for value in expanded:
        held = state.reachable(expanded)
        with run.sessions_used() as used, _one_by_one(state, value if repeated or args.open else NONE):
            results.append(run.tables.await_value(run, state, value, node))
        for session in shared(state, value, used, held):
            users[session] = users.get(session, 0) + (2 if repeated or args.open else 1)
    if any(count > 1 for count in users.values()):
        run.emit(SharedSession(run.site(node), run.call_sites(), "asyncio.gather"))
    return containers.make(
        run, state, node, "list", None if repeated else tuple(results), Collection("list", tuple(results)).any() if repeated else None
    )


@contextmanager
def _one_by_one(state: State, value: Value) -> Iterator[None]:
    """Within the block, a call that is made for each of many objects is made for one of them."""
    given = spread(value.args) if isinstance(value, Pending) else []
    keys = [item.id for item in given if isinstance(item, Ref) and (found := state.orm(item.id)) is not None and found.many]
    for many, group in ((False, keys), (True, keys)):
        for key in group:
            found = state.orm(key)
            if found is not None:
                state.heap[key] = found.evolve(many=many)
        if not many:
            yield


def shared(state: State, value: Value, used: set[int], held: set[int]) -> set[int]:
    """The sessions that a coroutine ``used`` and others can reach; those among its own arguments are there to be used."""
    found = {session for session in used & held if (record := state.session(session)) is not None and record.is_async}
    if isinstance(value, Pending):
        for item in spread(value.args):
            given = state.record(item)
            if isinstance(given, SessionObject) and given.is_async and isinstance(item, Ref):
                found.add(item.id)
    return found


def _create_task(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``asyncio.create_task``: tasks that have not been awaited yet run at the same time."""
    value = args.get(0) or ANYTHING
    held = state.reachable((value,))
    with run.sessions_used() as sessions:
        result = background(run, state, args, node)
    used = shared(state, value, sessions, held)
    before = running(state)
    if used & {session for session, _ in before}:
        run.emit(SharedSession(run.site(node), run.call_sites(), "asyncio.create_task"))
    state.variables[TASKS] = Const(before | {(session, run.site(node)) for session in used})
    return result


def left_running(run: Run, state: State, session: int | None, node: ast.AST) -> None:
    """A session is closed (None: those of the request are) while tasks that have it may not even have begun."""
    for key, site in running(state):
        record = state.session(key)
        if record is not None and (key == session or (session is None and not record.closed and not record.assumed)):
            over = Origin(run.site(node), "the session is closed when this block is left" if session else "the request is over here")
            run.emit(OutlivesScope(site, run.call_sites(), "task", "asyncio.create_task", over), "task", key)


def after_answer(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``background_tasks.add_task(function, ...)``: called when the answer is sent; the sessions of the request may be closed by then."""
    held = state.reachable(args.positional[1:])
    with run.sessions_used() as used:
        result = background(run, state, args, node)
    for key in used & held if run.on_return is not None else ():
        over = run.tracker.released.get(key)
        if over is not None:
            run.emit(OutlivesScope(run.site(node), run.call_sites(), "background", "add_task", over), "background", key)
    return result


def _in_thread(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``to_thread(function, *args)``: another thread has no greenlet either."""
    if not args.positional:
        return ANYTHING
    with run.in_thread():
        return run.tables.call(run, state, args.positional[0], Arguments(args.positional[1:], args.named), node)


def _task(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return args.get(0) or ANYTHING


STARTING: dict[str, Handler] = {"add_task": after_answer, "create_task": background, "start_soon": background}
"""Methods of something unknown that start tasks."""
TASK_HANDLERS: dict[str, Handler] = {
    "asyncio.gather": _gather,
    "anyio.gather": _gather,
    "asyncio.create_task": _create_task,
    "asyncio.ensure_future": _create_task,
    "asyncio.wait_for": _task,
    "asyncio.shield": _task,
    "asyncio.to_thread": _in_thread,
    "anyio.to_thread.run_sync": _in_thread,
    "*.run_in_threadpool": _in_thread,
}
"""Functions that start tasks, by dotted path; ``*`` stands for any module."""
