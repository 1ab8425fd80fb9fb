"""Calls of library constructors, seen through the helpers that projects put around them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

from greenroom.facts.expression import Expression, Scope, returned
from greenroom.program.symbols import Class, External, Function, Variable

_DEPTH = 4
"""How many helpers deep a constructor call is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of something outside the project."""

    name: str
    """The original name of the callee, whatever it was imported as."""
    path: str
    """Its dotted path; empty when the name could not be resolved and ``name`` is how it is written."""
    node: ast.Call
    positional: tuple[Expression, ...]
    keywords: Mapping[str, Expression]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return the boolean keyword argument ``name``."""
        return self.keywords[name].truth(default=default) if name in self.keywords else default

    def text(self, name: str) -> str | None:
        """Return the string keyword argument ``name``."""
        return self.keywords[name].text() if name in self.keywords else None

    def argument(self, position: int, name: str) -> Expression | None:
        """Return an argument that may be given by position or by name."""
        if name in self.keywords:
            return self.keywords[name]
        return self.positional[position] if position < len(self.positional) else None


def library_call(expression: Expression, depth: int = _DEPTH) -> Call | None:
    """Return the library call that ``expression`` comes down to, following variables, helper functions and ``partial``."""
    expression = expression.follow()
    node = expression.node
    if not isinstance(node, ast.Call) or depth == 0:
        return None
    callee = expression.at(node.func)
    symbol = callee.resolve() if isinstance(node.func, (ast.Name, ast.Attribute, ast.Subscript)) else None
    if symbol is None:
        symbol = _own_method(callee)
    if isinstance(symbol, External) or symbol is None:
        if isinstance(symbol, External) and symbol.name in ("cast", "staticmethod") and node.args:
            return library_call(expression.at(node.args[-1]), depth - 1)
        return _plain(expression, node, symbol.path if symbol else "")
    if isinstance(symbol, Function):
        result = returned(symbol, expression.scope.program, _bound(symbol, expression, node))
        return library_call(result, depth - 1) if result is not None else None
    if isinstance(symbol, Variable):
        return _through_variable(callee, expression, node, depth)
    return _project_class(symbol, expression, node) if isinstance(symbol, Class) else None


def _own_method(callee: Expression) -> Function | None:
    """Return the method in ``cls.method()``, as declared attributes call their helpers."""
    owner = callee.scope.owner
    match callee.node:
        case ast.Attribute(value=ast.Name(id="cls" | "self"), attr=name) if owner is not None:
            member = callee.scope.program.member(owner, name)
            return member if isinstance(member, Function) else None
    return None


def _plain(expression: Expression, node: ast.Call, path: str) -> Call:
    positional, keywords = _arguments(expression, node)
    name = path.rpartition(".")[2] or expression.at(node.func).spelled()
    return Call(name, path, node, positional, keywords)


def _project_class(symbol: Class, expression: Expression, node: ast.Call) -> Call | None:
    """A project's own subclass of a library constructor (``class Column(sqlalchemy.Column)``) counts as that constructor."""
    bases = [base for base in expression.scope.program.mro(symbol) if isinstance(base, External) and base.path != "builtins.object"]
    return _plain(expression, node, bases[0].path) if bases else None


def _through_variable(callee: Expression, expression: Expression, node: ast.Call, depth: int) -> Call | None:
    target = callee.follow()
    positional, keywords = _arguments(expression, node)
    if isinstance(target.node, ast.Call) and target.at(target.node.func).path() == "functools.partial" and target.node.args:
        inner = ast.Call(func=target.node.args[0], args=target.node.args[1:], keywords=target.node.keywords)
        made = library_call(target.at(ast.copy_location(inner, target.node)), depth - 1)
        if made is None:
            return None
        return replace(made, node=node, positional=(*made.positional, *positional), keywords={**made.keywords, **keywords})
    if isinstance(target.node, ast.Lambda):
        bound = {name.arg: value for name, value in zip(target.node.args.args, positional, strict=False)}
        return library_call(Expression(target.node.body, replace(target.scope, arguments={**bound, **keywords})), depth - 1)
    path = target.path()
    return Call(path.rpartition(".")[2] or expression.at(node.func).spelled(), path, node, positional, keywords)


def _arguments(expression: Expression, node: ast.Call) -> tuple[tuple[Expression, ...], dict[str, Expression]]:
    positional: list[Expression] = []
    keywords: dict[str, Expression] = {}
    for item in node.args:
        if isinstance(item, ast.Starred):
            positional.extend(found for found in expression.at(item.value).elements() if found.node is not item.value)
        else:
            positional.append(expression.at(item))
    for keyword in node.keywords:
        if keyword.arg is not None:
            keywords[keyword.arg] = expression.at(keyword.value)
        elif isinstance(keyword.value, ast.Name) and keyword.value.id == _rest(expression.scope):
            keywords.update(expression.scope.extra)
        else:
            keywords.update(expression.at(keyword.value).entries())
    return tuple(positional), keywords


def _rest(scope: Scope) -> str | None:
    if scope.function is None or scope.function.node.args.kwarg is None:
        return None
    return scope.function.node.args.kwarg.arg


def _bound(function: Function, expression: Expression, node: ast.Call) -> Scope:
    """Return the scope of the function's body with its parameters bound to the arguments of this call."""
    program = expression.scope.program
    parameters = function.node.args
    inside = Scope(program, function.module, owner=function.owner, function=function)
    outside = Scope(program, function.module, owner=function.owner, function=function.parent)
    names = [parameter.arg for parameter in (*parameters.posonlyargs, *parameters.args)]
    if function.owner is not None and function.kind != "staticmethod":
        names = names[1:]
    values: dict[str, Expression] = {}
    for name, default in zip(reversed(names), reversed(parameters.defaults), strict=False):
        values[name] = Expression(default, outside)
    for parameter, keyword_default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
        if keyword_default is not None:
            values[parameter.arg] = Expression(keyword_default, outside)
    positional, keywords = _arguments(expression, node)
    values.update(zip(names, positional, strict=False))
    known = {*names, *(parameter.arg for parameter in parameters.kwonlyargs)}
    values.update({name: value for name, value in keywords.items() if name in known})
    return replace(inside, arguments=values, extra={name: value for name, value in keywords.items() if name not in known})
