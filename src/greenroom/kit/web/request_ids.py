"""One id for each request: in logs, in problems, in the trail, and in the answer."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenroom.kit.problems import REQUEST_ID

HEADER: Final = "X-Request-ID"

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""

_current: ContextVar[str | None] = ContextVar("greenroom_request_id", default=None)


def request_id() -> str | None:
    """Return the id of the request that is being answered, or None outside of one."""
    return _current.get()


def chosen(headers: Headers) -> str:
    """Return the id for a request: the client's ``X-Request-ID`` if it is sane, the trace id of its ``traceparent``, or a new one.

    Sane is: 8 to 64 letters, digits, dots, underscores and hyphens, so that it can be written into logs and headers as it is.
    """
    given = headers.getlist(HEADER)
    if len(given) == 1 and _SANE.fullmatch(given[0]):
        return given[0]
    trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return trace[1] if trace else uuid.uuid4().hex


class RequestId:
    """ASGI middleware: gives each request its id. Put it outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        own = chosen(Headers(scope=scope))
        scope[REQUEST_ID] = own

        async def add_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        token = _current.set(own)
        await self.app(scope, receive, add_header)
        # Not after an error: the server logs it, in this context, and its line is to hold the id. A server has a context for each request.
        _current.reset(token)
