"""Finds the functions that web frameworks call: FastAPI routes first, Litestar and Starlette handlers as well."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from greenroom.facts.expression import Expression, Scope
from greenroom.facts.functions import functions_of
from greenroom.facts.imperative import named_calls
from greenroom.facts.records import Route
from greenroom.facts.routers import Routers
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module

METHODS = {
    "get": ("GET",),
    "post": ("POST",),
    "put": ("PUT",),
    "patch": ("PATCH",),
    "delete": ("DELETE",),
    "head": ("HEAD",),
    "options": ("OPTIONS",),
    "trace": ("TRACE",),
    "api_route": (),
    "route": (),
    "websocket": ("WEBSOCKET",),
    "websocket_route": ("WEBSOCKET",),
}
"""Decorator name to HTTP methods; none: ``methods=`` says."""
_ADDERS = {"add_api_route": "api_route", "add_route": "route", "add_api_websocket_route": "websocket", "add_websocket_route": "websocket"}
_LITESTAR_ROOTS = {"litestar", "starlite"}
_STREAMS = {"StreamingResponse", "FileResponse", "EventSourceResponse"}
_RAW_RESPONSES = _STREAMS | {"Response", "HTMLResponse", "PlainTextResponse", "RedirectResponse"}
_RESPONSES = _RAW_RESPONSES | {"JSONResponse", "ORJSONResponse", "UJSONResponse", "TemplateResponse", "_TemplateResponse"}
_FRAMEWORKS = (b"fastapi", b"litestar", b"starlite", b"starlette", b"APIRouter")


def read_routes(program: Program, modules: Iterable[Module]) -> list[Route]:
    """Return the routes of the given modules, in source order."""
    wanted = [module for module in modules if mentions_framework(module.source.data)]
    routers = Routers(program, wanted)
    found: list[Route] = []
    for module in wanted:
        for function in functions_of(module, lambda node: any(_method(decorator) for decorator in node.decorator_list)):
            found.extend(_decorated(program, routers, function))
        found.extend(_added(program, routers, module))
    return found


def mentions_framework(data: bytes) -> bool:
    """Whether a file can declare routes."""
    return any(word in data for word in _FRAMEWORKS)


def _method(decorator: ast.expr) -> str:
    """Return the name of a routing decorator, as written."""
    if not isinstance(decorator, ast.Call):
        return ""
    callee = decorator.func
    name = callee.attr if isinstance(callee, ast.Attribute) else callee.id if isinstance(callee, ast.Name) else ""
    return name if name in METHODS or name.startswith("http_") else ""


def _decorated(program: Program, routers: Routers, function: Function) -> Iterator[Route]:
    scope = Scope(program, function.module, owner=function.owner, function=function.parent)
    for decorator in function.decorators:
        name = _method(decorator)
        if not name or not isinstance(decorator, ast.Call):
            continue
        expression = Expression(decorator, scope)
        callee = decorator.func
        if isinstance(callee, ast.Attribute):
            holder = expression.at(callee.value)
            symbol = holder.resolve() if isinstance(callee.value, (ast.Name, ast.Attribute)) else None
            if isinstance(symbol, External) and symbol.root in _LITESTAR_ROOTS:
                yield _litestar(function, expression, name)
            elif routers.is_router(holder) or _looks_like_route(decorator, function.module, symbol):
                yield _route(routers, function, expression, name, holder)
        elif expression.at(callee).path().partition(".")[0] in _LITESTAR_ROOTS:
            yield _litestar(function, expression, name)


def _route(routers: Routers, function: Function, call: Expression, name: str, holder: Expression) -> Route:
    node = call.node
    if not isinstance(node, ast.Call):
        raise TypeError("a route is made by a call")
    keywords = {keyword.arg: call.at(keyword.value) for keyword in node.keywords if keyword.arg}
    path = call.at(node.args[0]) if node.args else keywords.get("path")
    model = keywords.get("response_model")
    router = routers.settings(holder)
    own = keywords["dependencies"].elements() if "dependencies" in keywords else []
    methods = METHODS.get(name, ()) or _methods(keywords.get("methods"))
    text = path.text() if path is not None else None
    return Route(
        function=function,
        methods=methods,
        path=router.prefix + text if text is not None else None,
        module=call.scope.module,
        response_model=model.node if model is not None else None,
        response_model_given=model is not None,
        dependencies=(*router.dependencies, *((item.node, item.scope.module) for item in own)),
        route_class=router.route_class,
        response_is_raw=_is_raw(function, keywords, call.scope, websocket="WEBSOCKET" in methods),
        node=node,
    )


def _methods(given: Expression | None) -> tuple[str, ...]:
    if given is None:
        return ("GET",)
    return tuple(text.upper() for element in given.elements() if (text := element.text() or element.spelled()))


def _added(program: Program, routers: Routers, module: Module) -> Iterator[Route]:
    """``router.add_api_route("/x", endpoint)`` and ``Route("/x", endpoint)``."""
    names = set(_ADDERS) & {name for name in _ADDERS if name.encode() in module.source.data}
    if b"starlette" in module.source.data and b"Route(" in module.source.data:
        names |= {"Route", "WebSocketRoute"}
    for function, node in named_calls(module, names) if names else ():
        call = Expression(node, Scope(program, module, function=function))
        spelled = call.at(node.func).spelled()
        keywords = {keyword.arg: call.at(keyword.value) for keyword in node.keywords if keyword.arg}
        endpoint = keywords.get("endpoint") or (call.at(node.args[1]) if len(node.args) > 1 else None)
        symbol = endpoint.resolve() if endpoint is not None and isinstance(endpoint.node, (ast.Name, ast.Attribute)) else None
        if not isinstance(symbol, Function):
            continue
        if spelled in _ADDERS and isinstance(node.func, ast.Attribute):
            made = _route(routers, symbol, call, _ADDERS[spelled], call.at(node.func.value))
            yield _as_starlette(made) if spelled == "add_route" else made
        elif call.at(node.func).path().startswith("starlette.routing."):
            path = call.at(node.args[0]).text() if node.args else None
            yield Route(symbol, _methods(keywords.get("methods")), path, module, response_is_raw=True, node=node)


def _as_starlette(route: Route) -> Route:
    """Return the route as Starlette serves it: the endpoint makes the response itself."""
    return replace(route, response_is_raw=True)


def _litestar(function: Function, call: Expression, name: str) -> Route:
    node = call.node
    keywords = {keyword.arg: call.at(keyword.value) for keyword in getattr(node, "keywords", []) if keyword.arg}
    path = call.at(node.args[0]) if isinstance(node, ast.Call) and node.args else keywords.get("path")
    return Route(
        function=function,
        methods=METHODS.get(name, ()) or _methods(keywords.get("http_method")),
        path=path.text() if path is not None else None,
        module=call.scope.module,
        response_is_raw=True,
        node=node,
    )


def _looks_like_route(decorator: ast.Call, module: Module, symbol: object) -> bool:
    """The fallback where the router cannot be resolved: ``@x.get("/path")`` in a file that imports FastAPI."""
    if b"fastapi" not in module.source.data or isinstance(symbol, (External, Class)):
        return False
    path = decorator.args[0] if decorator.args else next((item.value for item in decorator.keywords if item.arg == "path"), None)
    return isinstance(path, ast.Constant) and isinstance(path.value, str) and (path.value == "" or path.value.startswith("/"))


def _is_raw(function: Function, keywords: dict[str, Expression], scope: Scope, *, websocket: bool) -> bool:
    if websocket:
        return True
    model = keywords.get("response_model")
    if model is not None and model.constant() is not None:
        return False
    returns = None if isinstance(function.node, ast.Lambda) else function.node.returns
    if returns is not None and model is None:
        annotation = Expression(returns, Scope(scope.program, function.module, owner=function.owner)).unquoted()
        if _is_response(annotation):
            return True
        if not _is_none(annotation.node):
            return False
    given = keywords.get("response_class")
    return given is not None and _is_response(given, _RAW_RESPONSES)


def _is_response(expression: Expression, names: set[str] = _RESPONSES) -> bool:
    symbol = expression.resolve() if isinstance(expression.node, (ast.Name, ast.Attribute)) else None
    if isinstance(symbol, Class):
        return expression.scope.program.has_external_base(symbol, lambda path: path.rpartition(".")[2] in names)
    return isinstance(symbol, External) and symbol.name in names


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
