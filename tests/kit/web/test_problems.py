"""Whatever goes wrong is answered with a problem that says what, and where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI, File, Form, Header, HTTPException, Query
from pydantic import BaseModel, Field, field_validator
from sqlalchemy.exc import DBAPIError, ProgrammingError
from starlette.types import ASGIApp, Receive, Scope, Send

from greenroom.kit.problems import Conflict, Problem
from greenroom.kit.web import WebSettings, install
from greenroom.kit.web.rendering import response
from tests.kit.web.conftest import Connect

pytestmark = pytest.mark.anyio

router = APIRouter(prefix="/api")


class Part(BaseModel):
    title: str = Field(min_length=1)


class Thing(BaseModel):
    model_config = {"extra": "forbid"}

    name: str
    size: int | list[int] = 0
    parts: list[Part] = []
    by_key: dict[str, int] = {}

    @field_validator("name")
    @classmethod
    def _is_no_secret(cls, name: str) -> str:
        if name == "secret":
            raise ValueError("This name is taken")
        return name


@router.post("/things", status_code=201)
async def make(thing: Thing) -> dict[str, str]:
    return {"name": thing.name}


@router.get("/things/{thing_id}")
async def get(thing_id: int, limit: Annotated[int, Query(ge=1)] = 1, x_kind: Annotated[int, Header()] = 1) -> int:
    return thing_id * limit * x_kind


@router.delete("/things/{thing_id}", status_code=204)
async def delete(thing_id: int) -> None:
    raise HTTPException(404, "There is no thing of this number")


@router.post("/forms")
async def form(name: Annotated[str, Form()]) -> str:
    return name


@router.post("/files")
async def files(file: Annotated[bytes, File()]) -> int:
    return len(file)


@router.post("/documents")
async def documents(document: Annotated[dict[str, Any], Body()]) -> int:
    return len(document)


@router.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, "Short and stout", headers={"X-Pot": "tea"})


@router.get("/refused")
async def refused() -> None:
    raise HTTPException(500, "the password is hunter2")


@router.get("/unmodified")
async def unmodified() -> None:
    raise HTTPException(304, headers={"ETag": '"1"'})


class Full(Conflict):
    """All places are taken."""

    slug = "full"
    title = "It is full"


@router.get("/full")
async def full() -> None:
    raise Full("12 of 12 places", extensions={"places": 12}, headers={"Retry-After": "7"})


@router.get("/bug")
async def bug() -> None:
    raise RuntimeError("the password is hunter2")


@router.get("/lies")
async def lies() -> dict[str, int]:
    return {"number": "hunter2"}  # type: ignore[dict-item]  # the response model refuses it


def of_the_driver(kind: type[Exception]) -> DBAPIError:
    return DBAPIError("SELECT hunter2", None, kind("hunter2"))


@router.get("/database/{what}")
async def database(what: str) -> None:
    raise {
        "unique": of_the_driver(asyncpg.UniqueViolationError),
        "away": of_the_driver(asyncpg.CannotConnectNowError),
        "fault": ProgrammingError("SELECT hunter2", None, asyncpg.UndefinedTableError("hunter2")),
    }[what]


def application() -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    install(app, WebSettings(max_body_size=2000, hosts="test,*.test"))
    return app


@pytest.fixture
async def client(connect: Connect) -> httpx.AsyncClient:
    return connect(application())


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["instance"] == f"urn:request:{answer.headers['x-request-id']}"
    assert "hunter2" not in answer.text
    return document


def errors(answer: httpx.Response) -> list[tuple[str, str, str]]:
    return [(one["in"], one.get("pointer") or one["parameter"], one["code"]) for one in problem(answer)["errors"]]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("body", "#/name", "missing")]),
        ({"name": 1}, [("body", "#/name", "string_type")]),
        ({"name": "secret"}, [("body", "#/name", "value_error")]),
        ({"name": "a", "parts": [{"title": "a"}, {"title": ""}]}, [("body", "#/parts/1/title", "string_too_short")]),
        ({"name": "a", "parts": [{}]}, [("body", "#/parts/0/title", "missing")]),
        ({"name": "a", "size": "x"}, [("body", "#/size", "int_parsing"), ("body", "#/size", "list_type")]),
        ({"name": "a", "size": [1, "x"]}, [("body", "#/size", "int_type"), ("body", "#/size/1", "int_parsing")]),
        ({"name": "a", "by_key": {"a/b~c": "x"}}, [("body", "#/by_key/a~1b~0c", "int_parsing")]),
        ({"name": "a", "more": 1}, [("body", "#/more", "extra_forbidden")]),
        ([], [("body", "#", "model_attributes_type")]),
    ],
)
async def test_each_fault_of_a_body_has_its_pointer(client: httpx.AsyncClient, body: object, found: list[tuple[str, str, str]]) -> None:
    answer = await client.post("/api/things", json=body)
    assert answer.status_code == 422
    assert problem(answer)["type"] == "/problems/invalid"
    assert errors(answer) == found


async def test_the_text_of_a_validator_is_told_and_the_input_is_not(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things", json={"name": "secret", "more": "hunter2"})
    assert [one["detail"] for one in problem(answer)["errors"]] == ["This name is taken", "Extra inputs are not permitted"]


async def test_faults_of_parameters_name_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/things/x", params={"limit": 0}, headers={"X-Kind": "x"})
    assert answer.status_code == 422
    assert errors(answer) == [
        ("path", "thing_id", "int_parsing"),
        ("query", "limit", "greater_than_equal"),
        ("header", "x-kind", "int_parsing"),
    ]


async def test_many_errors_and_long_names_do_not_make_a_long_answer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things", content='{"%s": 1, "name": "a"}' % ("a" * 1000), headers={"Content-Type": "application/json"})
    assert errors(answer)[0][1] == "#/" + "a" * 199
    answer = await client.post("/api/things", json={"name": "a", "parts": [1] * 500})
    assert len(errors(answer)) == 100


BROKEN = [b"{", b"nul", b'{"name": "\xff"}', b"[" * 1900, b'{"name": "a"} x']


@pytest.mark.parametrize("body", BROKEN)
async def test_a_body_that_cannot_be_read_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/api/documents", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["type"]) == (400, "/problems/malformed-request")


async def test_broken_json_says_where(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things", content=b'{"name": }', headers={"Content-Type": "application/json"})
    assert problem(answer)["detail"] == "The body is no JSON: Expecting value at character 9"


async def test_a_lone_surrogate_is_no_fault_of_ours(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things", content=b'{"name": "a", "\\ud800": 1}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, errors(answer)) == (422, [("body", "#", "string_unicode")])
    # UTF-8 has no bytes for it: the answer is ASCII.
    assert bytes(response(Problem("\ud800").document(), 500).body).endswith(b'"detail":"\\ud800"}')


@pytest.mark.parametrize(
    ("path", "media_type", "body", "wanted"),
    [
        ("/api/things", "text/plain", b'{"name": "a"}', "application/json"),
        ("/api/things", "application/xml", b"<name>a</name>", "application/json"),
        ("/api/things", "", b'{"name": "a"}', "application/json"),
        ("/api/things", "application/x-www-form-urlencoded", b"name=a", "application/json"),
        ("/api/forms", "application/json", b'{"name": "a"}', "application/x-www-form-urlencoded, multipart/form-data"),
        ("/api/files", "application/json", b'{"file": "a"}', "multipart/form-data"),
    ],
)
async def test_a_body_of_another_kind_is_415_and_says_which_is_read(
    client: httpx.AsyncClient, path: str, media_type: str, body: bytes, wanted: str
) -> None:
    answer = await client.post(path, content=body, headers={"Content-Type": media_type} if media_type else {})
    assert (answer.status_code, problem(answer)["type"]) == (415, "/problems/unsupported-media-type")
    assert answer.headers["accept"] == wanted


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"])
async def test_kinds_of_json_are_read(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post("/api/things", content=b'{"name": "a"}', headers={"Content-Type": media_type})
    assert answer.status_code == 201


async def test_no_body_at_all_is_a_missing_one(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things")
    assert (answer.status_code, errors(answer)) == (422, [("body", "#", "missing")])
    answer = await client.post("/api/forms")
    assert (answer.status_code, errors(answer)) == (422, [("body", "#/name", "missing")])


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b" " * 1000


@pytest.mark.parametrize("path", ["/api/things", "/nowhere"])
async def test_a_body_that_is_too_large_is_413(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b" " * 2001, headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["type"]) == (413, "/problems/too-large")
    assert "detail" not in problem(answer)


async def test_a_body_that_grows_too_large_is_413_as_well(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/things", content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem(answer)["type"]) == (413, "/problems/too-large")


async def test_a_middleware_of_ones_own_may_be_the_one_that_reads_too_much(connect: Connect) -> None:
    class Reader:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive()).get("more_body"):
                pass
            await self.app(scope, receive, send)

    app = FastAPI()
    app.add_middleware(Reader)
    install(app, WebSettings(max_body_size=2000))
    answer = await connect(app).post("/nowhere", content=chunks())
    assert (answer.status_code, problem(answer)["type"]) == (413, "/problems/too-large")


async def test_what_is_nowhere_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert problem(answer)["type"] == "/problems/not-found"
    assert "detail" not in problem(answer)


async def test_405_lists_all_methods_of_the_path(client: httpx.AsyncClient) -> None:
    answer = await client.patch("/api/things/1")
    assert (answer.status_code, problem(answer)["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["allow"] == "DELETE, GET"
    assert (await client.get("/api/things")).headers["allow"] == "POST"


async def test_http_exceptions_keep_their_text_and_headers(client: httpx.AsyncClient) -> None:
    assert problem(await client.delete("/api/things/1"))["detail"] == "There is no thing of this number"
    answer = await client.get("/api/teapot")
    assert problem(answer)["type"] == "about:blank"
    assert (problem(answer)["detail"], answer.headers["x-pot"]) == ("Short and stout", "tea")
    answer = await client.get("/api/unmodified")
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


async def test_a_problem_of_ones_own_is_answered_and_has_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/full")
    assert answer.headers["retry-after"] == "7"
    assert {name: problem(answer)[name] for name in ("type", "title", "status", "detail", "places")} == {
        "type": "/problems/full",
        "title": "It is full",
        "status": 409,
        "detail": "12 of 12 places",
        "places": 12,
    }
    page = await client.get("/problems/full")
    assert page.json() == {"type": "/problems/full", "title": "It is full", "status": 409, "meaning": "All places are taken."}
    shown = await client.get("/problems/full", headers={"Accept": "text/html,*/*"})
    assert "<h1>It is full</h1>" in shown.text
    assert problem(await client.get("/problems/nothing"))["status"] == 404


@pytest.mark.parametrize("path", ["/api/bug", "/api/lies", "/api/refused", "/api/database/fault"])
async def test_the_unforeseen_tells_nothing_but_the_id(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 500
    assert set(problem(answer)) == {"type", "title", "status", "instance"}
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_unforeseen_reaches_the_server_to_be_logged() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="http://test") as client:
        with pytest.raises(RuntimeError, match="hunter2"):
            await client.get("/api/bug")


async def test_errors_of_the_database_are_translated(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/api/database/unique"))["status"] == 409
    answer = await client.get("/api/database/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_another_host_is_refused_with_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/full", headers={"Host": "evil.example"})
    assert (answer.status_code, problem(answer)["detail"]) == (400, "Invalid host header")
    assert (await client.get("/health/live", headers={"Host": "a.test"})).status_code == 200


async def test_a_problem_without_a_class_of_its_own_says_nothing() -> None:
    assert Problem().document() == {"type": "/problems/internal-error", "title": "The server failed", "status": 500}
