"""Lists over HTTP: what OpenAPI shows, links, and that any query string answers 200 or says what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import col

from greenroom.kit.lists import PageRequest
from greenroom.kit.models import Id
from greenroom.kit.problems import Problem
from tests.kit.lists.tables import Base, Task, TaskRow, task, tasks

pytestmark = pytest.mark.anyio


async def _reading(request: Request) -> AsyncIterator[AsyncConnection]:
    async with request.app.state.engine.connect() as connection:
        yield connection


Reading = Annotated[AsyncConnection, Depends(_reading, scope="function")]


def application(engine: AsyncEngine) -> FastAPI:
    app = FastAPI()
    app.state.engine = engine

    @app.exception_handler(Problem)
    async def answer(request: Request, problem: Problem) -> JSONResponse:
        return JSONResponse(problem.document(), problem.status)

    @app.get("/authors/{author_id}/tasks", responses={**tasks.responses, 404: {}})
    async def list_tasks(author_id: Id, page: Annotated[PageRequest, Depends(tasks.page)], connection: Reading) -> list[TaskRow]:
        return await tasks.fetch(connection, page, where=[col(Task.author_id) == author_id])

    @app.get("/tasks/{task_id}", responses={404: {}})
    async def get_task(task_id: Id, connection: Reading) -> TaskRow:
        return await tasks.one(connection, task_id, where=[col(Task.author_id) == 1])

    @app.get("/named/{name}/tasks", responses=tasks.responses)
    async def named_tasks(name: str, page: Annotated[PageRequest, Depends(tasks.page)], connection: Reading) -> list[TaskRow]:
        return await tasks.fetch(connection, page)

    return app


@pytest.fixture(scope="module")
async def client(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    async with engine.begin() as connection:
        await connection.execute(insert(Task), [task(title=f"a{number}", tags=["x"]) for number in range(3)])
        await connection.execute(insert(Task), [task(author_id=2)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(engine)), base_url="http://test") as client:
        yield client


async def test_links_lead_through_all_pages(client: httpx.AsyncClient) -> None:
    first = await client.get("/authors/1/tasks?sort=title&limit=2&total=true&status__in=done&status__in=pending")
    last = await client.get(first.links["next"]["url"])
    assert [item["title"] for item in first.json() + last.json()] == ["a0", "a1", "a2"]
    assert [answer.headers["Total-Count"] for answer in (first, last)] == ["3", "3"]
    assert "next" not in last.links
    back = await client.get(last.links["prev"]["url"])
    assert [item["title"] for item in back.json()] == ["a0", "a1"]
    assert "prev" not in back.links


async def test_links_are_ascii_whatever_the_path(client: httpx.AsyncClient) -> None:
    first = await client.get("/named/ж>%0A é/tasks?limit=1&search=a&sort=id")
    assert first.headers["Link"].isascii()
    assert len((await client.get(first.links["next"]["url"])).json()) == 1


async def test_one_is_shown_as_in_the_list(client: httpx.AsyncClient) -> None:
    [first, *_] = (await client.get("/authors/1/tasks?sort=id")).json()
    assert (await client.get(f"/tasks/{first['id']}")).json() == first
    assert first["author"] == {"name": "ann", "team": {"id": 1, "name": "red"}}
    assert first["created_at"].endswith("Z")


@pytest.mark.parametrize("path", ["/tasks/2147483647", "/tasks/4"])
async def test_what_is_not_there_or_not_to_be_seen_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("offset=-1", "offset"),
        ("sort=secret", "sort"),
        ("sort=", "sort"),
        ("sort=title,", "sort"),
        ("secret=x", "secret"),
        ("status=no", "status"),
        ("status__gt=done", "status__gt"),
        ("assignee_id=2147483648", "assignee_id"),
        ("due__gte=2026-01-01", "due__gte"),
        ("due__gte=0", "due__gte"),
        ("points__gte=NaN", "points__gte"),
        ("score__gte=inf", "score__gte"),
        ("search=%00", "search"),
        ("title=%ED%A0%80", None),
        ("cursor=x", "cursor"),
    ],
)
async def test_what_is_not_declared_is_refused_by_name(client: httpx.AsyncClient, query: str, name: str | None) -> None:
    answer = await client.get(f"/authors/1/tasks?{query}")
    if name is None:
        assert answer.status_code == 200, "not UTF-8: Starlette has put U+FFFD in its place"
    else:
        assert (answer.status_code, answer.json()["detail"][0]["loc"][:2]) == (422, ["query", name])


async def test_a_cursor_of_elsewhere_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/authors/1/tasks?cursor={'A' * 40}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["parameter"] == "cursor"


names = st.sampled_from(list(tasks.query.model_fields)) | st.text(max_size=8)
raw = st.text("abz=&%;+019_-.~:@!$,?/", max_size=20)
values = (
    st.text(max_size=12)
    | st.integers().map(str)
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    | st.sampled_from(["true", "done", "-title,due", "1e400", "\0", "%", "null", ""])
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.lists(st.tuples(names, values), max_size=4).map(urlencode) | raw)
async def test_any_query_answers_200_or_says_what_is_wrong(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(httpx.URL("/authors/1/tasks").copy_with(query=query.encode()))
    assert answer.status_code in {200, 404, 422}, answer.text
    if answer.status_code == 404:
        assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.fixture(scope="module")
def fuzzed(postgres: str) -> FastAPI:
    engine = create_async_engine(postgres, poolclass=NullPool)

    async def create() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    asyncio.run(create())
    return application(engine)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_schemathesis_finds_nothing(fuzzed: FastAPI, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", fuzzed)["/authors/{author_id}/tasks"]["GET"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def call(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate()

    call()


async def test_openapi_shows_each_parameter(engine: AsyncEngine) -> None:
    operation = application(engine).openapi()["paths"]["/authors/{author_id}/tasks"]["get"]
    shown = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    assert {"limit", "cursor", "offset", "total", "sort", "search", "status", "status__in", "due__null", "tags__contains"} <= set(shown)
    assert "secret" not in shown
    assert not [name for name, schema in shown.items() if {"type": "null"} in schema.get("anyOf", [])], "a query string has no null"
    assert (shown["limit"]["minimum"], shown["limit"]["maximum"], shown["limit"]["default"]) == (1, 100, 50)
    assert shown["assignee_id"]["maximum"] == 2**31 - 1
    assert set(operation["responses"]["200"]["headers"]) == {"Link", "Total-Count"}
    assert shown["status"]["$ref"].endswith("/Status")
