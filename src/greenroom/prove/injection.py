"""What a route is asked with: the request, and what stands in for dependencies that a test cannot have run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from greenroom.facts.records import Route
from greenroom.program.functions import defaults
from greenroom.program.symbols import Class, External, Function, Module, Symbol, Variable
from greenroom.program.types import AnnotatedRef, Named, NoneRef, TypeRef, UnknownRef
from greenroom.prove.choices import Underivable
from greenroom.prove.inputs import Inputs
from greenroom.prove.sessions import Sessions, engines, mentions, session_symbol
from greenroom.prove.values import json_value

_DEPENDS = frozenset({"Depends", "Security"})
_PLACES = {"Path": "path", "Query": "query", "Header": "header", "Cookie": "cookie", "Body": "body", "Form": "form", "File": "file"}
_INJECTED = frozenset({"Request", "Response", "BackgroundTasks", "WebSocket", "HTTPConnection", "SecurityScopes"})
_RAW = frozenset({"Request", "HTTPConnection", "SecurityScopes"})
_NAMED_IN_PATH = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True)
class Override:
    """A dependency that the test answers itself: with a session of its own, or with a value."""

    provider: Function | Class | Variable
    name: str
    value: object = None
    session: Function | Class | Variable | None = None
    """The dependency whose session it is loaded in."""
    gives_session: bool = False


@dataclass(slots=True)
class Request:
    """One request, in Python values."""

    method: str
    path: dict[str, object] = field(default_factory=dict)
    query: dict[str, object] = field(default_factory=dict)
    headers: dict[str, object] = field(default_factory=dict)
    bodies: dict[str, object] = field(default_factory=dict)
    embedded: bool = False
    overrides: dict[Symbol, Override] = field(default_factory=dict)
    providers: list[Function] = field(default_factory=list)
    """The dependencies that are run."""

    @property
    def body(self) -> object:
        """The JSON that is sent."""
        if len(self.bodies) == 1 and not self.embedded:
            return next(iter(self.bodies.values()))
        return dict(self.bodies)


class Injection:
    """Finds out what one route needs."""

    def __init__(self, inputs: Inputs, sessions: Sessions, route: Route) -> None:
        self._inputs = inputs
        self._program = inputs.program
        self._sessions = sessions
        self._route = route
        self._session: Function | Class | Variable | None = None
        self._visited: set[Symbol] = set()
        self.request = Request(route.methods[0] if route.methods else "GET")
        self._in_path = set(_NAMED_IN_PATH.findall(route.path or ""))

    def derive(self) -> Request:
        """Return the request.

        Raises:
            Underivable: A part of it cannot be made.
        """
        route = self._route
        self._session = self._first_session(route.function, set())
        for node, module in route.dependencies:
            provider = self._provider(node, module, None)
            if provider is not None:
                self._provide(provider, "dependency")
        self._parameters(route.function, bound=route.function.owner is not None)
        return self.request

    # Parameters

    def _parameters(self, function: Function, *, bound: bool) -> None:
        spec = function.node.args
        absent = defaults(function)
        for parameter in [*[*spec.posonlyargs, *spec.args][1 if bound else 0 :], *spec.kwonlyargs]:
            type_ref = self._program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
            default = absent.get(parameter.arg)
            found = self._dependency(type_ref, default, function.module)
            if found is not None:
                self._provide(found, parameter.arg)
                continue
            try:
                self._sent(parameter.arg, type_ref, default, function.module)
            except Underivable as reason:
                raise Underivable(f"parameter `{parameter.arg}` of `{function.qualname}`: {reason}") from None

    def _sent(self, name: str, type_ref: TypeRef, default: ast.expr | None, module: Module) -> None:
        inner = type_ref.type if isinstance(type_ref, AnnotatedRef) else type_ref
        if isinstance(inner, Named) and inner.symbol.name in _INJECTED and isinstance(inner.symbol, External):
            return
        marker = self._marker(type_ref, default, module)
        place = _PLACES.get(marker[0], "") if marker is not None else ""
        required = default is None or (marker is not None and default is marker[1] and _demands(marker[1]))
        if name in self._in_path:
            self.request.path[name] = self._inputs.value(type_ref, name, f"path.{name}")
            return
        if place in ("header", "cookie"):
            raise Underivable(f"it comes from a {place}")
        if place in ("form", "file"):
            if required:
                raise Underivable("it comes from a form")
            return
        if place == "body" or self._is_body(inner):
            if required or self._inputs.choices.pick(f"body.{name}!", (True, False)):
                self.request.bodies[name] = json_value(self._inputs.value(type_ref, name, f"body.{name}"))
                self.request.embedded |= _embeds(marker[1]) if marker is not None else False
            return
        if required or name in self._inputs.compared:
            self.request.query[name] = json_value(self._inputs.value(type_ref, name, f"query.{name}"))

    def _is_body(self, type_ref: TypeRef) -> bool:
        match type_ref:
            case Named(symbol=Class() as cls):
                return self._inputs.backend.schema(cls) is not None
            case Named(symbol=External(path="builtins.dict")):
                return True
            case Named(symbol=External(path="builtins.list"), args=[element, *_]):
                return self._is_body(element)
        members = getattr(type_ref, "members", ())
        return any(self._is_body(member) for member in members)

    def _marker(self, type_ref: TypeRef, default: ast.expr | None, module: Module) -> tuple[str, ast.Call] | None:
        candidates = [(default, module)] if default is not None else []
        if isinstance(type_ref, AnnotatedRef):
            candidates.extend((item, type_ref.module) for item in type_ref.metadata)
        for node, where in candidates:
            if isinstance(node, ast.Call):
                symbol = self._program.resolve(where, node.func)
                if isinstance(symbol, External) and symbol.name in _PLACES:
                    return symbol.name, node
        return None

    # Dependencies

    def _dependency(self, type_ref: TypeRef, default: ast.expr | None, module: Module) -> Symbol | None:
        candidates = [(default, module)] if default is not None else []
        if isinstance(type_ref, AnnotatedRef):
            candidates.extend((item, type_ref.module) for item in type_ref.metadata)
        for node, where in candidates:
            found = self._provider(node, where, type_ref)
            if found is not None:
                return found
        return None

    def _provider(self, node: ast.expr, module: Module, type_ref: TypeRef | None) -> Symbol | None:
        """What ``Depends(x)`` depends on: a function, a class, or a variable that holds something callable."""
        if not isinstance(node, ast.Call):
            return None
        symbol = self._program.resolve(module, node.func)
        if not isinstance(symbol, External) or symbol.name not in _DEPENDS:
            return None
        target = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "dependency"), None)
        if target is None:
            inner = type_ref.type if isinstance(type_ref, AnnotatedRef) else type_ref
            return inner.symbol if isinstance(inner, Named) else External("unknown")
        if isinstance(target, ast.Call):
            maker = self._program.resolve(module, target.func)
            return _returned(maker) if isinstance(maker, Function) else External("unknown")
        return self._program.resolve(module, target) or External("unknown")

    def _provide(self, provider: Symbol, name: str) -> None:
        if provider in self._visited:
            return
        self._visited.add(provider)
        if isinstance(provider, Function) and self._gives_session(provider) is not None:
            backend = self._inputs.backend
            if not (mentions(provider, self._sessions.factory, backend) or engines([provider], backend)):
                self.request.overrides[provider] = Override(provider, name, gives_session=True)
            else:
                self.request.providers.append(provider)
            return
        if isinstance(provider, Class):
            init = self._program.member(provider, "__init__")
            if isinstance(init, Function):
                self._parameters(init, bound=True)
            return
        if isinstance(provider, Function):
            self._function(provider, name)
            return
        raise Underivable("it depends on something that only a real request has")

    def _function(self, provider: Function, name: str) -> None:
        """Have a dependency run where the request has what it asks for; else answer in its place."""
        kept = (
            dict(self.request.path),
            dict(self.request.query),
            dict(self.request.bodies),
            dict(self.request.overrides),
            set(self._visited),
        )
        standing_in = self._stand_in(provider, name)
        if standing_in is not None and self._inputs.choices.pick(f"dependency.{name}", (False, True)):
            self.request.overrides[provider] = standing_in
            return
        try:
            _demand_declared(provider)
            self._parameters(provider, bound=provider.owner is not None and provider.kind != "staticmethod")
            self.request.providers.append(provider)
        except Underivable as reason:
            request = self.request
            request.path, request.query, request.bodies, request.overrides, self._visited = kept
            if standing_in is None:
                raise Underivable(f"dependency `{provider.qualname}` cannot be run ({reason}), nor answered in its place") from None
            request.overrides[provider] = standing_in

    def _stand_in(self, provider: Function, name: str) -> Override | None:
        if provider.parent is not None or isinstance(provider.node, ast.Lambda):
            return None
        type_ref = self._program.type_of(provider.module, provider.node.returns, function=provider, owner=provider.owner)
        if (
            isinstance(type_ref, Named)
            and type_ref.args
            and type_ref.symbol.name in ("AsyncIterator", "AsyncGenerator", "Iterator", "Generator")
        ):
            type_ref = type_ref.args[0]
        if isinstance(type_ref, UnknownRef):
            return None
        try:
            value = None if isinstance(type_ref, NoneRef) else self._inputs.value(type_ref, name, f"dependency.{name}=")
        except Underivable:
            return None
        return Override(provider, provider.name, value, self._first_session(provider, set()) or self._session)

    def _gives_session(self, provider: Function) -> Class | External | None:
        returns = None if isinstance(provider.node, ast.Lambda) else provider.node.returns
        return session_symbol(
            self._program.type_of(provider.module, returns, function=provider, owner=provider.owner), self._inputs.backend
        )

    def _first_session(self, function: Function, seen: set[Function]) -> Function | None:
        """The dependency that gives the session, of the function or of what it depends on."""
        if function in seen:
            return None
        seen.add(function)
        absent = defaults(function)
        spec = function.node.args
        for parameter in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]:
            type_ref = self._program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
            provider = self._dependency(type_ref, absent.get(parameter.arg), function.module)
            if isinstance(provider, Function):
                if self._gives_session(provider) is not None:
                    return provider
                inner = self._first_session(provider, seen)
                if inner is not None:
                    return inner
        return None


def _returned(maker: Function) -> Symbol:
    """The function that a function makes and returns."""
    for statement in getattr(maker.node, "body", []):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            is_async = isinstance(statement, ast.AsyncFunctionDef)
            qualname = f"{maker.qualname}.<locals>.{statement.name}"
            return Function(statement.name, qualname, maker.module, statement, maker.owner, maker, is_async)
    return External("unknown")


def _demand_declared(provider: Function) -> None:
    """Refuse a function that reads the request itself: nothing declares what it looks for.

    Raises:
        Underivable: It does.
    """
    spec = provider.node.args
    for parameter in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]:
        if parameter.annotation is not None and ast.unparse(parameter.annotation).rpartition(".")[2] in _RAW:
            raise Underivable("it reads the request itself")


def _demands(marker: ast.Call) -> bool:
    """Whether ``Query(...)`` and its like have no default."""
    first = marker.args[0] if marker.args else next((k.value for k in marker.keywords if k.arg in ("default", "default_factory")), None)
    return first is None or (isinstance(first, ast.Constant) and first.value is ...)


def _embeds(marker: ast.Call) -> bool:
    return any(k.arg == "embed" and isinstance(k.value, ast.Constant) and k.value.value is True for k in marker.keywords)
