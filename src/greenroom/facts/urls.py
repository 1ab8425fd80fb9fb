"""Database URLs, as far as they can be read off the source: literal, put together, or the default of a setting."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from greenroom.facts.calls import library_call
from greenroom.facts.expression import Expression, Scope
from greenroom.program.program import Program
from greenroom.program.scope import local_bindings
from greenroom.program.symbols import Class, External, Function, Symbol, Variable

_DEPTH = 8
"""Names, settings and helpers that are followed to a URL."""
_URL = re.compile(r"(?P<dialect>\w+)(?:\+(?P<driver>\w+))?://(?P<rest>.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:[^/?@]*@)?(?P<host>[^/?:\0]*)(?::(?P<port>\d+))?", re.DOTALL)
_HOLE = "\0"
"""Stands, in the text of a URL, for a part that is not known."""
_SAME = frozenset({"str", "make_url", "SecretStr", "PostgresDsn", "AnyUrl", "DSN"})
"""Functions that give back what they are given, as far as a URL goes."""
_UNWRAPPING = frozenset({"unicode_string", "get_secret_value", "render_as_string", "strip", "human_repr"})
_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "environ.get", "decouple.config"})
_VALIDATORS = frozenset({"field_validator", "validator", "model_validator", "root_validator"})


@dataclass(frozen=True, slots=True)
class Text:
    """What is known of a string: unknown parts are holes; ``stated`` unless the environment may replace it."""

    text: str
    stated: bool = True


@dataclass(frozen=True, slots=True)
class Address:
    """What is known of a database URL."""

    dialect: str
    driver: str
    """Empty where the URL names none."""
    host: str = ""
    port: int | None = None
    query: str = ""
    stated: bool = True
    """Whether the source says so; False for a default that the environment may replace."""


def address_of(expression: Expression) -> Address | None:
    """What an expression that is used as a database URL says; None where not even the dialect is known."""
    made = _created(expression)
    if made is not None:
        return made
    known = _text(expression, _DEPTH)
    found = _URL.match(known.text) if known is not None else None
    if known is None or found is None:
        return None
    authority = _AUTHORITY.match(found["rest"])
    host = authority["host"] if authority is not None and _HOLE not in authority[0] else ""
    if not host:
        host = next((part for part in re.split(r"[@/:?\0]", found["rest"]) if "-pooler" in part), "")
    port = int(authority["port"]) if authority is not None and authority["port"] else None
    return Address(found["dialect"], found["driver"] or "", host, port, found["rest"].partition("?")[2], known.stated)


def _created(expression: Expression) -> Address | None:
    """``URL.create("postgresql+asyncpg", host=...)``."""
    target = expression.follow()
    if not _once(expression) or not isinstance(target.node, ast.Call) or not isinstance(target.node.func, ast.Attribute):
        return None
    path = target.at(target.node.func).path()
    if not path.endswith("URL.create"):
        return None
    call = library_call(target)
    first = call.argument(0, "drivername") if call is not None else None
    name = _text(first, _DEPTH) if first is not None else None
    if call is None or name is None or _HOLE in name.text:
        return None
    dialect, _, driver = name.text.partition("+")
    host = _text(call.keywords["host"], _DEPTH) if "host" in call.keywords else None
    port = call.keywords["port"].constant() if "port" in call.keywords else None
    given = port if isinstance(port, int) else None
    return Address(dialect, driver, host.text.replace(_HOLE, "") if host else "", given, stated=name.stated and (not host or host.stated))


def _text(expression: Expression, depth: int) -> Text | None:
    if depth == 0 or not _once(expression):
        return None
    target = expression.follow()
    match target.node:
        case ast.Constant(value=str() as value):
            return Text(value)
        case ast.JoinedStr(values=parts):
            return _joined([target.at(part.value if isinstance(part, ast.FormattedValue) else part) for part in parts], depth)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([target.at(left), target.at(right)], depth)
        case ast.BoolOp(op=ast.Or(), values=values):
            last = _text(target.at(values[-1]), depth - 1)
            return replace(last, stated=False) if last is not None else None
        case ast.Call():
            return _of_call(target, target.node, depth - 1)
        case ast.Attribute():
            return _of_setting(target, target.node, depth - 1)
    return None


def _joined(parts: list[Expression], depth: int) -> Text:
    found = [_text(part, depth - 1) for part in parts]
    return Text("".join(part.text if part is not None else _HOLE for part in found), all(part is None or part.stated for part in found))


def _of_call(target: Expression, node: ast.Call, depth: int) -> Text | None:
    func = node.func
    path = target.at(func).path()
    if path in _ENVIRONMENT:
        given = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
        default = _text(target.at(given), depth) if given is not None else None
        return replace(default, stated=False) if default is not None else None
    if target.at(func).name() in _SAME and node.args:
        return _text(target.at(node.args[0]), depth)
    if isinstance(func, ast.Attribute) and func.attr in _UNWRAPPING:
        return _text(target.at(func.value), depth)
    if isinstance(func, ast.Attribute) and func.attr == "replace" and len(node.args) >= 2:
        receiver, old, new = (_text(target.at(part), depth) for part in (func.value, node.args[0], node.args[1]))
        if receiver is None or old is None or new is None or _HOLE in old.text:
            return None
        return Text(receiver.text.replace(old.text, new.text), receiver.stated)
    symbol = target.at(func).resolve() if isinstance(func, ast.Name | ast.Attribute) else None
    return _returned(symbol, target.scope.program, depth) if isinstance(symbol, Function) and not node.args and not node.keywords else None


def _of_setting(target: Expression, node: ast.Attribute, depth: int) -> Text | None:
    """``settings.database_url``: the default of a field, or what a property returns."""
    owner = _class_of(target.at(node.value), depth)
    if owner is None or _validates(target.scope.program, owner):
        return None
    program = target.scope.program
    member = program.member(owner, node.attr)
    if isinstance(member, Function):
        return _returned(member, program, depth)
    if not isinstance(member, Variable) or member.value is None:
        return None
    value = Expression(member.value, Scope.of_class(program, owner))
    if isinstance(value.node, ast.Call) and value.at(value.node.func).spelled() in {"Field", "field"}:
        given = value.node.args[0] if value.node.args else next((k.value for k in value.node.keywords if k.arg == "default"), None)
        if given is None:
            return None
        value = value.at(given)
    found = _text(value, depth)
    return replace(found, stated=False) if found is not None else None


def _returned(function: Function, program: Program, depth: int) -> Text | None:
    """What a function returns that has one way to return only."""
    if isinstance(function.node, ast.Lambda):
        return None
    returns = [node for node in ast.walk(function.node) if isinstance(node, ast.Return)]
    if len(returns) != 1 or returns[0].value is None:
        return None
    return _text(Expression(returns[0].value, Scope(program, function.module, owner=function.owner, function=function)), depth)


def _class_of(expression: Expression, depth: int) -> Class | None:
    """The class of the project of which an expression is an instance: ``self``, ``settings``, ``get_settings()``."""
    scope = expression.scope
    if isinstance(expression.node, ast.Name) and expression.node.id == "self":
        return scope.owner or (scope.function.owner if scope.function is not None else None)
    if not _once(expression) or depth <= 0:
        return None
    target = expression.follow()
    if not isinstance(target.node, ast.Call) or not isinstance(target.node.func, ast.Name | ast.Attribute):
        return None
    symbol = target.at(target.node.func).resolve()
    if isinstance(symbol, Class):
        return symbol
    if isinstance(symbol, Function) and not isinstance(symbol.node, ast.Lambda):
        returns = [node.value for node in ast.walk(symbol.node) if isinstance(node, ast.Return) and node.value is not None]
        if len(returns) == 1:
            inside = Scope(scope.program, symbol.module, owner=symbol.owner, function=symbol)
            return _class_of(Expression(returns[0], inside), depth - 1)
    return None


def _validates(program: Program, cls: Class) -> bool:
    """Whether a class of settings computes its fields from what they are given."""
    for member in program.members(cls).values():
        for decorator in member.decorators if isinstance(member, Function) else ():
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            symbol = program.resolve(cls.module, target)
            if isinstance(symbol, External) and symbol.name in _VALIDATORS:
                return True
    return False


def _once(expression: Expression) -> bool:
    """Whether a name is bound once only, so that its value is not replaced later; what is no name is."""
    if not isinstance(expression.node, ast.Name) or expression.node.id in expression.scope.arguments:
        return True
    symbol: Symbol | None = expression.resolve()
    if not isinstance(symbol, Variable):
        return True
    if symbol.function is not None:
        bound = len(local_bindings(symbol.function).get(symbol.name, ()))
    else:
        bound = len((symbol.owner.members if symbol.owner is not None else symbol.module.bindings).get(symbol.name, ()))
    return bound <= 1 and not any(name == symbol.name for name in _augmented(symbol))


def _augmented(symbol: Variable) -> list[str]:
    body = symbol.function.node if symbol.function is not None else symbol.module.tree
    return [node.target.id for node in ast.walk(body) if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)]
