"""What OpenAPI says about problems: which statuses an operation answers, and what their documents hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI

from greenroom.kit.problems import (
    MEDIA_TYPE,
    Conflict,
    Forbidden,
    Invalid,
    MalformedRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

_WRITES: Final = frozenset({"post", "put", "patch", "delete"})
_METHODS: Final = _WRITES | {"get", "head", "options", "trace"}

SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "A problem as of RFC 9457. Types may have further members.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference", "description": "This occurrence: holds the id of the request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "detail", "code"],
                "properties": {
                    "in": {"enum": ["body", "path", "query", "header", "cookie"]},
                    "pointer": {"type": "string", "description": "JSON pointer into the body, as a fragment."},
                    "parameter": {"type": "string"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return what a route answers beside the usual, for its ``responses``: ``@router.get(…, responses=problems(Gone))``."""
    return {int(kind.status): {"description": kind.title, "content": _CONTENT} for kind in kinds}


def document_problems(app: FastAPI, *, everywhere: Iterable[type[Problem]] = ()) -> None:
    """Let the application's OpenAPI document tell the statuses of problems, of each operation those that it can answer.

    They follow from what the operation takes: parameters, a body, security, ``If-Match``, a change. ``everywhere`` are further ones
    that any operation answers. A status that a route declares itself stays as it is. Parameters are said to be no null.
    """
    generate = app.openapi
    usual: tuple[type[Problem], ...] = (MalformedRequest, Problem, Unavailable, *everywhere)
    done: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        document = generate()
        # FastAPI hands out the same document until the routes change.
        if done.get("document") is not document:
            _complete(document, usual)
            done["document"] = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it: /how-to/extending-openapi/


def _complete(document: dict[str, Any], usual: tuple[type[Problem], ...]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = SCHEMA
    for path in document.get("paths", {}).values():
        for method in _METHODS & path.keys():
            operation = path[method]
            responses = operation["responses"]
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
            if _of_cache(operation):
                responses.setdefault("304", {"description": "It has not changed"})
            if _is_of_fastapi(responses.get("422")):
                del responses["422"]
            for kind in sorted((*usual, *_of_operation(method, operation)), key=lambda kind: kind.status):
                responses.setdefault(str(int(kind.status)), {"description": kind.title, "content": _CONTENT})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter without null: it can be left out, and the text ``null`` is no such thing."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if not kinds:
        return schema
    rest = {"anyOf": kinds} if len(kinds) > 1 else kinds[0]
    return {**rest, **{name: value for name, value in schema.items() if name != "anyOf"}}


def _is_of_fastapi(response: dict[str, Any] | None) -> bool:
    return response is not None and "HTTPValidationError" in str(response)


def _of_operation(method: str, operation: dict[str, Any]) -> Iterable[type[Problem]]:
    parameters = {(parameter["in"], parameter["name"].lower()): parameter for parameter in operation.get("parameters", ())}
    if parameters or "requestBody" in operation:
        yield Invalid
    if "requestBody" in operation:
        yield from (TooLarge, UnsupportedMediaType)
    # A cursor names a page, which may be of another list.
    if any(place == "path" for place, _ in parameters) or ("query", "cursor") in parameters:
        yield NotFound
    if operation.get("security"):
        yield from (Unauthenticated, Forbidden)
    if method in _WRITES:
        yield Conflict
    if ("header", "if-match") in parameters:
        yield from (PreconditionFailed, PreconditionRequired)


def _of_cache(operation: dict[str, Any]) -> bool:
    return any(
        parameter["in"] == "header" and parameter["name"].lower() == "if-none-match" for parameter in operation.get("parameters", ())
    )


def page(kind: type[Problem]) -> dict[str, Any]:
    """Return what is to be said about a type of problem."""
    meaning = " ".join((kind.__doc__ or kind.title).replace("``", "").split())
    return {"type": f"/problems/{kind.slug}", "title": kind.title, "status": int(kind.status), "meaning": meaning}


def every_kind() -> dict[str, type[Problem]]:
    """Return all types of problems that are defined now, by slug."""
    found: dict[str, type[Problem]] = {}
    pending: list[type[Problem]] = [Problem]
    while pending:
        kind = pending.pop()
        found.setdefault(kind.slug, kind)
        pending += kind.__subclasses__()
    return found
