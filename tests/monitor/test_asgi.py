"""The middleware against real frameworks: which route, which endpoint, which id, and that answers stay as they are."""

from __future__ import annotations

import asyncio
import functools
import gc
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from opentelemetry.sdk.trace import TracerProvider
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as ASGIScope

from greenroom.kit.web.request_ids import RequestId
from greenroom.monitor import exercised as counting
from greenroom.monitor import scopes
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.instrumentation import instrument, uninstrument
from greenroom.monitor.jobs import job
from greenroom.monitor.scopes import About, Scope, entered
from greenroom.trace import Exercised
from tests.monitor.asking import asked

SEEN: list[About] = []


def note() -> None:
    scope = scopes.current.get()
    assert scope is not None
    SEEN.append(scope.about())


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    SEEN.clear()
    counting.forget()
    yield
    uninstrument()
    counting.forget()


def traced(function: Callable[[int], Awaitable[int]]) -> Callable[[int], Awaitable[int]]:
    @functools.wraps(function)
    async def outer(user_id: int) -> int:
        return await function(user_id)

    return outer


async def plain(request: Request) -> PlainTextResponse:
    note()
    return PlainTextResponse("plain")


class Answering(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        note()
        return PlainTextResponse(request.method)


class Called:
    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        note()
        await PlainTextResponse("object")(scope, receive, send)


def fastapi_app() -> FastAPI:
    app = FastAPI()
    inner = APIRouter(prefix="/users")

    @inner.get("/{user_id}")
    async def read_user(user_id: int) -> int:
        note()
        return user_id

    @inner.get("/{user_id}/sync")
    def read_in_a_thread(user_id: int) -> int:
        note()
        return user_id

    @inner.get("/{user_id}/wrapped")
    @traced
    async def wrapped(user_id: int) -> int:
        note()
        return user_id

    @inner.get("/{user_id}/later")
    async def later(user_id: int, tasks: BackgroundTasks) -> int:
        tasks.add_task(note)
        return user_id

    @inner.get("/{user_id}/stream")
    async def stream(user_id: int) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            note()
            yield b"two"

        return StreamingResponse(parts())

    async def dependency() -> AsyncIterator[None]:
        yield
        note()

    @inner.get("/{user_id}/exit", dependencies=[Depends(dependency)])
    async def leaves(user_id: int) -> int:
        return user_id

    @app.get("/files/{path:path}")
    async def file(path: str) -> str:
        note()
        return path

    @app.websocket("/ws/{room}")
    async def talk(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        note()
        await websocket.close()

    outer = APIRouter(prefix="/v1")
    outer.include_router(inner)
    app.include_router(outer)
    app.include_router(inner, prefix="/v2")
    app.mount("/admin/{tenant}", starlette_app())
    return app


def starlette_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/plain/{name}", plain, methods=["GET", "POST"]),
            Route("/class", Answering),
            Route("/object", Called()),
            Route("/partial", functools.partial(functools.partial(plain))),
            Mount("/static", StaticFiles(directory=".", check_dir=False)),
            Mount("/deep", routes=[Route("/plain", plain)]),
            Host("elsewhere", app=Starlette(routes=[Route("/hosted", plain)])),
        ]
    )


@pytest.mark.parametrize(
    ("path", "route", "endpoint"),
    [
        ("/v1/users/7", "GET /v1/users/{user_id}", "fastapi_app.<locals>.read_user"),
        ("/v2/users/7", "GET /v2/users/{user_id}", "fastapi_app.<locals>.read_user"),
        ("/v1/users/7/sync", "GET /v1/users/{user_id}/sync", "fastapi_app.<locals>.read_in_a_thread"),
        ("/v1/users/7/wrapped", "GET /v1/users/{user_id}/wrapped", "fastapi_app.<locals>.wrapped"),
        ("/v1/users/7/later", "GET /v1/users/{user_id}/later", "fastapi_app.<locals>.later"),
        ("/v1/users/7/stream", "GET /v1/users/{user_id}/stream", "fastapi_app.<locals>.stream"),
        ("/v1/users/7/exit", "GET /v1/users/{user_id}/exit", "fastapi_app.<locals>.leaves"),
        ("/files/a/b.txt", "GET /files/{path}", "fastapi_app.<locals>.file"),
        ("/admin/7/plain/7", "GET /admin/{tenant}/plain/{name}", "plain"),
        ("/admin/7/deep/plain", "GET /admin/{tenant}/deep/plain", "plain"),
        ("/admin/7/class", "GET /admin/{tenant}/class", "Answering.get"),
        ("/admin/7/object", "GET /admin/{tenant}/object", "Called"),
        ("/admin/7/partial", "GET /admin/{tenant}/partial", "plain"),
    ],
)
@pytest.mark.parametrize("root", ["", "/proxy"])
def test_the_route_is_the_template_of_the_whole_application(path: str, route: str, endpoint: str, root: str) -> None:
    app = fastapi_app()
    app.add_middleware(MonitorMiddleware)

    assert asked(app, root + path, root=root).status_code == 200

    (about,) = SEEN
    assert (about.route, about.endpoint) == (route, f"{__name__}:{endpoint}")
    method, _, template = route.partition(" ")
    assert counting.exercised() == (Exercised(method, template, f"{__name__}:{endpoint}"),)


