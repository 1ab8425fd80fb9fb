"""Functions that say what, not how: abstract methods and protocol members, and who implements them."""

from __future__ import annotations

import ast

from greenroom.domain.state import State
from greenroom.domain.values import (
    ClassValue,
    FunctionValue,
)
from greenroom.interpret.access import own_class
from greenroom.interpret.run import Run
from greenroom.interpret.symbolic import instance_of
from greenroom.program.symbols import Class, Function


def is_stub(run: Run, function: Function) -> bool:
    """Whether a method only says that there is one: its subclasses do the work."""
    if function.owner is None or isinstance(function.node, ast.Lambda):
        return False
    known = run.tracker.stubs.get(function.node)
    if known is None:
        body = function.node.body
        first = body[-1] if len(body) <= 2 and all(isinstance(part, ast.Expr) for part in body[:-1]) else None
        abstract = any(_is_abstract(decorator) for decorator in function.decorators)
        known = first is not None and (says_nothing(first) or (abstract and isinstance(first, ast.Pass | ast.Expr)))
        run.tracker.stubs[function.node] = known
    return known


def _is_abstract(decorator: ast.expr) -> bool:
    name = decorator.attr if isinstance(decorator, ast.Attribute) else decorator.id if isinstance(decorator, ast.Name) else ""
    return name == "abstractmethod"


def says_nothing(statement: ast.stmt) -> bool:
    """Whether a statement stands where code would: ``...`` or ``raise NotImplementedError``."""
    match statement:
        case ast.Expr(value=ast.Constant(value=value)):
            return value is Ellipsis
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")) | ast.Name(id="NotImplementedError")):
            return True
        case _:
            return False


def implementation(run: Run, state: State, callee: FunctionValue, node: ast.AST) -> FunctionValue | None:
    """The only method of the project that implements a stub."""
    own = (own_class(run, state, callee.receiver) if callee.receiver is not None else None) or callee.function.owner
    found: dict[ast.AST, tuple[Class, Function]] = {}
    for cls in run.program.subclasses(own) if own is not None else ():
        member = run.program.member(cls, callee.function.name)
        if isinstance(member, Function) and not is_stub(run, member):
            found.setdefault(member.node, (cls, member))
    if len(found) != 1:
        return None
    cls, member = next(iter(found.values()))
    receiver = callee.receiver
    if isinstance(receiver, ClassValue):
        receiver = ClassValue(cls)
    elif receiver is not None:
        receiver = instance_of(run, state, cls, "implementation")
    return FunctionValue(member, receiver)
