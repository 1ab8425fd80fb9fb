"""One line for each request: which route, how it ended, how long it took, who asked. No query, no header, no body."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenroom.kit.actors import Actor
from greenroom.kit.web import routes
from greenroom.kit.web.causes import cause_of

UNMATCHED: Final = "unmatched"
"""In place of a template: no route was found. The path itself may be anything."""

KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"})

CLIENT_GONE: Final = 499
"""What nginx logs for a client that went away before the answer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that has been answered: ``status`` is ``CLIENT_GONE`` where nothing was answered, ``error`` the class of the cause."""

    scope: Scope
    method: str
    route: str
    status: int
    seconds: float
    error: str | None


class Observer(Protocol):
    """Is told of each request that has ended."""

    def __call__(self, ended: Ended) -> None:
        """Take note."""


class Observed:
    """ASGI middleware: measures each request, and tells the observers how it ended."""

    def __init__(self, app: ASGIApp, *observers: Observer, clock: Callable[[], float] = time.perf_counter) -> None:
        self.app = app
        self._observers = observers
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self._clock()
        status = CLIENT_GONE
        error: str | None = None

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        except BaseException as raised:
            error = cause_of(raised)
            if isinstance(raised, Exception):
                status = HTTPStatus.INTERNAL_SERVER_ERROR if status == CLIENT_GONE else status
            raise
        finally:
            method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
            ended = Ended(scope, method, routes.template(scope) or UNMATCHED, int(status), self._clock() - began, error)
            for observer in self._observers:
                observer(ended)


def actor_of(scope: Scope) -> Actor | None:
    """Return who asked: whatever authenticates puts the actor at ``request.state.actor``."""
    actor = scope.get("state", {}).get("actor")
    return actor if isinstance(actor, Actor) else None


class AccessLog:
    """An observer that logs: errors of the server as errors, health checks only when debugging, all else as information."""

    def __init__(self, logger: Any = None) -> None:  # noqa: ANN401  # structlog's loggers are what they are wrapped in
        self._log = logger or structlog.stdlib.get_logger("greenroom.access")

    def __call__(self, ended: Ended) -> None:
        """Write the line."""
        fields: dict[str, object] = {
            "method": ended.method,
            "route": ended.route,
            "status": ended.status,
            "milliseconds": round(ended.seconds * 1000, 2),
        }
        actor = actor_of(ended.scope)
        if actor is not None:
            fields |= {"actor": actor.id, "actor_kind": actor.kind.value}
            if actor.on_behalf_of is not None:
                fields["on_behalf_of"] = actor.on_behalf_of
        if ended.error is not None:
            fields["error"] = ended.error
        if ended.status >= HTTPStatus.INTERNAL_SERVER_ERROR and ended.status != HTTPStatus.SERVICE_UNAVAILABLE:
            self._log.error("request", **fields)
        elif ended.route.startswith("/health/"):
            self._log.debug("request", **fields)
        else:
            self._log.info("request", **fields)
