"""Routers and applications: what they add to the routes they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.imperative import named_calls
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Module, Variable

ROUTERS = {"APIRouter", "FastAPI", "Starlette", "Router"}
_DEPTH = 20

Dependency = tuple[ast.expr, Module]


class Settings(NamedTuple):
    """What a router adds to each of its routes."""

    prefix: str = ""
    dependencies: tuple[Dependency, ...] = ()
    route_class: Class | None = None


class _Inclusion(NamedTuple):
    parent: Expression
    prefix: str
    dependencies: tuple[Dependency, ...]


class Routers:
    """Routers by the variable that holds them, with the routers that include them."""

    def __init__(self, program: Program, modules: Iterable[Module]) -> None:
        self._program = program
        self._inclusions: dict[Variable, _Inclusion] = {}
        self._settings: dict[Variable, Settings] = {}
        for module in modules:
            if b"include_router" in module.source.data:
                self._read_inclusions(module)

    def is_router(self, holder: Expression) -> bool:
        """Whether the object before ``.get(...)`` is a router or an application."""
        symbol = holder.resolve() if isinstance(holder.node, (ast.Name, ast.Attribute)) else None
        if not isinstance(symbol, Variable):
            return False
        call = self._constructor(symbol)
        if call is not None:
            return call.name in ROUTERS
        return symbol.annotation is not None and self._is_router_class(Expression(symbol.annotation, Scope(self._program, symbol.module)))

    def settings(self, holder: Expression, depth: int = _DEPTH) -> Settings:
        """Return prefix, dependencies and route class for the routes of a router, those of including routers first."""
        symbol = holder.resolve() if isinstance(holder.node, (ast.Name, ast.Attribute)) else None
        if not isinstance(symbol, Variable) or depth == 0:
            return Settings()
        if symbol not in self._settings:
            self._settings[symbol] = Settings()
            self._settings[symbol] = self._compute(symbol, depth)
        return self._settings[symbol]

    def _compute(self, symbol: Variable, depth: int) -> Settings:
        call = self._constructor(symbol)
        own = _dependencies(call)
        prefix = (call.text("prefix") or "") if call is not None else ""
        route_class = self._route_class(symbol, call)
        inclusion = self._inclusions.get(symbol)
        if inclusion is None:
            return Settings(prefix, own, route_class)
        outer = self.settings(inclusion.parent, depth - 1)
        # A router's route class is its own: including it elsewhere does not change it.
        return Settings(outer.prefix + inclusion.prefix + prefix, (*outer.dependencies, *inclusion.dependencies, *own), route_class)

    def _read_inclusions(self, module: Module) -> None:
        for function, node in named_calls(module, {"include_router"}):
            call = Expression(node, Scope(self._program, module, function=function))
            keywords = {keyword.arg: call.at(keyword.value) for keyword in node.keywords if keyword.arg}
            child = keywords.get("router") or (call.at(node.args[0]) if node.args else None)
            symbol = child.resolve() if child is not None and isinstance(child.node, (ast.Name, ast.Attribute)) else None
            if isinstance(symbol, Variable) and isinstance(node.func, ast.Attribute):
                given = keywords["dependencies"].elements() if "dependencies" in keywords else []
                prefix = keywords["prefix"].text() if "prefix" in keywords else ""
                dependencies = tuple((item.node, item.scope.module) for item in given)
                self._inclusions.setdefault(symbol, _Inclusion(call.at(node.func.value), prefix or "", dependencies))

    def _constructor(self, symbol: Variable) -> Call | None:
        if symbol.value is None:
            return None
        return library_call(Expression(symbol.value, Scope(self._program, symbol.module, owner=symbol.owner, function=symbol.function)))

    def _is_router_class(self, annotation: Expression) -> bool:
        annotation = annotation.unquoted()
        symbol = annotation.resolve() if isinstance(annotation.node, (ast.Name, ast.Attribute)) else None
        if isinstance(symbol, Class):
            return self._program.has_external_base(symbol, lambda path: path.rpartition(".")[2] in ROUTERS)
        return isinstance(symbol, External) and symbol.name in ROUTERS

    def _route_class(self, symbol: Variable, call: Call | None) -> Class | None:
        """Return ``route_class=`` of the constructor, or what the project's own router class sets."""
        given = call.keywords.get("route_class") if call is not None else None
        found = given.resolve() if given is not None and isinstance(given.node, (ast.Name, ast.Attribute)) else None
        if isinstance(found, Class):
            return found
        value = symbol.value
        if not isinstance(value, ast.Call) or not isinstance(value.func, (ast.Name, ast.Attribute)):
            return None
        router_class = Expression(value.func, Scope(self._program, symbol.module, function=symbol.function)).resolve()
        return _class_route_class(self._program, router_class) if isinstance(router_class, Class) else None


def _dependencies(call: Call | None) -> tuple[Dependency, ...]:
    if call is None or "dependencies" not in call.keywords:
        return ()
    return tuple((item.node, item.scope.module) for item in call.keywords["dependencies"].elements())


def _class_route_class(program: Program, cls: Class) -> Class | None:
    """``class Router(APIRouter)`` sets its route class as an attribute, or passes it on from ``__init__``."""
    member = program.member(cls, "route_class")
    if isinstance(member, Variable) and member.value is not None:
        symbol = Expression(member.value, Scope.of_class(program, cls)).resolve()
        return symbol if isinstance(symbol, Class) else None
    initializer = program.member(cls, "__init__")
    for statement in getattr(getattr(initializer, "node", None), "body", []):
        for node in ast.walk(statement):
            if isinstance(node, ast.keyword) and node.arg == "route_class" and isinstance(node.value, (ast.Name, ast.Attribute)):
                symbol = Expression(node.value, Scope(program, cls.module)).resolve()
                if isinstance(symbol, Class):
                    return symbol
    return None
