"""Expressions, one function per syntax class, in Python's evaluation order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from greenroom.domain.heap import PENDING, PERSISTENT, Collection, OrmObject, SessionObject
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Anything,
    Arguments,
    Attribute,
    Choice,
    ClassValue,
    Const,
    FunctionValue,
    Inspection,
    Library,
    Method,
    Pending,
    Ref,
    SqlExpression,
    Value,
    join_values,
)
from greenroom.interpret import containers
from greenroom.interpret.access import get, of_symbol, something
from greenroom.interpret.boundary import dumping, keys, moments
from greenroom.interpret.dumps import dumped_names
from greenroom.interpret.library import not_null
from greenroom.interpret.loops import comprehension
from greenroom.interpret.narrowing import assume, is_made, known_truth
from greenroom.interpret.protocols import equal, text, truth, used, walk
from greenroom.interpret.run import Infeasible, Run
from greenroom.program.scan import function_symbol
from greenroom.program.symbols import External
from greenroom.program.types import Named

Evaluate = Callable[[Run, Any, State], Value]
MUTATORS = frozenset({"append", "add", "remove", "discard", "extend", "insert", "clear", "pop", "update", "sort", "reverse", "popitem"})
"""Methods that change a collection in place."""


def _constant(run: Run, node: ast.Constant, state: State) -> Value:
    return Const(node.value)


def _name(run: Run, node: ast.Name, state: State) -> Value:
    found = state.variables.get(node.id)
    if found is not None:
        return found
    function = run.function
    module = run.module
    assert module is not None
    symbol = run.program.lookup(module, node.id)
    if symbol is None and function is not None:
        symbol = run.program.resolve(module, node, function=function)
    if symbol is None:
        return ANYTHING
    return of_symbol(run, state, symbol)


def _attribute(run: Run, node: ast.Attribute, state: State) -> Value:
    value = run.evaluate(node.value, state)
    if isinstance(value, Choice) and isinstance(node.value, ast.Name) and not run.joining:
        # Whichever object it is, it is the same one when the name is met again.
        value = state.variables[node.value.id] = run.one_of(something(value))
    return get(run, state, value, node.attr, node)


def _given(run: Run, node: ast.expr, state: State) -> Value:
    """The value of an argument; a name that may be either of two objects is the same one inside the call and after it."""
    value = run.evaluate(node, state)
    if isinstance(value, Choice) and isinstance(node, ast.Name) and not run.joining:
        there = something(value)
        if isinstance(there, Choice) and any(isinstance(state.record(atom), OrmObject) for atom in there.atoms):
            value = state.variables[node.id] = run.one_of(value)
    return value


def arguments(run: Run, node: ast.Call, state: State) -> Arguments:
    """Evaluate the arguments of a call."""
    positional: list[Value] = []
    named: list[tuple[str, Value]] = []
    is_open = False
    spread: list[Value] = []
    for arg in node.args:
        if isinstance(arg, ast.Starred):
            value = walk(run, state, run.evaluate(arg.value, state), arg)
            items, element, _ = containers.iterated(run, state, value, arg)
            if items is not None:
                positional.extend(items)
            else:
                is_open = True
                if element is not None and element != ANYTHING:
                    positional.append(element)
        else:
            positional.append(_given(run, arg, state))
    for keyword in node.keywords:
        value = _given(run, keyword.value, state)
        if keyword.arg is not None:
            named.append((keyword.arg, value))
            continue
        record = state.record(value)
        if isinstance(record, Collection):
            named.extend((key, item) for key, item in record.by_key.items() if isinstance(key, str))
            is_open = is_open or record.element is not None
            spread.extend(() if record.element is None else (record.element,))
        elif (token := dumping.dump_of(value)) is not None and not token.part:
            named.extend(() if token.partial else dumping.fields_of(run, token))
            is_open = is_open or token.partial
            spread.append(value)
        elif (names := dumped_names(run, state, keyword.value)) is not None:
            named.extend((name, ANYTHING) for name in names)
        else:
            is_open = True
            spread.append(value)
    return Arguments(tuple(positional), tuple(named), is_open, tuple(spread))


def _call(run: Run, node: ast.Call, state: State) -> Value:
    if isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS and isinstance(node.func.value, ast.Attribute):
        run.mutating = node.func.value
    callee = run.evaluate(node.func, state)
    if isinstance(callee, Library) and callee.symbol.name == "TypeAdapter" and node.args and run.module is not None:
        type_ref = run.program.type_of(run.module, node.args[0], function=run.function)
        return Anything(Named(External("greenroom.TypeAdapter"), (type_ref,)), ("adapter", id(node)))
    return run.tables.call(run, state, callee, arguments(run, node, state), node)


def _await(run: Run, node: ast.Await, state: State) -> Value:
    run.awaiting = node.value
    return run.tables.await_value(run, state, run.evaluate(node.value, state), node)


def _joined_string(run: Run, node: ast.JoinedStr, state: State) -> Value:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = run.evaluate(part.value, state)
            text(run, state, value, part.value, representation=part.conversion == 114)
            if part.format_spec is not None:
                run.evaluate(part.format_spec, state)
    return Anything(None, ("made", id(node)))


def _binary(run: Run, node: ast.BinOp, state: State) -> Value:
    left = run.evaluate(node.left, state)
    right = run.evaluate(node.right, state)
    for side in (left, right):
        if isinstance(side, Pending):
            used(run, side)
    shifted = moments.shifted(left, right, node.op)
    if shifted is not None:
        return shifted
    if isinstance(node.op, ast.Sub):
        moments.met(run, state, left, right, node, "subtracted")
    if isinstance(left, Attribute | SqlExpression) or isinstance(right, Attribute | SqlExpression):
        evaluable = not any(isinstance(side, SqlExpression) and not side.evaluable for side in (left, right))
        return SqlExpression(evaluable=evaluable)
    if isinstance(node.op, ast.Mod) and isinstance(left, Const):
        text(run, state, right, node)
    one, other = state.record(left), state.record(right)
    if isinstance(one, Collection) or isinstance(other, Collection):
        covered: Value | None = None
        for record in (one, other):
            found = record.any() if isinstance(record, Collection) else None
            covered = found if covered is None else covered if found is None else join_values(covered, found)
        return containers.make(run, state, node, "list", None, covered)
    return Anything(None, ("made", id(node)))


def _unary(run: Run, node: ast.UnaryOp, state: State) -> Value:
    value = run.evaluate(node.operand, state)
    if isinstance(node.op, ast.Not):
        truth(run, state, value, node.operand)
        known = known_truth(state, value)
        return Const(not known) if known is not None else ANYTHING
    if isinstance(node.op, ast.USub) and isinstance(value, Const) and isinstance(value.value, int | float):
        return Const(-value.value)
    return SqlExpression() if isinstance(value, Attribute | SqlExpression) else ANYTHING


def _bool(run: Run, node: ast.BoolOp, state: State) -> Value:
    wants = isinstance(node.op, ast.And)
    value: Value = NONE
    for index, operand in enumerate(node.values):
        value = run.evaluate(operand, state)
        if index + 1 == len(node.values):
            break
        keys.tested(state, value)
        known = known_truth(state, value)
        if known is None:
            if run.joining:
                return _bool_joined(run, node, state, index, value)
            known = (run.pick(2) == 0) is wants
            assume(run, state, operand, value, truth=known)
            value = _refined(run, operand, state, value)
        if known is not wants:
            return value
    return value


def _refined(run: Run, operand: ast.expr, state: State, value: Value) -> Value:
    return state.variables.get(operand.id, value) if isinstance(operand, ast.Name) else value


def _bool_joined(run: Run, node: ast.BoolOp, state: State, index: int, value: Value) -> Value:
    """Without splitting: the remaining operands may or may not be evaluated."""
    for operand in node.values[index + 1 :]:
        attempt = state.fork()
        try:
            assume(run, attempt, node.values[index], value, truth=isinstance(node.op, ast.And))
            value = join_values(value, run.evaluate(operand, attempt))
        except Infeasible:
            continue
        state.become(state.join(attempt))
    return value


def _compare(run: Run, node: ast.Compare, state: State) -> Value:
    left = run.evaluate(node.left, state)
    result: Value = ANYTHING
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(right_node, state)
        result = _compared(run, state, operator, left, right, node)
        left = right
    return result if len(node.ops) == 1 else ANYTHING


def _compared(run: Run, state: State, operator: ast.cmpop, left: Value, right: Value, node: ast.Compare) -> Value:
    keys.compared(state, left, right)
    if isinstance(left, Attribute):
        moments.compared(run, left, right, node)
    elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        moments.met(run, state, left, right, node, "compared")
    if isinstance(left, Attribute) and isinstance(operator, ast.Eq):
        return SqlExpression(equal=((f"{left.mapped.name}.{left.name}", right),))
    if isinstance(left, Attribute) and isinstance(operator, ast.NotEq) and right == NONE:
        return not_null(left)
    if isinstance(left, Attribute | SqlExpression) or isinstance(right, Attribute | SqlExpression):
        return SqlExpression()
    if isinstance(operator, ast.Is | ast.IsNot):
        same = _identical(left, right)
        return ANYTHING if same is None else Const(same is isinstance(operator, ast.Is))
    if isinstance(operator, ast.Eq | ast.NotEq):
        equal(run, state, left, right, node)
        if isinstance(left, Const) and isinstance(right, Const):
            return Const((left.value == right.value) is isinstance(operator, ast.Eq))
        if isinstance(left, Anything) and isinstance(right, Anything) and left.token is not None and right.token is not None:
            tokens = (left.token, right.token)
            members = all(isinstance(token, tuple) and token and token[0] == "member" for token in tokens)
            if members:
                return Const((left.token == right.token) is isinstance(operator, ast.Eq))
    if isinstance(operator, ast.In | ast.NotIn):
        return _contained(run, state, left, right, node, wanted=isinstance(operator, ast.In))
    return ANYTHING


def _contained(run: Run, state: State, value: Value, container: Value, node: ast.Compare, *, wanted: bool) -> Value:
    """``value in container``."""
    present = _present(run, state, container, str(value.value)) if isinstance(container, Method) and isinstance(value, Const) else None
    known = _attached(state, value, container) if present is None else present
    if known is not None:
        return Const(known is wanted)
    walk(run, state, container, node)
    items, element, _ = containers.iterated(run, state, container, node)
    for part in (*(items or ()), *((element,) if element is not None else ())):
        equal(run, state, part, value, node)
    return ANYTHING


def _attached(state: State, value: Value, container: Value) -> bool | None:
    """``obj in session``, where the state of the object, or of all that it may be, answers."""
    if isinstance(value, Choice):
        known = {_attached(state, atom, container) for atom in value.atoms}
        return known.pop() if len(known) == 1 else None
    record, session = state.record(value), state.record(container)
    if not isinstance(record, OrmObject) or not isinstance(session, SessionObject) or not isinstance(container, Ref):
        return None
    if record.session != container.id or not record.life & (PENDING | PERSISTENT):
        return False
    return True if not record.life & ~(PENDING | PERSISTENT) else None


def _present(run: Run, state: State, container: Method, name: str) -> bool | None:
    """``"x" in inspect(obj).unloaded`` and ``"x" in obj.__dict__``, where the load state answers."""
    owner = container.receiver.owner if isinstance(container.receiver, Inspection) else container.receiver
    record = state.record(owner)
    if not isinstance(record, OrmObject) or name not in record.attributes:
        return None
    bits = record.attributes[name].bits
    if container.name == "unloaded":
        return not bits & 1 if not bits & 1 or bits == 1 else None
    if container.name == "__dict__":
        return bool(bits & 1) if not bits & 1 or bits == 1 else None
    return None


def _identical(left: Value, right: Value) -> bool | None:
    if isinstance(left, Choice) or isinstance(right, Choice):
        return None
    if isinstance(left, Const) and isinstance(right, Const):
        return left.value is right.value or (left.value == right.value and type(left.value) is type(right.value))
    if isinstance(left, Ref) and isinstance(right, Ref):
        return True if left.id == right.id else None
    one, other = (left, right) if isinstance(right, Const) else (right, left)
    if isinstance(other, Const) and other.value is None and (not isinstance(one, Anything) or is_made(one)):
        return False
    return None


def _conditional(run: Run, node: ast.IfExp, state: State) -> Value:
    test = run.evaluate(node.test, state)
    truth(run, state, test, node.test)
    known = known_truth(state, test)
    if known is None and not run.joining:
        known = run.pick(2) == 0
        assume(run, state, node.test, test, truth=known)
    if known is not None:
        return run.evaluate(node.body if known else node.orelse, state)
    result: Value | None = None
    joined: State | None = None
    for outcome, branch in ((True, node.body), (False, node.orelse)):
        attempt = state.fork()
        try:
            assume(run, attempt, node.test, test, truth=outcome)
            value = run.evaluate(branch, attempt)
        except Infeasible:
            continue
        result = value if result is None else join_values(result, value)
        joined = attempt if joined is None else joined.join(attempt)
    if joined is None or result is None:
        raise Infeasible
    state.become(joined)
    return result


def _subscript(run: Run, node: ast.Subscript, state: State) -> Value:
    value = run.evaluate(node.value, state)
    if isinstance(node.slice, ast.Slice):
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            if part is not None:
                run.evaluate(part, state)
        return containers.subscript(run, state, value, ANYTHING, node, is_slice=True)
    if isinstance(value, ClassValue | Library):
        return value
    return containers.subscript(run, state, value, run.evaluate(node.slice, state), node)


def _sequence(kind: str) -> Evaluate:
    def evaluate(run: Run, node: ast.List | ast.Tuple | ast.Set, state: State) -> Value:
        items: list[Value] = []
        element: Value | None = None
        for part in node.elts:
            if isinstance(part, ast.Starred):
                inner = walk(run, state, run.evaluate(part.value, state), part)
                exact, covered, _ = containers.iterated(run, state, inner, part)
                items.extend(exact or ())
                if covered is not None:
                    element = covered if element is None else join_values(element, covered)
            else:
                items.append(run.evaluate(part, state))
        return containers.make(run, state, node, kind, tuple(items), element)

    return evaluate


def _dict(run: Run, node: ast.Dict, state: State) -> Value:
    by_key: dict[object, Value] = {}
    element: Value | None = None
    keys: Value | None = None
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        key = run.evaluate(key_node, state) if key_node is not None else None
        value = run.evaluate(value_node, state)
        if key is None:
            other = state.record(value)
            if isinstance(other, Collection):
                by_key.update(other.by_key)
                value = other.element if other.element is not None else NONE
                if other.element is None:
                    continue
            elif (token := dumping.dump_of(value)) is not None and not token.partial and not token.part:
                by_key.update(dumping.fields_of(run, token))
                continue
            else:
                value = ANYTHING
        elif isinstance(key, Const):
            by_key[key.value] = value
            continue
        else:
            keys = key if keys is None else join_values(keys, key)
        element = value if element is None else join_values(element, value)
    made = run.identity(node, "dict")
    state.heap[made] = Collection("dict", None, element, keys, by_key)
    return Ref(made)


def _lambda(run: Run, node: ast.Lambda, state: State) -> Value:
    module = run.module
    assert module is not None
    return FunctionValue(function_symbol(node, module, parent=run.function), None, captured(run, node, state), state.frame_id)


def captured(run: Run, node: ast.AST, state: State) -> dict[str, Value]:
    """The variables of the enclosing function that a nested function mentions."""
    names = run.tracker.mentioned.get(node)
    if names is None:
        names = run.tracker.mentioned[node] = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    return {name: value for name, value in state.variables.items() if name in names}


def _named(run: Run, node: ast.NamedExpr, state: State) -> Value:
    value = run.evaluate(node.value, state)
    state.variables[node.target.id] = value
    return value


def _starred(run: Run, node: ast.Starred, state: State) -> Value:
    return walk(run, state, run.evaluate(node.value, state), node)


def _yield(run: Run, node: ast.Yield, state: State) -> Value:
    value = run.evaluate(node.value, state) if node.value is not None else NONE
    handler = run.yielders[-1] if run.yielders else None
    if handler is None:
        return ANYTHING
    chosen = handler
    return run.pick_outcome(state, lambda: chosen(value, state))


def _yield_from(run: Run, node: ast.YieldFrom, state: State) -> Value:
    walk(run, state, run.evaluate(node.value, state), node)
    return ANYTHING


EXPRESSIONS: dict[type, Evaluate] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Await: _await,
    ast.JoinedStr: _joined_string,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Subscript: _subscript,
    ast.List: _sequence("list"),
    ast.Tuple: _sequence("tuple"),
    ast.Set: _sequence("set"),
    ast.Dict: _dict,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
    ast.GeneratorExp: comprehension,
    ast.DictComp: comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.Starred: _starred,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
}
