"""The page of the API, in a real Chromium, without anything from outside."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import Receive, Scope, Send

from greenroom.kit.web import WebSettings, install
from tests.kit.web.chromium import authorize, documentation, execute
from tests.kit.web.conftest import Connect
from tests.kit.web.sample import TOKEN
from tests.kit.web.serving import served

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def url(postgres: str) -> Iterator[str]:
    with served("tests.kit.web.sample:app", {"DATABASE_URL": postgres, "WEB_DRAIN": "0"}) as (_, url):
        yield url


async def test_try_it_out_with_its_defaults_succeeds(url: str) -> None:
    async with documentation(url) as page:
        await authorize(page, TOKEN)
        assert (await execute(page, "create_tasks_post"))[0] == 201
        assert (await execute(page, "read_all_tasks_get"))[0] == 200
        assert page.context.browser is not None
        back = await page.context.browser.new_page()
        async with back.expect_event("pageerror") as ran:
            await back.goto(page.url.partition("#")[0] + "/oauth2-redirect")
        # It looks for the page that has opened it: so its script, which is not in a file, was let run.
        assert "swaggerUIRedirectOauth2" in str(await ran.value)


async def test_its_files_are_ours_and_the_other_pages_are_gone(connect: Connect) -> None:
    app = FastAPI(title="<b>")
    install(app, WebSettings())

    async def behind_a_proxy(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "root_path": "/behind"}, receive, send)

    client: httpx.AsyncClient = connect(behind_a_proxy)
    page = await client.get("/docs")
    assert "&lt;b&gt;" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert 'src="/behind/docs/start.js"' in page.text
    assert '"url": "/behind/openapi.json"' in (await client.get("/docs/start.js")).text
    assert (await client.get("/docs/swagger-ui.css")).headers["cache-control"] == "public, max-age=86400"
    assert (await client.get("/docs/nothing")).status_code == 404
    assert (await client.get("/redoc")).status_code == 404


async def test_an_application_that_has_turned_the_pages_off_keeps_its_routes(connect: Connect) -> None:
    router = APIRouter()

    @router.get("/things")
    async def read() -> str:
        return "thing"

    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(router)
    install(app, WebSettings())
    assert (await connect(app).get("/things")).json() == "thing"


async def test_without_a_document_there_is_no_page(connect: Connect) -> None:
    app = FastAPI(openapi_url=None)
    install(app, WebSettings())
    assert (await connect(app).get("/docs")).status_code == 404
