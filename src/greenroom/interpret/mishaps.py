"""What a block of plain Python may raise by itself: failed conversions, missing keys, attributes that are not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from greenroom.domain.heap import Collection, Instance, OrmObject, SessionObject
from greenroom.domain.state import State
from greenroom.domain.values import Aliased, Attribute, Ref, Rows, SqlExpression, Statement, Value
from greenroom.interpret.library import DATABASE_PACKAGES
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class, External, Function, Variable

BY_CALLS = frozenset({"ArithmeticError", "OverflowError", "TypeError", "UnicodeDecodeError", "UnicodeError", "ValueError"})
"""What calls of plain Python raise: ``int(x)``, ``UUID(text)``."""
BY_METHODS = {"IndexError": frozenset({"pop"}), "KeyError": frozenset({"pop", "popitem", "remove"}), "LookupError": frozenset({"pop"})}
"""Errors that only some methods raise."""
BY_OPERATORS: dict[str, tuple[type[ast.AST], ...]] = {
    "ArithmeticError": (ast.BinOp,),
    "AttributeError": (ast.Attribute,),
    "IndexError": (ast.Subscript,),
    "KeyError": (ast.Subscript,),
    "LookupError": (ast.Subscript,),
    "OverflowError": (ast.BinOp,),
    "TypeError": (ast.BinOp, ast.Subscript),
    "UnicodeDecodeError": (),
    "UnicodeError": (),
    "ValueError": (ast.BinOp, ast.Tuple),
    "ZeroDivisionError": (ast.BinOp,),
}
"""Errors of plain Python, each with the syntax that raises it without any call; a tuple does when it is unpacked into."""
DATABASE_SIDE = (Aliased, Attribute, Rows, SqlExpression, Statement)
"""Values whose methods only build queries or hand out rows."""
LOGGING = frozenset({"critical", "debug", "error", "exception", "info", "log", "warning"})
"""Methods that are called for what they write down."""


def named(run: Run, node: ast.expr | None) -> External | Class | None:
    """The class of exceptions that an expression names."""
    symbol = run.program.resolve(run.module, node, function=run.function) if node is not None and run.module is not None else None
    return symbol if isinstance(symbol, External | Class) else None


def may_happen(run: Run, before: State, body: Sequence[ast.stmt], clause: ast.expr | None) -> bool:
    """Whether plain Python in ``body`` may raise what a clause catches, before the block has had an effect."""
    if isinstance(clause, ast.Tuple):
        return any(may_happen(run, before, body, part) for part in clause.elts)
    symbol = named(run, clause)
    if not isinstance(symbol, External) or symbol.root != "builtins" or symbol.name not in BY_OPERATORS:
        return False
    return any(_raises(run, before, node, symbol.name) for node in _evaluated(body))


def _evaluated(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Every node of a block but for the calls that are awaited: those are followed, or raise what nobody knows."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            waiting.extend((*node.value.args, *node.value.keywords, node.value.func))
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _raises(run: Run, before: State, node: ast.AST, error: str) -> bool:
    if isinstance(node, ast.Call):
        named_so = isinstance(node.func, ast.Attribute) and node.func.attr in BY_METHODS.get(error, ())
        return (error in BY_CALLS or named_so) and _is_plain(run, before, node.func)
    if not isinstance(node, BY_OPERATORS[error]):
        return False
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Load) and not _is_there(run, before, node)
    return not isinstance(node, ast.Tuple) or isinstance(node.ctx, ast.Store)


def _is_plain(run: Run, before: State, callee: ast.expr) -> bool:
    """Whether a call is one of plain Python: of nothing that is followed, and of nothing that belongs to the database side."""
    root = callee
    while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name):
        return isinstance(root, ast.Constant)  # a method of a text
    if isinstance(callee, ast.Attribute) and callee.attr in LOGGING:
        return False
    value = before.variables.get(root.id)
    if value is not None:
        return not isinstance(value, DATABASE_SIDE) and not isinstance(before.record(value), SessionObject | OrmObject)
    symbol = run.program.resolve(run.module, root, function=run.function) if run.module is not None else None
    match symbol:
        case Function(node=node):
            return node not in run.tracker.concerned
        case Class():
            return run.backend.mapped(symbol) is None
        case External(root=package):
            return package not in DATABASE_PACKAGES
        case Variable(function=local):
            return local is None
        case _:
            return False


def _is_there(run: Run, before: State, node: ast.Attribute) -> bool:
    """Whether ``a.b.c`` names attributes that objects, sessions, modules and classes are known to have."""
    path: list[str] = []
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        path.insert(0, root.attr)
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    value = before.variables.get(root.id)
    if value is None:
        return run.module is not None and run.program.lookup(run.module, root.id) is not None
    for name in path:
        if not isinstance(value, Ref):
            return False
        found, value = _attribute(run, before, value, name)
        if not found:
            return False
    return True


def _attribute(run: Run, before: State, owner: Ref, name: str) -> tuple[bool, Value | None]:
    """Whether an object has an attribute, and its value where that is known."""
    match before.record(owner):
        case OrmObject() as record:
            if name == "awaitable_attrs":
                return True, owner
            known = name in record.attributes or name in record.values or run.program.member(record.mapped.symbol, name) is not None
            return known, record.values.get(name)
        case Instance(cls=cls) as record:
            return name in record.attributes or (cls is not None and run.program.member(cls, name) is not None), record.attributes.get(name)
        case SessionObject() | Collection():
            return True, None
        case _:
            return False, None
