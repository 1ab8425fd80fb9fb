"""What Python does with a value behind the scenes: truth, text, equality, iteration."""

from __future__ import annotations

import ast

from greenroom.domain.events import NeverAwaited
from greenroom.domain.heap import OrmObject
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, Arguments, DynamicQuery, FunctionValue, Method, Pending, Ref, Value, atoms
from greenroom.interpret.attributes import read
from greenroom.interpret.boundary import keys
from greenroom.interpret.dumps import dumped
from greenroom.interpret.dynamic import dynamic_method
from greenroom.interpret.run import Call, Run
from greenroom.program.symbols import Class, External, Function


def dunder(run: Run, state: State, value: Value, names: tuple[str, ...], args: Arguments, node: ast.AST) -> bool:
    """Call the first of the special methods that the object's class defines."""
    record = state.record(value)
    if not isinstance(record, OrmObject):
        return False
    for name in names:
        member = run.program.member(record.mapped.symbol, name)
        if isinstance(member, Function):
            run.tables.call(run, state, FunctionValue(member, value), args, node)
            return True
    return False


def text(run: Run, state: State, value: Value, node: ast.AST, *, representation: bool = False) -> None:
    """``str(value)`` or ``repr(value)``."""
    for atom in atoms(value):
        record = state.record(atom)
        if isinstance(record, OrmObject) and isinstance(atom, Ref):
            names = ("__repr__",) if representation else ("__str__", "__repr__")
            if not dunder(run, state, atom, names, Arguments(), node):
                _generated_text(run, state, atom.id, record, node)
        elif isinstance(atom, Pending):
            used(run, atom)


def _generated_text(run: Run, state: State, key: int, record: OrmObject, node: ast.AST) -> None:
    mapped = record.mapped
    if mapped.is_dataclass and mapped.dataclass_repr:
        as_model_code(run, state, key, record, node, "__repr__")
    elif mapped.is_sqlmodel:
        dumped(run, record, node, "repr()")


def as_model_code(run: Run, state: State, key: int, record: OrmObject, node: ast.AST, name: str) -> None:
    """A generated dunder of a dataclass reads every field."""
    mapped = record.mapped
    cls = mapped.symbol
    generated = Function(name, f"{mapped.name}.{name}", cls.module, cls.node, cls)  # type: ignore[arg-type]  # stands for generated code
    run.calls.append(Call(generated, run.site(node), model_code=True))
    try:
        for attribute in (*mapped.columns, *mapped.relationships):
            relationship = mapped.relationships.get(attribute)
            if relationship is not None and not (relationship.repr if name == "__repr__" else relationship.compare or name == "asdict"):
                continue
            if attribute in (state.orm(key) or record).attributes:
                read(run, state, key, attribute, node)
    finally:
        run.calls.pop()


def equal(run: Run, state: State, left: Value, right: Value, node: ast.AST) -> Value:
    """``left == right``."""
    record = state.record(left)
    if isinstance(record, OrmObject) and isinstance(left, Ref) and not dunder(run, state, left, ("__eq__",), Arguments((right,)), node):
        other = state.record(right)
        if record.mapped.is_dataclass and record.mapped.dataclass_eq and isinstance(other, OrmObject):
            as_model_code(run, state, left.id, record, node, "__eq__")
            if isinstance(right, Ref) and right != left:
                as_model_code(run, state, right.id, other, node, "__eq__")
        elif record.mapped.is_sqlmodel and isinstance(other, OrmObject):
            dumped(run, record, node, "==")
    return ANYTHING


def truth(run: Run, state: State, value: Value, node: ast.AST) -> None:
    """``bool(value)``."""
    keys.tested(state, value)
    for atom in atoms(value):
        if not isinstance(atom, Pending):
            dunder(run, state, atom, ("__bool__", "__len__"), Arguments(), node)
        elif not _may_be_none(run, node):
            used(run, atom)


def _may_be_none(run: Run, node: ast.AST) -> bool:
    """Whether a test asks for a name to which the function assigns None: it tells whether there is a coroutine at all."""
    if not isinstance(node, ast.Name) or run.function is None:
        return False
    for part in ast.walk(run.function.node):
        if isinstance(part, ast.Assign | ast.AnnAssign) and isinstance(part.value, ast.Constant) and part.value.value is None:
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            if any(isinstance(target, ast.Name) and target.id == node.id for target in targets):
                return True
    return False


def walk(run: Run, state: State, value: Value, node: ast.AST) -> Value:
    """``iter(value)``: what is walked may be produced by a generator of the project."""
    if isinstance(value, Pending) and isinstance(value.callee, FunctionValue) and value.callee.function.is_generator:
        return run.tables.collect(run, state, value, node)
    if isinstance(value, DynamicQuery):
        return dynamic_method(run, state, value, "__iter__", node)
    record = state.record(value)
    if isinstance(record, OrmObject):
        dunder(run, state, value, ("__iter__", "__len__"), Arguments(), node)
    if isinstance(value, Pending):
        used(run, value)
    return value


def described(callee: Value) -> str:
    """How to call a callee in a message."""
    match callee:
        case FunctionValue(function):
            return function.qualname
        case Method(_, name):
            return name
        case _:
            return "the call"


def used(run: Run, value: Pending) -> None:
    """An awaitable was used as if it were its result, in the function that made it; others may know what to do with it."""
    function = run.function
    if function is None or value.module is not function.module or not _within(value.node, function.node):
        return
    if isinstance(value.callee, FunctionValue) and not _is_coroutine_function(run, value.callee.function):
        return
    run.emit(NeverAwaited(run.site(value.node), run.call_sites(), described(value.callee)), id(value.node))


def _within(node: ast.AST, outer: ast.AST) -> bool:
    line = getattr(node, "lineno", 0)
    return getattr(outer, "lineno", 0) <= line <= (getattr(outer, "end_lineno", None) or line)


PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "abstractmethod", "override", "overload", "wraps", "final", "deprecated"})
"""Decorators of libraries that leave a coroutine function one; others may make a task or a command of it."""


def _has_plain_twin(function: Function) -> bool:
    """Whether a class beside this one has a plain method of the same name: which of the two is meant is for the types to say."""
    if function.owner is None:
        return False
    classes = [member for members in function.module.bindings.values() for member in members if isinstance(member, Class)]
    twins = (member for cls in classes if cls is not function.owner for member in cls.members.get(function.name, ()))
    return any(isinstance(twin, Function) and not twin.is_async for twin in twins)


def _is_coroutine_function(run: Run, function: Function) -> bool:
    if not function.is_async or function.is_generator or _has_plain_twin(function):
        return False
    for decorator in function.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        symbol = run.program.resolve(function.module, target, owner=function.owner)
        if isinstance(symbol, Function):
            continue
        if not isinstance(symbol, External) or symbol.name not in PLAIN_DECORATORS:
            return False
    return True
