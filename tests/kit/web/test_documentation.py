"""OpenAPI tells each status that an operation answers with a problem, and nothing of FastAPI's own form of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import httpx
import jsonschema
import pytest
from fastapi import APIRouter, FastAPI, Header, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from greenroom.kit.problems import Conflict, FieldError, NotFound, Problem, TooManyRequests
from greenroom.kit.web import document_problems, problems
from greenroom.kit.web.documentation import SCHEMA
from tests.kit.web.conftest import Connect

ALWAYS = {"400", "500", "503"}


class Gone(Problem):
    """It was there once."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "It is gone"


class Thing(BaseModel):
    name: str


def application() -> FastAPI:
    app = FastAPI()
    router = APIRouter(prefix="/api")

    @router.get("/plain")
    async def plain() -> None: ...

    @router.get("/things/{thing_id}", responses=problems(Gone))
    async def get(thing_id: int) -> None: ...

    @router.put("/things/{thing_id}", dependencies=[Security(HTTPBearer())])
    async def put(thing_id: int, thing: Thing, if_match: Annotated[str | None, Header()] = None) -> None: ...

    @router.get("/own", responses={422: {"description": "Ours", "content": {"text/plain": {}}}})
    async def own(limit: int) -> None: ...

    @router.get("/pages")
    async def pages(cursor: str = "") -> None: ...

    app.include_router(router)
    document_problems(app, everywhere=[TooManyRequests])
    return app


def statuses(document: dict[str, Any], method: str, path: str) -> set[str]:
    return set(document["paths"][path][method]["responses"]) - {"200"}


def test_the_statuses_follow_from_what_the_operation_takes() -> None:
    document = application().openapi()
    assert statuses(document, "get", "/api/plain") == {*ALWAYS, "429"}
    assert statuses(document, "get", "/api/things/{thing_id}") == {*ALWAYS, "404", "410", "422", "429"}
    assert statuses(document, "get", "/api/pages") == {*ALWAYS, "404", "422", "429"}
    assert statuses(document, "put", "/api/things/{thing_id}") == (
        {*ALWAYS, "401", "403", "404", "409", "412", "413", "415", "422", "428", "429"}
    )


def test_all_are_problems_and_what_a_route_declares_itself_stays() -> None:
    document = application().openapi()
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status != "200" and response["description"] != "Ours":
                    assert response["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert document["paths"]["/api/own"]["get"]["responses"]["422"]["content"] == {"text/plain": {}}
    assert "HTTPValidationError" not in str(document)
    assert "ValidationError" not in document["components"]["schemas"]


def test_a_parameter_is_left_out_and_not_null() -> None:
    app = application()

    @app.get("/optional")
    async def optional(limit: int | None = None, both: int | str | None = None) -> None: ...

    limit, both = app.openapi()["paths"]["/optional"]["get"]["parameters"]
    assert limit["schema"] == {"type": "integer", "title": "Limit"}
    assert {"type": "null"} not in both["schema"]["anyOf"]


def test_routes_that_come_later_are_documented_too() -> None:
    app = application()
    assert app.openapi() is app.openapi()

    @app.get("/late/{number}")
    async def late(number: int) -> None: ...

    assert statuses(app.openapi(), "get", "/late/{number}") == {*ALWAYS, "404", "422", "429"}


def test_problems_are_as_the_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for problem in (
        NotFound(),
        Conflict("detail", extensions={"state": "open"}, errors=[FieldError("body", "/a", "b"), FieldError("path", "a", "b")]),
    ):
        jsonschema.validate(problem.document("urn:request:1"), SCHEMA)


@pytest.mark.anyio
async def test_the_document_is_served(connect: Connect) -> None:
    client: httpx.AsyncClient = connect(application())
    assert "Problem" in (await client.get("/openapi.json")).json()["components"]["schemas"]
