"""An expression together with the place where its names are looked up.

Declarations are read across modules, helper functions and partial applications, so a bare syntax
node does not say what its names mean. Everything in this package passes :class:`Expression` instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module, Symbol, Variable
from greenroom.program.types import TypeRef

_FOLLOW_LIMIT = 8
"""How many aliases in a row are followed; more only happens in cycles."""

_DICTIONARIES = {"dict", "ConfigDict", "SettingsConfigDict", "SQLModelConfig"}
"""Calls that make a dictionary of their keyword arguments."""


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
"""Stands for a value that is not a constant, since None is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where names are looked up: a module, perhaps inside a class or a function whose arguments are known."""

    program: Program
    module: Module
    owner: Class | None = None
    function: Function | None = None
    arguments: Mapping[str, Expression] = field(default_factory=dict)
    extra: Mapping[str, Expression] = field(default_factory=dict)
    """The keyword arguments that the function's ``**kwargs`` holds."""

    @classmethod
    def of_class(cls, program: Program, owner: Class) -> Scope:
        """Return the scope of the statements in a class body."""
        return cls(program, owner.module, owner=owner)

    def resolve(self, node: ast.expr) -> Symbol | None:
        """Return what a name or dotted name means here."""
        return self.program.resolve(self.module, node, function=self.function, owner=self.owner)

    def outside(self) -> Scope:
        """Return the scope of the module, for strings that are evaluated there."""
        return Scope(self.program, self.module)


class Expression(NamedTuple):
    """A syntax node and its scope."""

    node: ast.expr
    scope: Scope

    def at(self, node: ast.expr) -> Expression:
        """Return another node of the same scope."""
        return Expression(node, self.scope)

    def resolve(self) -> Symbol | None:
        """Return the symbol that this name or dotted name denotes."""
        return self.scope.resolve(self.node)

    def path(self) -> str:
        """Return the dotted path of a name from outside the project, else an empty string."""
        symbol = self.resolve() if isinstance(self.node, (ast.Name, ast.Attribute)) else None
        return symbol.path if isinstance(symbol, External) else ""

    def spelled(self) -> str:
        """Return the last identifier of a name or dotted name as written."""
        if isinstance(self.node, ast.Name):
            return self.node.id
        return self.node.attr if isinstance(self.node, ast.Attribute) else ""

    def name(self) -> str:
        """Return the original name of an imported class or function, or the identifier as written."""
        return self.path().rpartition(".")[2] or self.spelled()

    def follow(self) -> Expression:
        """Return the expression that a parameter, an alias or a variable stands for; itself when there is none."""
        current = self
        for _ in range(_FOLLOW_LIMIT):
            if isinstance(current.node, ast.Name) and current.node.id in current.scope.arguments:
                current = current.scope.arguments[current.node.id]
                continue
            if not isinstance(current.node, (ast.Name, ast.Attribute)):
                break
            symbol = current.resolve()
            if not isinstance(symbol, Variable) or symbol.value is None or symbol.value is current.node:
                break
            scope = Scope(current.scope.program, symbol.module, owner=symbol.owner, function=symbol.function)
            if symbol.function is not None and symbol.function is current.scope.function:
                scope = replace(current.scope, owner=symbol.owner)
            current = Expression(symbol.value, scope)
        return current

    def constant(self) -> object:
        """Return the value of a constant, also behind a name; :data:`MISSING` for everything else."""
        node = self.node if isinstance(self.node, ast.Constant) else self.follow().node
        if isinstance(node, ast.Constant):
            return node.value
        return MISSING

    def text(self) -> str | None:
        """Return the value of a string: a constant, or an f-string or sum of constants."""
        target = self.follow()
        match target.node:
            case ast.Constant(value=str() as value):
                return value
            case ast.JoinedStr(values=values):
                return _concatenated(target.at(part.value if isinstance(part, ast.FormattedValue) else part) for part in values)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _concatenated((target.at(left), target.at(right)))
        return None

    def truth(self, *, default: bool = False) -> bool:
        """Return the value of a boolean constant, ``default`` for what is not one."""
        value = self.constant()
        return value if isinstance(value, bool) else default

    def elements(self, depth: int = _FOLLOW_LIMIT) -> list[Expression]:
        """Return the items of a tuple, list or set display, or the expression itself as the only one.

        ``*others`` and sums of lists are looked into.
        """
        target = self.follow()
        match target.node:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) if depth:
                found: list[Expression] = []
                for item in items:
                    inner = target.at(item.value if isinstance(item, ast.Starred) else item)
                    found.extend(inner.elements(depth - 1) if isinstance(item, ast.Starred) else [inner])
                return found
            case ast.BinOp(left=left, op=ast.Add(), right=right) if depth and isinstance(self.node, (ast.Name, ast.BinOp)):
                return [*target.at(left).elements(depth - 1), *target.at(right).elements(depth - 1)]
        return [self]

    def entries(self) -> dict[str, Expression]:
        """Return the items of a ``dict`` display or call whose keys are strings; ``**other`` is looked into."""
        target = self.follow()
        found: dict[str, Expression] = {}
        match target.node:
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if key is None:
                        if value is not self.node:
                            found.update(target.at(value).entries())
                    elif (text := target.at(key).text()) is not None:
                        found[text] = target.at(value)
            case ast.Call(func=func, args=args, keywords=keywords) if target.at(func).spelled() in _DICTIONARIES:
                for argument in args:
                    found.update(target.at(argument).entries())
                found.update({keyword.arg: target.at(keyword.value) for keyword in keywords if keyword.arg})
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                found = {**target.at(left).entries(), **target.at(right).entries()}
        return found

    def unquoted(self) -> Expression:
        """Return the expression inside a string, as forward references are written; itself when it is no string."""
        if isinstance(self.node, ast.Constant) and isinstance(self.node.value, str):
            try:
                return self.at(ast.parse(self.node.value.strip(), mode="eval").body)
            except (SyntaxError, ValueError, RecursionError):
                return self
        return self

    def type(self) -> TypeRef:
        """Return the type that this annotation denotes."""
        scope = self.scope
        return scope.program.type_of(scope.module, self.node, function=scope.function, owner=scope.owner)


