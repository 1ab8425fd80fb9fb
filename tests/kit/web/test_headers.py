"""Headers for browsers: CORS for the origins of the settings, security headers on everything."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI, Response

from greenroom.kit.web import WebSettings, install
from tests.kit.web.conftest import Connect

pytestmark = pytest.mark.anyio

ORIGIN = "https://app.example"


def application(**settings: object) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def read(response: Response) -> str:
        response.headers["Cache-Control"] = "max-age=60"
        return "read"

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError

    install(app, WebSettings(**settings))
    return app


@pytest.fixture
def client(connect: Connect) -> httpx.AsyncClient:
    return connect(application(origins=ORIGIN, credentials=True))


@pytest.mark.parametrize("path", ["/", "/bug", "/nowhere"])
async def test_every_answer_can_be_read_by_the_origin_and_is_locked_down(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in answer.headers


async def test_what_a_route_says_itself_stays(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).headers["cache-control"] == "max-age=60"
    assert (await client.get("/nowhere")).headers["cache-control"] == "no-store"


async def test_https_is_made_to_stay(client: httpx.AsyncClient) -> None:
    assert "max-age=" in (await client.get("https://test/")).headers["strict-transport-security"]


async def test_other_origins_cannot_read(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    refused = await client.options("/", headers=preflight)
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/malformed-request")
    assert refused.json()["detail"] == "Disallowed CORS origin"


async def test_a_preflight_allows_what_the_kit_reads(client: httpx.AsyncClient) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "If-Match,Idempotency-Key"}
    answer = await client.options("/", headers=headers)
    assert answer.status_code == 200
    assert "PATCH" in answer.headers["access-control-allow-methods"]


async def test_without_origins_there_is_no_cors(connect: Connect) -> None:
    answer = await connect(application()).get("/", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers
