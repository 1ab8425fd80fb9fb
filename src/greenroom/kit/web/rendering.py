"""Problems as responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic_core import to_jsonable_python
from starlette.responses import Response
from starlette.types import Scope

from greenroom.kit.problems import MEDIA_TYPE, REQUEST_ID, Problem


def instance(scope: Scope) -> str | None:
    """Return the URI of this occurrence: it holds the id of the request, which is in the logs."""
    request_id = scope.get(REQUEST_ID)
    return f"urn:request:{request_id}" if request_id else None


def document_of(status: int, detail: str = "") -> dict[str, Any]:
    """Return the document for a status that no class of problem is for: ``about:blank`` as of RFC 9457, section 4.2.1."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    return {**document, "detail": detail} if detail and detail != title else document


def response(document: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem document as a response."""
    # ASCII, because a name that the client has sent may hold a lone surrogate, which UTF-8 has no bytes for.
    body = json.dumps(document, default=lambda value: to_jsonable_python(value, fallback=str), separators=(",", ":"))
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def render(problem: Problem, scope: Scope) -> Response:
    """Return a problem as a response."""
    return response(problem.document(instance(scope)), problem.status, problem.headers)
