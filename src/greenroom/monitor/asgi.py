"""Ties what the monitor meets to the request that met it: pure ASGI, for FastAPI, Starlette, Litestar and any other framework.

    app.add_middleware(MonitorMiddleware)

It hands ``receive`` and ``send`` on as they are, so it can neither change nor delay an answer; exceptions pass as the same objects.
Streams, background tasks, websockets and the exits of dependencies are within the call of the application, and so within the scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias, TypeVar

from greenroom.monitor import exercised, notes
from greenroom.monitor.monitor import explaining
from greenroom.monitor.requests import request_id_of, trace_id_of
from greenroom.monitor.routing import Chosen, chosen
from greenroom.monitor.scopes import About, Scope, entered

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Answer = TypeVar("Answer")
RequestId: TypeAlias = Callable[[MutableMapping[str, Any]], str | None]

_KEY: Final = "greenroom.monitor"
"""In the ASGI scope: the request, so that it is entered once however many layers of an application are monitored."""


class _Request:
    """One connection, as its innermost monitored layer sees it: what stands between two layers may hand down a copy of the ASGI scope."""

    __slots__ = ("identify", "scope")

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        self.identify: RequestId = request_id_of

    def about(self) -> About:
        """Return what is known by now. Asked while an application's error is made, so whatever fails here is left out."""
        route = self.route()
        return About(
            route=f"{route.method} {route.template}" if route else None,
            endpoint=route.endpoint if route else None,
            handler=route.handler if route else None,
            request_id=_attempted(self.identify, self.scope),
            trace_id=_attempted(trace_id_of, self.scope),
        )

    def route(self) -> Chosen | None:
        """Return the route that was chosen."""
        return _attempted(chosen, self.scope)


class MonitorMiddleware:
    """ASGI middleware: one scope of the monitor for each request and each websocket.

    ``request_id`` returns the id of the request from the ASGI scope; without it, the places where frameworks and clients put one are looked
    at (`requests.request_id_of`).
    """

    def __init__(self, app: Application, *, request_id: RequestId | None = None) -> None:
        self.app = app
        self._request_id = request_id

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await monitored(self.app, scope, receive, send, self._request_id)


async def monitored(
    app: Application, scope: MutableMapping[str, Any], receive: Receive, send: Send, request_id: RequestId | None = None
) -> None:
    """Call the application within a scope of the monitor, unless one of an outer layer is there."""
    if scope["type"] not in {"http", "websocket"}:
        await app(scope, receive, send)
        return
    request = scope.get(_KEY)
    outermost = not isinstance(request, _Request)
    if not isinstance(request, _Request):
        request = scope[_KEY] = _Request(scope)
    request.scope = scope
    if request_id is not None:
        request.identify = request_id
    if not outermost:
        await app(scope, receive, send)
        return
    with entered(Scope(request.about)) as own:
        try:
            await app(scope, receive, send)
        except BaseException as error:
            if own.incidents:
                notes.add(error, own.incidents.values(), explain=explaining())
            raise
        finally:
            route = request.route()
            if route is not None:
                exercised.count(route)
            # Each holds the other: without this every request would be left to the garbage collector.
            request.scope.pop(_KEY, None)
            scope.pop(_KEY, None)


def _attempted(ask: Callable[[MutableMapping[str, Any]], Answer], scope: MutableMapping[str, Any]) -> Answer | None:
    try:
        return ask(scope)
    except Exception:  # noqa: BLE001  # the request goes on, whatever a framework or an application's function makes of the scope
        return None
