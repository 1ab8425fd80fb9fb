"""Engines and the event loops that use them: connections in a pool belong to the loop that opened them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.domain.events import EngineAcrossLoops
from greenroom.domain.loading import Site
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, Const, FunctionValue, Library, Pending, Value
from greenroom.interpret.run import Handler, Run
from greenroom.program.scope import local_bindings
from greenroom.program.symbols import External, Function
from greenroom.program.types import Named
from greenroom.semantics.drivers import BOUND_TO_LOOP, driver_of

ENGINE = Named(External("sqlalchemy.ext.asyncio.AsyncEngine"))
NEW_LOOP = "asyncio.new_event_loop"
CACHES = frozenset({"cache", "lru_cache", "cached", "alru_cache"})
WORKERS = frozenset({"task", "shared_task", "periodic_task", "actor", "db_task", "scheduled_job", "job"})
"""Decorators by which queues of work (Celery, Dramatiq, Huey, RQ, APScheduler) know a function that they call again and again."""
LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SEEN = "~loops"
"""The variable that holds the engines that event loops of the function have used already."""


def made(run: Run, args: Arguments, node: ast.AST) -> Value:
    """``create_async_engine(...)``: whether its pool outlives the function that is being followed."""
    pool = args.get(None, "poolclass") or NONE
    pooled = pool == NONE and not args.open
    if isinstance(pool, Library):
        pooled = pool.symbol.name in {"AsyncAdaptedQueuePool", "QueuePool"}
    outlives = not run.calls or run.calls[0].site is not None or any(_is_cached(run, call.function) for call in run.calls)
    return Anything(ENGINE, ("engine", node if pooled and outlives else None))


def engine_of(value: Value | None) -> ast.AST | None:
    """The call that made an engine which outlives event loops."""
    match value:
        case Anything(_, ("engine", ast.AST() as node)):
            return node
        case _:
            return None


def new_loop(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``asyncio.run(coroutine)``: an event loop that is there for this call only."""
    value = args.get(0) or ANYTHING
    if isinstance(value, FunctionValue) and run.module is not None:  # anyio.run(function, *args)
        value = Pending(value, Arguments(args.positional[1:]), node, run.module)
    before = set(state.watch.sessions)
    result = run.tables.await_value(run, state, value, node)
    tracker = run.tracker
    opened = (tracker.allocations[key - 1][0] for key in state.watch.sessions - before if 0 < key <= len(tracker.allocations))
    engines = {tracker.bound_to[place] for place in opened if place in tracker.bound_to}
    known = state.variables.get(SEEN)
    earlier = known.value if isinstance(known, Const) and isinstance(known.value, frozenset) else frozenset()
    for engine in engines:
        _judge(run, value, engine, node, again=engine in earlier)
    if engines:
        state.variables[SEEN] = Const(earlier | engines)
    return result


def until_complete(run: Run, state: State, receiver: Value, args: Arguments, node: ast.AST) -> Value:
    """``loop.run_until_complete(coroutine)``, on a loop that the function has made, or on one that it was given."""
    if isinstance(receiver, Anything) and receiver.token == _made_in(run.function) and _is_local(run.function, node):
        return new_loop(run, state, args, node)
    return run.tables.await_value(run, state, args.get(0) or ANYTHING, node)


def _new_event_loop(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return Anything(Named(External("asyncio.AbstractEventLoop")), _made_in(run.function))


def _made_in(function: Function | None) -> object:
    return (NEW_LOOP, function.node if function is not None else None)


def _is_local(function: Function | None, node: ast.AST) -> bool:
    """Whether the loop is held by a variable of the function alone, and not kept for the next call."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return function is not None and name in local_bindings(function)
        case _:
            return False


def _judge(run: Run, value: Value, engine: ast.AST, node: ast.AST, *, again: bool) -> None:
    declared = next((found for found in run.backend.engines() if found.node is engine), None)
    if declared is None:
        return
    address, dialects = declared.address, run.backend.dialects
    if address is not None:
        driver = driver_of(address.dialect, address.driver, sqlalchemy=run.settings.sqlalchemy)
    else:
        driver = "asyncpg" if dialects[:1] == ("postgresql",) else ""
    followed = value.callee.function if isinstance(value, Pending) and isinstance(value.callee, FunctionValue) else None
    functions = [call.function for call in run.calls] + ([followed] if followed is not None else [])
    if driver not in BOUND_TO_LOOP or any(map(_disposes, functions)):
        return
    for how, site, calls in _evidence(run, node, again=again):
        if site.module.is_test and not declared.module.is_test:
            return  # suites put an engine of their own in its place
        run.emit(EngineAcrossLoops(site, calls, how, Site(declared.module, engine)), engine)
        return


def _evidence(run: Run, node: ast.AST, *, again: bool) -> Iterator[tuple[str, Site, tuple[Site, ...]]]:
    """Why the event loop at ``node`` is not the only one, from the inside out as far as functions are plain ones."""
    site = run.site(node)
    for place in range(len(run.calls) - 1, -1, -1):
        call = run.calls[place]
        function = call.function
        if function.is_async:
            return
        calls = tuple(outer.site for outer in run.calls[: place + 1] if outer.site is not None)
        if site.node in _in_loops(run, function):
            yield "loop", site, calls
        if any(_name(decorator) in WORKERS for decorator in function.decorators):
            yield "task", site, calls
        if run.on_return is not None and run.on_return[0].node is function.node:
            yield "route", site, calls
        if again:
            yield "again", site, calls
            again = False
        if call.site is None:
            return
        site = call.site


def _in_loops(run: Run, function: Function) -> frozenset[ast.AST]:
    known = run.tracker.repeated.get(function.node)
    if known is None:
        loops = [part for part in ast.walk(function.node) if isinstance(part, LOOPS)]
        known = frozenset(part for loop in loops for part in ast.walk(loop) if isinstance(part, ast.Call))
        run.tracker.repeated[function.node] = known
    return known


def _is_cached(run: Run, function: Function) -> bool:
    return any(_name(decorator) in CACHES for decorator in function.decorators)


def _disposes(function: Function) -> bool:
    """Whether a function empties a pool when it is done."""
    return any(isinstance(part, ast.Attribute) and part.attr == "dispose" for part in ast.walk(function.node))


def _name(decorator: ast.expr) -> str:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


LOOP_HANDLERS: dict[str, Handler] = {
    "asyncio.run": new_loop,
    "anyio.run": new_loop,
    "uvloop.run": new_loop,
    "asyncio.new_event_loop": _new_event_loop,
}
"""Functions that run coroutines on an event loop of their own, by dotted path."""
