"""Conditional requests, as of RFC 9110, section 13."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from greenroom.kit.problems import Invalid
from greenroom.kit.web import IfMatch, IfMatchRequired, IfNoneMatch, WebSettings, etag, install
from greenroom.kit.web.conditional import Tags
from tests.kit.web.conftest import Connect

VERSION = 3


@pytest.fixture
def client(connect: Connect) -> httpx.AsyncClient:
    app = FastAPI()

    @app.get("/thing")
    async def read(fresh: IfNoneMatch) -> str:
        fresh.check(VERSION)
        return "thing"

    @app.patch("/thing")
    async def change(unchanged: IfMatch) -> None:
        unchanged.check(VERSION)

    @app.put("/thing")
    async def replace(unchanged: IfMatchRequired) -> None:
        unchanged.check(VERSION)

    install(app, WebSettings())
    return connect(app)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("value", "status"),
    [
        (None, 200),
        ("*", 200),
        ('"3"', 200),
        ('"2", "3"', 200),
        ('"2","3"', 200),
        (', "2", ,"3",', 200),
        (", ,", 422),
        ('"2"', 412),
        ('W/"3"', 412),  # weak tags do not say that it is the same
        ('"3', 422),
        ("3", 200),
        ("2", 412),
        ('3"', 422),
        ("W/3", 422),
        ('*, "3"', 422),
        ("", 422),
    ],
)
async def test_a_change_is_made_only_of_what_the_client_has_seen(client: httpx.AsyncClient, value: str | None, status: int) -> None:
    answer = await client.patch("/thing", headers={} if value is None else {"If-Match": value})
    assert answer.status_code == status
    if status == 412:
        assert answer.json()["type"] == "/problems/precondition-failed"
        assert answer.headers["etag"] == '"3"'
    if status == 422:
        assert [(error["in"], error["parameter"]) for error in answer.json()["errors"]] == [("header", "if-match")]


@pytest.mark.anyio
async def test_a_change_without_a_condition_is_428_where_one_is_needed(client: httpx.AsyncClient) -> None:
    answer = await client.put("/thing")
    assert (answer.status_code, answer.json()["type"]) == (428, "/problems/precondition-required")
    assert (await client.put("/thing", headers={"If-Match": '"3"'})).status_code == 200
    assert (await client.put("/thing", headers={"If-Match": '"4"'})).status_code == 412


@pytest.mark.anyio
async def test_several_lines_are_one_list(client: httpx.AsyncClient) -> None:
    answer = await client.put("/thing", headers=[("If-Match", '"1"'), ("If-Match", '"3"')])
    assert answer.status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("value", "status"),
    [(None, 200), ('"2"', 200), ('"3"', 304), ('W/"3"', 304), ('"1", W/"3"', 304), ("*", 304), ("3", 304), ("3,", 304), ("3 4", 422)],
)
async def test_an_answer_that_the_client_has_is_not_sent_again(client: httpx.AsyncClient, value: str | None, status: int) -> None:
    answer = await client.get("/thing", headers={} if value is None else {"If-None-Match": value})
    assert answer.status_code == status
    if status != 422:
        assert answer.headers["etag"] == '"3"'
    if status == 304:
        assert answer.content == b""


@pytest.mark.anyio
async def test_openapi_tells_of_it(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/thing"]
    assert {"412", "428"} <= operation["put"]["responses"].keys()
    assert operation["get"]["responses"]["304"]["description"]
    assert operation["put"]["parameters"][0]["name"] == "if-match"


def tags(value: str) -> Tags:
    return Tags.read(Request({"type": "http", "headers": [(b"if-match", value.encode("latin-1"))]}), "if-match")


versions = st.integers(min_value=0, max_value=2**63)
gaps = st.sampled_from([",", ", ", " ,\t", "\t,"])


@given(st.lists(st.tuples(versions, st.booleans()), min_size=1, max_size=5), versions, gaps)
def test_a_list_holds_what_is_in_it(listed: list[tuple[int, bool]], other: int, gap: str) -> None:
    read = tags(gap.join(("W/" if weak else "") + etag(version) for version, weak in listed))
    for version in (other, *(version for version, _ in listed)):
        assert read.hold(version) == ((version, False) in listed)
        assert read.hold(version, weakly=True) == (version in {listed_version for listed_version, _ in listed})


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=30))
def test_whatever_is_sent_is_read_or_refused(value: str) -> None:
    try:
        read = tags(value)
    except Invalid:
        return
    assert read.listed is not None
    assert len(read.listed) <= value.count(",") + 1
    assert "*" not in read.listed or value == "*"
