"""What is known of a request besides its route: its id, and its trace."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

_SANE: Final = re.compile(r"[!-~]{1,128}")
"""What may go into a log as it is: printable, without spaces. Clients send what they like."""
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
_KIT: Final = "greenroom.request_id"
"""Where `greenroom.kit.web.RequestId` puts it, in the ASGI scope."""
_HEADERS: Final = (b"x-request-id", b"x-correlation-id", b"request-id")


def request_id_of(scope: Mapping[str, Any]) -> str | None:
    """Return the id that the application gave it, else the one that it came with.

    The application's: of `greenroom.kit`, ``request.state.request_id``, the package asgi-correlation-id. The client's: the headers
    ``X-Request-ID``, ``X-Correlation-ID`` and ``Request-ID``, if it is printable and short.
    """
    state = scope.get("state")
    given = scope.get(_KIT) or (state.get("request_id") if isinstance(state, Mapping) else None) or _correlated()
    if given is not None:
        return str(given)
    headers = dict(_reversed(scope.get("headers", ())))
    for name in _HEADERS:
        text = headers.get(name, b"").decode("latin-1")
        if _SANE.fullmatch(text):
            return text
    return None


def trace_id_of(scope: Mapping[str, Any] | None) -> str | None:
    """Return the trace of OpenTelemetry's current span, where that is in use; else the one of the header ``traceparent``."""
    current = span()
    if current is not None:
        return format(current.get_span_context().trace_id, "032x")
    for name, value in () if scope is None else scope.get("headers", ()):
        if name.lower() == b"traceparent":
            found = _TRACEPARENT.fullmatch(value)
            return found[1].decode() if found else None
    return None


def span() -> Any | None:
    """Return OpenTelemetry's current span; ``None`` without one, or where nothing of the process has imported OpenTelemetry."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    current = trace.get_current_span()
    return current if current.get_span_context().is_valid else None


def _reversed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return them so that the first of a name is the last, with which a dict ends up."""
    return [(name.lower(), value) for name, value in reversed(list(headers))]


def _correlated() -> str | None:
    """Return the id that asgi-correlation-id holds for this context."""
    package = sys.modules.get("asgi_correlation_id.context")
    variable = getattr(package, "correlation_id", None)
    return None if variable is None else variable.get()
