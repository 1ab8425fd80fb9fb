"""Which route answers a request: its template, for logs and metrics, and all methods of its path."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from fastapi import FastAPI, params
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

# By identity, for routes have no hash. Looking all of them through takes longer than many a request.
_BY_ROUTE: Final[WeakKeyDictionary[FastAPI, dict[int, list[RouteContext]]]] = WeakKeyDictionary()


def template(scope: Scope) -> str | None:
    """Return the template of the route that was selected (``/tasks/{task_id}``), or None where none was."""
    route = scope.get("route")
    app = scope.get("app")
    if route is None or not isinstance(app, FastAPI):
        return None
    found = _contexts(app, route)
    if len(found) > 1:
        # A router can be included several times: it is the one that matches the path.
        found = [context for context in found if _matches(context, scope)]
    path = found[0].path_format if found else getattr(route, "path_format", None)
    return path if isinstance(path, str) else None


def methods(app: FastAPI, scope: Scope) -> list[str]:
    """Return the methods of all routes of the request's path, sorted."""
    return sorted({method for context in iter_route_contexts(app.routes) if _matches(context, scope) for method in context.methods or ()})


def reads_form(scope: Scope) -> bool:
    """Tell whether the route that was selected takes its body as a form."""
    field = getattr(scope.get("route"), "body_field", None)
    return field is not None and isinstance(field.field_info, params.Form)


def _contexts(app: FastAPI, route: BaseRoute) -> list[RouteContext]:
    known = _BY_ROUTE.get(app)
    if known is None or id(route) not in known:
        known = {}
        for context in iter_route_contexts(app.routes):
            known.setdefault(id(context.original_route), []).append(context)
        _BY_ROUTE[app] = known
    return known.get(id(route), [])


def _matches(context: RouteContext, scope: Scope) -> bool:
    # What was found so far must not matter: parameters of the path are handed down to mounted applications.
    match, _ = context.matches({**scope, "path_params": {}})
    return match is not Match.NONE
