"""Closures that are called while the function around them is still running: its variables, as they are at the call.

A closure sees the variables of the function around it as they are, not as they were when it was made. A call takes no longer
than its caller waits, so that nobody else changes them; with their values taken along, it depends on what it is given alone.
A closure that the call keeps for later goes on with these values.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from greenroom.domain.state import State
from greenroom.domain.values import Arguments, Choice, FunctionValue, Partial, Pending, Value
from greenroom.interpret.run import Run

NESTED = 3
"""How deep closures within closures are looked for."""


def taken_along(run: Run, state: State, value: Value, depth: int = NESTED) -> Value:
    """The value with the variables of running functions that closures in it see; closures that assign to them stay as they are."""
    if not depth:
        return value
    match value:
        case FunctionValue(captured=Mapping() as captured) if not _assigns(run, value):
            seen = {**captured, **_live(state, value)}
            return FunctionValue(
                value.function, value.receiver, {name: taken_along(run, state, held, depth - 1) for name, held in seen.items()}
            )
        case Partial(callee, args, named):
            return Partial(taken_along(run, state, callee, depth), args, named)
        case Pending(callee=FunctionValue() as callee):
            made = taken_along(run, state, callee, depth)
            return value if made is callee else Pending(made, _all(run, state, value.args, depth - 1), value.node, value.module)
        case Choice(several) if any(isinstance(atom, FunctionValue) for atom in several):
            return Choice(tuple(taken_along(run, state, atom, depth) for atom in several))
        case _:
            return value


def arguments(run: Run, state: State, args: Arguments) -> Arguments:
    """The same for everything that is given to a call."""
    return _all(run, state, args, NESTED)


def _all(run: Run, state: State, args: Arguments, depth: int) -> Arguments:
    positional = tuple(taken_along(run, state, value, depth) for value in args.positional)
    return Arguments(positional, tuple((name, taken_along(run, state, value, depth)) for name, value in args.named), args.open)


def _live(state: State, closure: FunctionValue) -> dict[str, Value]:
    """The variables that a closure sees, where the function around it is running."""
    if not closure.frame or closure.captured is None:
        return {}
    frames = [(state.frame_id, state.variables), *((frame.id, frame.variables) for frame in state.frames)]
    for number, variables in frames:
        if number == closure.frame:
            return {name: value for name, value in variables.items() if name in closure.captured}
    return {}


def _assigns(run: Run, closure: FunctionValue) -> bool:
    """Whether a closure, or one within it, assigns to variables around it."""
    node = closure.function.node
    known = run.tracker.assigning.get(node)
    if known is None:
        known = run.tracker.assigning[node] = any(isinstance(part, ast.Nonlocal) for part in ast.walk(node))
    return known
