"""Every error as a problem: those of the kit, of FastAPI, of the router, of the database, and the unforeseen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, params
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenroom.kit.database import Database, translated
from greenroom.kit.problems import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    MalformedRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from greenroom.kit.web import routes
from greenroom.kit.web.causes import without_input
from greenroom.kit.web.rendering import document_of, instance, render, response
from greenroom.kit.web.validation import field_errors


class MethodNotAllowed(Problem):
    """The path is known, and has no such method; ``Allow`` lists those that it has."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    slug = "method-not-allowed"
    title = "The path has no such method"


PROBLEMS: Final[tuple[type[Problem], ...]] = (
    Problem,
    MalformedRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyRequests,
    Unavailable,
)
"""The types of problems that the kit itself answers with."""

_BY_STATUS: Final = {int(kind.status): kind for kind in PROBLEMS}
_NO_BODY: Final = frozenset({204, 205, 304})


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer a problem that was raised."""
    return render(error if isinstance(error, Problem) else Problem(), request.scope)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Answer what FastAPI finds wrong with a request: 400 for a body that cannot be read, 415, else 422."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
    return render(_problem_of(request, error), request.scope)


def _problem_of(request: Request, error: RequestValidationError) -> Problem:
    errors = error.errors()
    broken = next((one for one in errors if one["type"] == "json_invalid"), None)
    if broken is not None:
        detail = f"The body is no JSON: {broken['ctx']['error']} at character {broken['loc'][-1]}"
        return MalformedRequest(detail, errors=[FieldError("body", "", detail, "json_invalid")])
    wanted = _media_types(request)
    if wanted and not _is_of(request, wanted) and any(one["loc"][0] == "body" for one in errors) and _has_body(request):
        return UnsupportedMediaType(f"Send {' or '.join(wanted)}", headers={"Accept": ", ".join(wanted)})
    return Invalid(errors=field_errors(errors, error.body))


def _media_types(request: Request) -> tuple[str, ...]:
    """Return the media types that the route reads."""
    field = getattr(request.scope.get("route"), "body_field", None)
    if field is None:
        return ()
    if isinstance(field.field_info, params.File):
        return ("multipart/form-data",)
    if isinstance(field.field_info, params.Form):
        return ("application/x-www-form-urlencoded", "multipart/form-data")
    return ("application/json",)


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _is_of(request: Request, wanted: tuple[str, ...]) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in wanted or (media_type.endswith("+json") and wanted == ("application/json",))


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer FastAPI's and Starlette's ``HTTPException``: the router's 404 and 405, and those that routes raise."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    status = error.status_code
    headers = dict(error.headers or {})
    if status in _NO_BODY:
        return Response(status_code=status, headers=headers)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(request.app, FastAPI):
        headers["Allow"] = ", ".join(routes.methods(request.app, request.scope))
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    said: object = error.detail  # FastAPI's takes anything
    detail = said if isinstance(said, str) and said != phrase else ""
    kind = _BY_STATUS.get(status)
    if kind is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        document = document_of(status, "" if status == HTTPStatus.INTERNAL_SERVER_ERROR else detail)
        where = instance(request.scope)
        return response({**document, "instance": where} if where else document, status, headers)
    return render(kind(detail, headers=headers), request.scope)


async def answer_database(request: Request, error: Exception) -> Response:
    """Answer an error of the database that no unit of work has translated; raise it again where it is a fault of the program."""
    database = getattr(request.app.state, "database", None)
    problem = translated(error, database.constraints) if isinstance(database, Database) else translated(error)
    if problem is None:
        raise error
    return render(problem, request.scope)


Handler = Callable[[Request, Exception], Awaitable[Response]]

HANDLERS: Final[dict[type[Exception], Handler]] = {
    Problem: answer_problem,
    RequestValidationError: answer_invalid,
    HTTPException: answer_http_exception,
    SQLAlchemyError: answer_database,
    StaleDataError: answer_database,
}


def add_handlers(app: FastAPI) -> None:
    """Let the application answer errors as problems; for the unforeseen there is ``Unforeseen``."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


class Unforeseen:
    """ASGI middleware: answers an error that nobody has handled with 500 and without its text, and lets it pass to be logged.

    The server logs it (uvicorn with its traceback), and so does FastAPI's telemetry. Put it innermost, so that the answer gets the
    headers of all other middleware: a browser does not show a 500 without those of CORS.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception as error:
            # 413 is raised as one of these: the outer middleware answers it.
            if not started and not isinstance(error, HTTPException):
                await render(Problem(), scope)(scope, receive, send)
            if isinstance(error, ResponseValidationError):
                raise without_input(error) from None
            raise


class PlainErrors:
    """ASGI middleware: makes problems of the plain text with which Starlette's middleware refuses (a wrong host, 413, CORS)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: Message | None = None
        text = b""

        async def translate(message: Message) -> None:
            nonlocal held, text
            if message["type"] == "http.response.start" and _is_plain_error(message, scope):
                held = message
            elif held is None:
                await send(message)
            elif message["type"] == "http.response.body":
                text += message.get("body", b"")
                if not message.get("more_body", False):
                    await _as_problem(held, text.decode("latin-1"), scope)(scope, receive, send)

        await self.app(scope, receive, translate)


def _is_plain_error(message: Message, scope: Scope) -> bool:
    status = message["status"]
    plain = any(name.lower() == b"content-type" and value.startswith(b"text/plain") for name, value in message.get("headers", ()))
    return plain and status >= HTTPStatus.BAD_REQUEST and ("endpoint" not in scope or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _as_problem(start: Message, text: str, scope: Scope) -> Response:
    status = int(start["status"])
    kind = _BY_STATUS.get(status)
    detail = "" if kind is TooLarge else text
    answer = render(kind(detail), scope) if kind else response(document_of(status, detail), status)
    answer.raw_headers += [(name, value) for name, value in start["headers"] if name.lower() not in {b"content-type", b"content-length"}]
    return answer
