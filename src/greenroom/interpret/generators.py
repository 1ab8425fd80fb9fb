"""Generators of the project: the code of their consumer runs at the ``yield``.

This covers ``for x in generator()``, ``with managed() as x`` (``contextlib.asynccontextmanager``) and FastAPI's
dependencies with ``yield``: in all three the consumer's body is followed in the middle of the generator's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from greenroom.domain.flow import Flow, Raised, compact
from greenroom.domain.state import Frame, Leaving, State
from greenroom.domain.values import ANYTHING, NONE, FunctionValue, Pending, Value, join_values
from greenroom.interpret import containers
from greenroom.interpret.calls import outcomes, too_deep
from greenroom.interpret.run import Call, Run


def drive(run: Run, state: State, generator: Pending, node: ast.AST, body: Callable[[Value, State], Flow]) -> Flow:
    """Run a generator; ``body`` is followed at each ``yield`` with the consumer's variables in place."""
    callee = generator.callee
    assert isinstance(callee, FunctionValue)
    if too_deep(run, callee.function):
        return body(ANYTHING, state)
    depth = len(state.frames)
    consumer, consumer_calls, consumer_module, consumer_yielders = run.function, run.calls, run.module, run.yielders
    consumer_raised, consumer_work = run.raised, (run.began, run.limit)

    def handler(value: Value, inside: State) -> Sequence[tuple[State, Value]]:
        swap(inside, depth, callee)
        inner_depth = len(inside.frames)
        calls, module, yielders, raised = run.calls, run.module, run.yielders, run.raised
        # The generator's call stays in the chain; the code that runs is its consumer's.
        run.calls = [*consumer_calls, Call(consumer, None)] if consumer is not None else consumer_calls
        run.module, run.yielders = consumer_module, consumer_yielders
        own: list[Raised] = []
        run.raised = own if raised is not None or consumer_raised is not None else None
        try:
            with _working_for(run, *consumer_work):
                flow = body(value, inside)
        finally:
            run.calls, run.module, run.yielders, run.raised = calls, module, yielders, raised
        for item in own:
            item.state.leave(inner_depth)
        for item in compact(own):
            unswap(item.state, depth)
            run.may_raise(item.error, item.state)
        resumed: list[tuple[State, Value]] = []
        for after in flow.fall:
            unswap(after, depth)
            resumed.append((after, NONE))
        exits = [*((after, Leaving("returned", result)) for after, result in flow.returned),
                 *((after, Leaving("broke")) for after in flow.broke),
                 *((after, Leaving("continued")) for after in flow.continued)]  # fmt: skip
        for after, leaving in exits:
            unswap(after, depth)
            after.leaving = (*after.leaving, leaving)
            resumed.append((after, NONE))
        return resumed

    before = len(state.leaving)
    run.yielders = [*run.yielders, handler]
    try:
        ends = outcomes(run, state, callee, generator.args, node)
    finally:
        run.yielders = consumer_yielders
    flow = Flow()
    for after, _ in ends:
        if len(after.leaving) > before:
            leaving, after.leaving = after.leaving[-1], after.leaving[:before]
            match leaving.kind:
                case "returned":
                    flow.returned.append((after, leaving.value or NONE))
                case "broke":
                    flow.broke.append(after)
                case _:
                    flow.continued.append(after)
        else:
            flow.fall.append(after)
    return flow


@contextmanager
def _working_for(run: Run, began: int, limit: int) -> Iterator[None]:
    """Within the block work counts for the consumer, whose share began and ends where it is said, and not for the generator."""
    own, before = (run.began, run.limit), run.steps
    run.began, run.limit = began, limit
    try:
        yield
    finally:
        run.began, run.limit = own[0] + run.steps - before, own[1] + run.steps - before


def swap(state: State, depth: int, callee: FunctionValue) -> None:
    """Put the consumer's variables in place and keep the generator's in the frame."""
    consumer = state.frames[depth]
    generator = Frame(callee.function, state.variables, state.frame_id)
    state.frames = (*state.frames[:depth], generator, *state.frames[depth + 1 :])
    state.variables, state.frame_id = dict(consumer.variables), consumer.id


def unswap(state: State, depth: int) -> None:
    """Back into the generator."""
    generator = state.frames[depth]
    consumer = Frame(None, state.variables, state.frame_id)
    state.frames = (*state.frames[:depth], consumer, *state.frames[depth + 1 :])
    state.variables, state.frame_id = dict(generator.variables), generator.id


def collected(run: Run, state: State, generator: Pending, node: ast.AST) -> Value:
    """Everything that a generator yields, as a list."""
    found: list[Value] = []

    def body(value: Value, inner: State) -> Flow:
        found.append(value)
        return Flow(fall=[inner])

    flow = drive(run, state, generator, node, body)
    states = [*flow.fall, *(after for after, _ in flow.returned)]
    if states:
        joined = states[0]
        for other in states[1:]:
            joined = joined.join(other)
        state.become(joined)
    element: Value | None = None
    for value in found:
        element = value if element is None else join_values(element, value)
    return containers.make(run, state, node, "list", None, element)