def _concatenated(parts: Iterable[Expression]) -> str | None:
    texts = [part.text() for part in parts]
    return "".join(text or "" for text in texts) if None not in texts else None


def returned(function: Function, program: Program, scope: Scope | None = None) -> Expression | None:
    """Return the last value that ``function`` returns: what a declaration helper makes of its arguments."""
    inside = scope or Scope(program, function.module, owner=function.owner, function=function)
    if isinstance(function.node, ast.Lambda):
        return Expression(function.node.body, inside)
    node = _returned(function.node.body, inside)
    return Expression(node, inside) if node is not None else None


def _returned(body: list[ast.stmt], scope: Scope) -> ast.expr | None:
    """Return the value that a run of statements returns: known conditions decide, otherwise the last one is taken."""
    found: ast.expr | None = None
    for statement in body:
        if isinstance(statement, ast.Return):
            if statement.value is not None and not _is_none(statement.value):
                return statement.value
            continue
        known = _condition(statement.test, scope) if isinstance(statement, ast.If) else None
        for inner in _blocks(statement, known=known):
            value = _returned(inner, scope)
            if value is not None and known is not None:
                return value
            found = value or found
    return found


def _blocks(statement: ast.stmt, *, known: bool | None) -> list[list[ast.stmt]]:
    match statement:
        case ast.If(body=body, orelse=orelse):
            return [body, orelse] if known is None else [body if known else orelse]
        case ast.Try(body=body, orelse=orelse, handlers=handlers):
            return [*(handler.body for handler in handlers), body, orelse]
        case ast.With(body=body):
            return [body]
    return []


def _condition(test: ast.expr, scope: Scope) -> bool | None:
    """Return the truth of a condition on the arguments of a helper, None when it is unknown."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _condition(test.operand, scope)
        return None if inner is None else not inner
    if isinstance(test, ast.Name) and test.id in scope.arguments:
        value = scope.arguments[test.id].constant()
        return None if isinstance(value, Missing) else bool(value)
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