def test_a_host_adds_nothing_to_the_template() -> None:
    app = MonitorMiddleware(starlette_app())
    assert asked(app, "/hosted", headers={"host": "elsewhere"}).status_code == 200
    assert SEEN[0].route == "GET /hosted"


def test_the_handler_is_where_the_function_begins() -> None:
    app = MonitorMiddleware(starlette_app())
    asked(app, "/plain/x")
    handler = SEEN[0].handler
    assert handler is not None
    assert (handler.path, handler.line, handler.function) == ("tests/monitor/test_asgi.py", plain.__code__.co_firstlineno, "plain")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/v1/users/7", 405), ("GET", "/admin/7/nowhere", 404)]
)
def test_what_no_route_answers_is_not_exercised(method: str, path: str, status: int) -> None:
    app = fastapi_app()
    app.add_middleware(MonitorMiddleware)
    assert asked(app, path, method).status_code == status
    assert counting.exercised() == ()


def test_a_mount_without_routes_is_known_by_its_path() -> None:
    app = MonitorMiddleware(starlette_app())
    assert asked(app, "/static/pyproject.toml").status_code == 200
    assert counting.exercised() == (Exercised("GET", "/static", "starlette.staticfiles:StaticFiles"),)


def test_head_and_made_up_methods() -> None:
    app = MonitorMiddleware(starlette_app())
    assert asked(app, "/plain/x", "HEAD").status_code == 200
    assert SEEN[0].route == "HEAD /plain/{name}"
    assert asked(app, "/class", "BREW").status_code == 405
    assert [one.method for one in counting.exercised()] == ["HEAD", "_OTHER"]


def test_a_websocket_has_a_scope() -> None:
    app = fastapi_app()
    app.add_middleware(MonitorMiddleware)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/ws/lobby", "headers": [], "query_string": b"", "subprotocols": []}
    asyncio.run(app(scope, receive, send))
    assert sent == ["websocket.accept", "websocket.close"]
    assert SEEN[0].route == "WEBSOCKET /ws/{room}"
    assert counting.exercised()[0].method == "WEBSOCKET"


