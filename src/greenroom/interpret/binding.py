"""Arguments to parameters."""

from __future__ import annotations

import ast
from itertools import zip_longest

from greenroom.domain.heap import Collection
from greenroom.domain.holding import spread
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    Anything,
    Arguments,
    Choice,
    Const,
    FunctionValue,
    Ref,
    Value,
)
from greenroom.interpret.run import Run
from greenroom.interpret.symbolic import is_session_type, symbolic
from greenroom.program.functions import defaults
from greenroom.program.symbols import Function


def bind(run: Run, state: State, callee: FunctionValue, args: Arguments) -> dict[str, Value]:
    """Parameters to values."""
    function = callee.function
    spec = function.node.args
    parameters = [*spec.posonlyargs, *spec.args]
    positional = list(args.positional)
    if callee.receiver is not None:
        positional.insert(0, callee.receiver)
    bound: dict[str, Value] = {}
    for parameter, value in zip(parameters, positional, strict=False):
        bound[parameter.arg] = value
    if spec.vararg is not None:
        key = run.identity(spec.vararg, "varargs")
        rest = tuple(positional[len(parameters) :])
        state.heap[key] = Collection("tuple", None if args.open else rest, ANYTHING if args.open else None)
        bound[spec.vararg.arg] = Ref(key)
    names = {parameter.arg for parameter in (*parameters, *spec.kwonlyargs)}
    extra: dict[object, Value] = {}
    for name, value in args.named:
        if name in names:
            bound[name] = value
        else:
            extra[name] = value
    if spec.kwarg is not None:
        key = run.identity(spec.kwarg, "kwargs")
        state.heap[key] = Collection("dict", None, ANYTHING if args.open else None, None, extra)
        bound[spec.kwarg.arg] = Ref(key)
    absent = defaults(function)
    for parameter in (*parameters, *spec.kwonlyargs):
        if parameter.arg not in bound:
            default = absent.get(parameter.arg)
            bound[parameter.arg] = _default(run, state, function, default) if default is not None and not args.open else ANYTHING
        given = bound[parameter.arg]
        if isinstance(given, Anything) and parameter.annotation is not None:
            bound[parameter.arg] = _annotated(run, state, function, parameter, given)
        elif isinstance(given, Choice) and parameter.annotation is not None:
            bound[parameter.arg] = _meant(run, function, parameter, given)
    return bound


def _meant(run: Run, function: Function, parameter: ast.arg, given: Choice) -> Value:
    """Of data that may be of several types the part that the parameter is declared to take."""
    if not all(isinstance(atom, Anything) and atom.type is not None for atom in given.atoms):
        return given
    type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
    return next((atom for atom in given.atoms if isinstance(atom, Anything) and atom.type == type_ref), given)


def learn_sessions(run: Run, state: State, callee: FunctionValue, args: Arguments) -> Arguments:
    """What is given for a session is one: whatever holds the same value holds that session from here on."""
    if not any(isinstance(value, Anything) and value.type is None and value.token is not None for value in spread(args)):
        return args
    function = callee.function
    parameters = [*function.node.args.posonlyargs, *function.node.args.args][1 if callee.receiver is not None else 0 :]
    by_name = {parameter.arg: parameter for parameter in (*parameters, *function.node.args.kwonlyargs)}

    def learnt(parameter: ast.arg | None, given: Value) -> Value:
        if not isinstance(given, Anything) or given.token is None or parameter is None or parameter.annotation is None:
            return given
        if not is_session_type(run, run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)):
            return given
        known = _annotated(run, state, function, parameter, given)
        state.replace(given, known)
        return known

    positional = tuple(learnt(parameter, given) for parameter, given in zip_longest(parameters[: len(args.positional)], args.positional))
    return Arguments(positional, tuple((name, learnt(by_name.get(name), given)) for name, given in args.named), args.open)


def _default(run: Run, state: State, function: Function, default: ast.expr) -> Value:
    if isinstance(default, ast.Constant):
        return Const(default.value)
    return run.defined(state, function.module, default)


def _annotated(run: Run, state: State, function: Function, parameter: ast.arg, value: Value) -> Value:
    if isinstance(value, Anything) and value.type is not None:
        return value
    type_ref = run.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
    if function.owner is not None:
        type_ref = run.program.substitute(type_ref, run.program.type_arguments(function.owner))
    made = symbolic(run, state, type_ref, parameter, ("unknown argument", parameter.arg))
    return Anything(made.type, value.token) if isinstance(made, Anything) and isinstance(value, Anything) and value.token else made
