"""Which route answers a request, read from the ASGI scope after the framework has chosen: Starlette, FastAPI, Litestar.

None of them is imported: what they leave in the scope is enough, and one that is not in use costs nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from greenroom.monitor.endpoints import name_of, place_of, unwrapped
from greenroom.trace import Place

WEBSOCKET: Final = "WEBSOCKET"
"""Stands for the method of a websocket, which has none."""
OTHER: Final = "_OTHER"
"""Stands for a method that a client has made up, as in OpenTelemetry."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})

_DEPTH: Final = 16
"""How deep mounts are followed."""

_INDEX: Final = "_greenroom_routes"
"""On the router, so that the index lives as long as what it speaks of."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The route that a framework chose."""

    method: str
    template: str
    """Of the whole application, with the prefixes of what includes and mounts it: ``/users/{user_id}``."""
    endpoint: str
    """``module:function``."""
    handler: Place | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A route that may be the one."""

    endpoint: object
    template: str
    methods: frozenset[str] | None
    patterns: tuple[re.Pattern[str], ...]
    """Those of the mounts, outermost first, then its own."""
    named: dict[str, Chosen]
    """By method, as it was asked for."""

    def matches(self, path: str) -> bool:
        """Whether the path is one of its own."""
        for pattern in self.patterns:
            found = pattern.match(path)
            if found is None:
                return False
            path = "/" + found.groupdict().get("path", "")
        return True

    def chosen(self, method: str) -> Chosen:
        """Return it for a method that it answers."""
        known = self.named.get(method)
        if known is None:
            function = unwrapped(self.endpoint, method)
            known = self.named[method] = Chosen(method, self.template, name_of(function), place_of(function))
        return known


def chosen(scope: Mapping[str, Any]) -> Chosen | None:
    """Return the route that answers; ``None`` before one was chosen, and where none was: not found, wrong method, a redirect."""
    if "route_handler" in scope:
        return _of_litestar(scope)
    endpoint, router = scope.get("endpoint"), scope.get("router")
    if endpoint is None or router is None:
        return None
    method = _method(scope)
    candidates = [one for one in _candidates(router, endpoint) if one.methods is None or method in one.methods]
    if len(candidates) > 1:
        path = _path(scope)
        candidates = [one for one in candidates if one.matches(path)]
    return candidates[0].chosen(method) if candidates else None


def _method(scope: Mapping[str, Any]) -> str:
    if scope["type"] != "http":
        return WEBSOCKET
    method = str(scope["method"])
    return method if method in _METHODS else OTHER


def _path(scope: Mapping[str, Any]) -> str:
    """Return the path below where the server has put the application; a mount moves ``root_path``, and keeps what it was."""
    root = scope.get("app_root_path", scope.get("root_path", ""))
    path = str(scope["path"])
    return path[len(root) :] if root and path.startswith(root) else path


def _of_litestar(scope: Mapping[str, Any]) -> Chosen | None:
    template = scope.get("path_template")
    return None if template is None else _handled(scope["route_handler"], str(template), _method(scope))


@lru_cache(maxsize=1024)
def _handled(handler: object, template: str, method: str) -> Chosen:
    function = unwrapped(getattr(handler, "fn", handler))
    return Chosen(method, template, name_of(function), place_of(function))


def _candidates(router: object, endpoint: object) -> list[_Candidate]:
    index: dict[int, list[_Candidate]] | None = getattr(router, _INDEX, None)
    if index is None or id(endpoint) not in index:
        # Routes may be added while an application runs; what is not there even now is remembered as unknown.
        index = {key: [] for key, known in (index or {}).items() if not known}
        for one in _walk(getattr(router, "routes", ()), "", (), _DEPTH):
            index.setdefault(id(one.endpoint), []).append(one)
        index.setdefault(id(endpoint), [])
        setattr(router, _INDEX, index)
    return index[id(endpoint)]


def _walk(routes: Iterable[Any], prefix: str, patterns: tuple[re.Pattern[str], ...], depth: int) -> Iterator[_Candidate]:
    """Give all routes, in the order in which they are tried."""
    for route in _with_included(routes):
        below = getattr(route, "routes", None)
        pattern = getattr(route, "path_regex", None)
        path = getattr(route, "path_format", None)
        if below and depth:
            # A mount; or a host, which looks at no path.
            inner = prefix if pattern is None else prefix + str(path).removesuffix("/{path}")
            yield from _walk(below, inner, patterns if pattern is None else (*patterns, pattern), depth - 1)
        elif pattern is not None and path is not None:
            endpoint = getattr(route, "endpoint", None)
            if endpoint is None:  # a mount of what has no routes, as static files
                endpoint, path = getattr(route, "app", None), str(path).removesuffix("/{path}")
            methods = getattr(route, "methods", None)
            yield _Candidate(endpoint, prefix + path, frozenset(methods) if methods else None, (*patterns, pattern), {})


def _with_included(routes: Iterable[Any]) -> Iterable[Any]:
    """Return the routes, with those of FastAPI's included routers in their place, under the prefixes they are included with.

    https://fastapi.tiangolo.com: ``iter_route_contexts``, since 0.165; before, included routes are copies among the routes.
    """
    fastapi = sys.modules.get("fastapi.routing")
    contexts = getattr(fastapi, "iter_route_contexts", None)
    return routes if contexts is None else contexts(routes)