def test_what_copies_the_scope_is_seen_through_by_the_layer_within() -> None:
    async def forbid(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    class Copies:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
            await self.app(dict(scope), receive, send)

    app = starlette_app()
    app.add_middleware(BaseHTTPMiddleware, dispatch=forbid)
    app.add_middleware(MonitorMiddleware)
    app.add_middleware(Copies)
    assert asked(MonitorMiddleware(app), "/plain/x").status_code == 200
    assert SEEN[0].route == "GET /plain/{name}"
    assert [one.times for one in counting.exercised()] == [1]


def test_all_applications_are_monitored_by_their_class() -> None:
    assert instrument()
    assert not instrument()
    app = fastapi_app()
    app.add_middleware(MonitorMiddleware, request_id=lambda _: "own")
    outer: list[Scope | None] = []

    assert asked(app, "/admin/7/plain/7").status_code == 200
    assert SEEN[0].route == "GET /admin/{tenant}/plain/{name}"
    assert SEEN[0].request_id == "own"
    assert [one.times for one in counting.exercised()] == [1]

    uninstrument()
    bare = starlette_app()

    async def unseen(request: Request) -> PlainTextResponse:
        outer.append(scopes.current.get())
        return PlainTextResponse("")

    bare.add_route("/bare", unseen)
    assert asked(bare, "/bare").status_code == 200
    assert outer == [None]


LATER = """
from greenroom.monitor.instrumentation import instrument, uninstrument

assert instrument()
import sys
assert not any(name.partition(".")[0] in {"starlette", "litestar"} for name in sys.modules)
from starlette.applications import Starlette
assert Starlette.__call__.__wrapped__
uninstrument()
assert not hasattr(Starlette.__call__, "__wrapped__")
"""


def test_a_framework_is_replaced_when_it_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "abc-123"}, ("abc-123", None)),
        ({"X-Request-ID": "two words"}, (None, None)),
        ({"X-Request-ID": "x" * 200}, (None, None)),
        ({"x-correlation-id": "c1"}, ("c1", None)),
        ({"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}, (None, "a" * 32)),
        ({"traceparent": "00-" + "0" * 32 + "-" + "b" * 16 + "-01"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_request_and_trace(headers: dict[str, str], expected: tuple[str | None, str | None]) -> None:
    asked(MonitorMiddleware(starlette_app()), "/plain/x", headers=headers)
    assert (SEEN[0].request_id, SEEN[0].trace_id) == expected


def test_the_trace_is_that_of_the_current_span() -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("outer") as span:
        asked(MonitorMiddleware(starlette_app()), "/plain/x", headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    assert SEEN[0].trace_id == format(span.get_span_context().trace_id, "032x")


def test_the_ids_of_the_kit() -> None:
    asked(MonitorMiddleware(RequestId(starlette_app())), "/plain/x", headers={"X-Request-ID": "abcdefgh"})
    asked(RequestId(MonitorMiddleware(starlette_app())), "/plain/x")
    assert SEEN[0].request_id == "abcdefgh"
    assert SEEN[1].request_id is not None


def test_a_function_for_the_id_that_fails_breaks_nothing() -> None:
    def fail(scope: object) -> str:
        raise LookupError

    assert asked(MonitorMiddleware(starlette_app(), request_id=fail), "/plain/x").text == "plain"
    assert SEEN[0].request_id is None


def test_messages_and_errors_pass_as_the_same_objects() -> None:
    raised = KeyError("gone")
    seen: list[object] = []

    async def app(scope: ASGIScope, receive: Receive, send: Send) -> None:
        seen.extend((receive, send))
        raise raised

    async def receive() -> dict[str, Any]:
        raise NotImplementedError

    async def send(message: object) -> None:
        raise NotImplementedError

    with pytest.raises(KeyError) as caught:
        asyncio.run(MonitorMiddleware(app)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send))
    assert caught.value is raised
    assert seen == [receive, send]
    assert not hasattr(raised, "__notes__")
    assert scopes.current.get() is None


def test_the_end_of_a_connection_passes() -> None:
    async def app(scope: ASGIScope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(30)

    async def cancelled() -> None:
        request = {"type": "http", "method": "GET", "path": "/", "headers": []}
        task = asyncio.create_task(MonitorMiddleware(app)(request, None, None))  # type: ignore[arg-type]  # nobody is asked or answered
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


class Probe:
    pass


@pytest.mark.parametrize("copying", [False, True])
def test_a_request_is_not_left_to_the_garbage_collector(*, copying: bool) -> None:
    async def app(scope: ASGIScope, receive: Receive, send: Send) -> None:
        note()

    async def between(scope: ASGIScope, receive: Receive, send: Send) -> None:
        await MonitorMiddleware(app)(dict(scope) if copying else scope, receive, send)

    def ask() -> weakref.ref[Probe]:
        probe = Probe()
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "probe": probe}
        asyncio.run(MonitorMiddleware(between)(scope, None, None))  # type: ignore[arg-type]  # as above
        return weakref.ref(probe)

    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()


def test_lifespan_has_no_scope() -> None:
    seen: list[Scope | None] = []

    async def app(scope: ASGIScope, receive: Receive, send: Send) -> None:
        seen.append(scopes.current.get())

    asyncio.run(MonitorMiddleware(app)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]  # as above
    assert seen == [None]


def test_applications_are_let_go() -> None:
    app = fastapi_app()
    asked(MonitorMiddleware(app), "/v1/users/7")
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


def nightly() -> None:
    note()


def test_a_job_is_known_by_its_function_or_its_name() -> None:
    with job(nightly, request_id="run-1"):
        nightly()
    with job("weekly"):
        note()
    with entered(Scope(lambda: About(route="GET /", request_id="r-1"))), job(nightly):
        nightly()
    by_function, by_name, within = SEEN
    assert (within.route, within.request_id) == (None, "r-1")
    assert by_function.endpoint == f"{__name__}:nightly"
    assert by_function.handler is not None
    assert by_function.handler.line == nightly.__code__.co_firstlineno
    assert by_function.request_id == "run-1"
    assert by_name == About(endpoint="weekly")
