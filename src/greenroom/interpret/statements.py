"""Statements, one function per syntax class: a state in, the ways out."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from greenroom.domain.flow import Flow, merge
from greenroom.domain.heap import Collection, OrmObject
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, ClassValue, FunctionValue, Method, Pending, Ref, Value
from greenroom.interpret import containers
from greenroom.interpret.access import get, of_symbol, put
from greenroom.interpret.boundary import dumping
from greenroom.interpret.expressions import captured
from greenroom.interpret.handlers import raise_statement, try_statement
from greenroom.interpret.loops import loop, while_loop
from greenroom.interpret.managers import with_statement
from greenroom.interpret.narrowing import assume, forget
from greenroom.interpret.protocols import truth, used
from greenroom.interpret.run import DISJUNCTS, Infeasible, Run
from greenroom.interpret.symbolic import symbolic
from greenroom.program.scan import class_symbol, function_symbol

Handler = Callable[[Run, Any, State], Flow]


def _simple(action: Callable[[Run, Any, State], Value]) -> Handler:
    def handler(run: Run, node: ast.stmt, state: State) -> Flow:
        return Flow(fall=[after for after, _ in run.alternatives(state, lambda inner: action(run, node, inner))])

    return handler


def _expression(run: Run, node: ast.Expr, state: State) -> Value:
    value = run.evaluate(node.value, state)
    if isinstance(value, Pending) and value.node is node.value:
        used(run, value)
    return NONE


def assign(run: Run, state: State, target: ast.expr, value: Value) -> None:
    """Bind ``value`` to a target."""
    match target:
        case ast.Name(id=name):
            forget(state, name)
            state.variables[name] = value
            record = state.record(value)
            if isinstance(record, OrmObject) and not record.name and isinstance(value, Ref):
                state.heap[value.id] = record.evolve(name=name)
        case ast.Attribute(value=owner, attr=attr):
            put(run, state, run.evaluate(owner, state), attr, value, target)
        case ast.Subscript(value=owner, slice=index):
            if isinstance(owner, ast.Attribute):
                run.mutating = owner
            container = run.evaluate(owner, state)
            key = ANYTHING if isinstance(index, ast.Slice) else run.evaluate(index, state)
            containers.store(run, state, container, key, value, target)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            _unpack(run, state, parts, value, target)
        case ast.Starred(value=inner):
            assign(run, state, inner, value)
        case _:
            pass


def _unpack(run: Run, state: State, parts: list[ast.expr], value: Value, node: ast.AST) -> None:
    value = run.one_of(value)
    items, element, _ = containers.iterated(run, state, value, node)
    starred = any(isinstance(part, ast.Starred) for part in parts)
    if items is not None and len(items) == len(parts) and not starred:
        for part, item in zip(parts, items, strict=True):
            assign(run, state, part, item)
        return
    covered = Collection("list", items, element).any() or ANYTHING
    for index, part in enumerate(parts):
        if isinstance(part, ast.Starred):
            assign(run, state, part.value, containers.make(run, state, part, "list", None, covered))
        elif items is not None and index < len(items) and not starred:
            assign(run, state, part, items[index])
        else:
            assign(run, state, part, covered)


def _assign(run: Run, node: ast.Assign, state: State) -> Value:
    value = run.evaluate(node.value, state)
    for target in node.targets:
        assign(run, state, target, value)
    return NONE


def _annotated(run: Run, node: ast.AnnAssign, state: State) -> Value:
    if node.value is not None:
        value = run.evaluate(node.value, state)
        if isinstance(value, Anything) and value.type is None and run.module is not None:
            type_ref = run.program.type_of(run.module, node.annotation, function=run.function)
            made = symbolic(run, state, type_ref, node, "annotated")
            value = Anything(made.type, value.token) if isinstance(made, Anything) and value.token else made
        assign(run, state, node.target, value)
    return NONE


def _augmented(run: Run, node: ast.AugAssign, state: State) -> Value:
    read = ast.copy_location(_as_load(run, node.target), node.target)
    if isinstance(read, ast.Attribute):
        run.mutating = read
    current = run.evaluate(read, state)
    value = run.evaluate(node.value, state)
    record = state.record(current)
    if isinstance(record, Collection) and isinstance(current, Ref):
        other = state.record(value)
        for item in containers.elements(other) if isinstance(other, Collection) else []:
            run.tables.call(run, state, Method(current, "append"), Arguments((item,)), node)
        return NONE
    assign(run, state, node.target, ANYTHING)
    return NONE


def _as_load(run: Run, target: ast.expr) -> ast.expr:
    """The target as an expression that is read; made once for each node, since identity matters."""
    known = run.tracker.loads.get(target)
    if known is None:
        match target:
            case ast.Name(id=name):
                known = ast.Name(name, ast.Load())
            case ast.Attribute(value=owner, attr=attr):
                known = ast.Attribute(owner, attr, ast.Load())
            case ast.Subscript(value=owner, slice=index):
                known = ast.Subscript(owner, index, ast.Load())
            case _:
                known = target
        run.tracker.loads[target] = known
    return known


def _return(run: Run, node: ast.Return, state: State) -> Flow:
    if node.value is None:
        return Flow(returned=[(state, NONE)])
    value_node = node.value
    pairs = run.alternatives(state, lambda inner: run.evaluate(value_node, inner))
    if run.on_return is not None and run.calls and run.calls[-1].function is run.on_return[0]:
        for after, _ in pairs:
            after.returning = value_node
    return Flow(returned=pairs)


def _if(run: Run, node: ast.If, state: State) -> Flow:
    yes: list[State] = []
    no: list[State] = []

    def test(inner: State) -> Value:
        value = run.evaluate(node.test, inner)
        truth(run, inner, value, node.test)
        return value

    for start, value in run.alternatives(state, test):
        for outcome, branch in ((True, yes), (False, no)):
            attempt = start.fork()
            try:
                assume(run, attempt, node.test, value, truth=outcome)
            except Infeasible:
                continue
            branch.append(attempt)
    flow = run.execute(node.body, merge(yes, DISJUNCTS)) if yes else Flow()
    other = run.execute(node.orelse, merge(no, DISJUNCTS)) if no else Flow()
    flow.fall = merge([*flow.fall, *other.fall], DISJUNCTS)
    flow.absorb(other)
    return flow


def _match(run: Run, node: ast.Match, state: State) -> Flow:
    flow = Flow()
    for start, subject in run.alternatives(state, lambda inner: run.evaluate(node.subject, inner)):
        exhaustive = False
        for case in node.cases:
            attempt = start.fork()
            _capture(run, attempt, case.pattern, subject)
            entered = [attempt]
            if case.guard is not None:
                entered = [after for after, _ in run.alternatives(attempt, partial(run.evaluate, case.guard))]
            inner = run.execute(case.body, entered)
            flow.fall.extend(inner.fall)
            flow.absorb(inner)
            exhaustive = exhaustive or (isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None)
        if not exhaustive:
            flow.fall.append(start)
    flow.fall = merge(flow.fall, DISJUNCTS)
    return flow


def _capture(run: Run, state: State, pattern: ast.pattern, subject: Value) -> None:
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if name is not None:
                state.variables[name] = subject
            if inner is not None:
                _capture(run, state, inner, subject)
        case ast.MatchClass(kwd_attrs=names, kwd_patterns=patterns):
            for name, inner in zip(names, patterns, strict=True):
                _capture(run, state, inner, get(run, state, subject, name, pattern))
        case ast.MatchOr(patterns=patterns) | ast.MatchSequence(patterns=patterns):
            for inner in patterns:
                _capture(run, state, inner, ANYTHING if isinstance(pattern, ast.MatchSequence) else subject)
        case ast.MatchMapping(patterns=patterns):
            for inner in patterns:
                _capture(run, state, inner, ANYTHING)
        case _:
            pass


def _break(run: Run, node: ast.Break, state: State) -> Flow:
    return Flow(broke=[state])


def _continue(run: Run, node: ast.Continue, state: State) -> Flow:
    return Flow(continued=[state])


def _function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, state: State) -> Value:
    module = run.module
    assert module is not None
    function = function_symbol(node, module, parent=run.function)
    value: Value = FunctionValue(function, None, captured(run, node, state), state.frame_id)
    for decorator in reversed(node.decorator_list):
        wrapper = run.evaluate(decorator, state)
        if isinstance(wrapper, FunctionValue) and not wrapper.function.is_async:
            value = run.tables.call(run, state, wrapper, Arguments((value,)), decorator)
    state.variables[node.name] = value
    return NONE


def _class(run: Run, node: ast.ClassDef, state: State) -> Value:
    module = run.module
    assert module is not None
    state.variables[node.name] = ClassValue(class_symbol(node, module, run.function))
    return NONE


def _import(run: Run, node: ast.Import | ast.ImportFrom, state: State) -> Value:
    module = run.module
    assert module is not None
    for alias in node.names:
        symbol = run.program.import_binding(module, node, alias)
        name = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
        if symbol is not None and name != "*":
            state.variables[name] = of_symbol(run, state, symbol)
    return NONE


def _assert(run: Run, node: ast.Assert, state: State) -> Value:
    value = run.evaluate(node.test, state)
    truth(run, state, value, node.test)
    assume(run, state, node.test, value, truth=True)
    return NONE


def _delete(run: Run, node: ast.Delete, state: State) -> Value:
    for target in node.targets:
        if isinstance(target, ast.Name):
            state.variables.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            if isinstance(target.value, ast.Attribute):
                run.mutating = target.value
            holder = run.evaluate(target.value, state)
            if isinstance(holder, Anything) and (token := dumping.dump_of(holder)) is not None:
                dumping.store(state, holder, token, run.evaluate(target.slice, state))
    return NONE


def _nothing(run: Run, node: ast.stmt, state: State) -> Flow:
    return Flow(fall=[state])


STATEMENTS: dict[type, Handler] = {
    ast.Expr: _simple(_expression),
    ast.Assign: _simple(_assign),
    ast.AnnAssign: _simple(_annotated),
    ast.AugAssign: _simple(_augmented),
    ast.Return: _return,
    ast.If: _if,
    ast.For: loop,
    ast.AsyncFor: loop,
    ast.While: while_loop,
    ast.With: with_statement,
    ast.AsyncWith: with_statement,
    ast.Try: try_statement,
    ast.TryStar: try_statement,
    ast.Raise: raise_statement,
    ast.Match: _match,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.FunctionDef: _simple(_function),
    ast.AsyncFunctionDef: _simple(_function),
    ast.ClassDef: _simple(_class),
    ast.Import: _simple(_import),
    ast.ImportFrom: _simple(_import),
    ast.Assert: _simple(_assert),
    ast.Delete: _simple(_delete),
    ast.Pass: _nothing,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
}
