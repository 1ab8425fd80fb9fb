"""FastAPI's side: who is asking, what they may, and how they are told."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from tests.kit.auth.application import application
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import ISSUER, Signer, bearer

pytestmark = pytest.mark.anyio


async def test_a_token_says_who_is_asking(client: httpx.AsyncClient, signer: Signer) -> None:
    answer = await client.get("/me", headers=bearer(signer.token(name="Ada", email="ada@example.com")))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "kind": "human",
        "id": "ada",
        "issuer": ISSUER,
        "for": None,
        "scopes": ["tasks:read"],
        "name": "Ada",
        "email": "ada@example.com",
    }


async def test_nothing_to_go_by_is_told_how(client: httpx.AsyncClient) -> None:
    answer = await client.get("/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/unauthenticated"


async def test_a_token_that_is_refused_is_told_why(client: httpx.AsyncClient, signer: Signer) -> None:
    answer = await client.get("/me", headers=bearer(signer.token(aud="https://other.test")))
    expected = 'Bearer realm="api", error="invalid_token", error_description="The token is for another audience"'
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, expected)
    assert answer.json()["detail"] == "The token is for another audience"


async def test_scopes_are_required(client: httpx.AsyncClient, signer: Signer) -> None:
    session = bearer(signer.token())
    assert (await client.get("/tasks", headers=session)).status_code == 200
    answer = await client.post("/tasks", headers=session)
    expected = 'Bearer realm="api", error="insufficient_scope", scope="tasks:read tasks:write"'
    assert (answer.status_code, answer.headers["www-authenticate"]) == (403, expected)
    assert answer.json()["type"] == "/problems/forbidden"
    assert (await client.post("/tasks", headers=bearer(signer.token(scope="tasks:write tasks:read")))).status_code == 200
    assert (await client.get("/tasks", headers=bearer(signer.token(scope="")))).status_code == 403


async def test_keys_that_cannot_be_had_are_no_fault_of_the_token(client: httpx.AsyncClient, signer: Signer, key_server: KeyServer) -> None:
    key_server.say(b"secret driver text", "500 Internal Server Error")
    answer = await client.get("/me", headers=bearer(signer.token()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "The keys to verify tokens with cannot be fetched now"


async def test_openapi_names_the_scheme_and_the_scopes(app: FastAPI) -> None:
    document = app.openapi()
    assert document["components"]["securitySchemes"]["bearer"] | {"description": ""} == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "",
    }
    assert document["paths"]["/me"]["get"]["security"] == [{"bearer": []}]
    assert document["paths"]["/tasks"]["get"]["security"] == [{"bearer": ["tasks:read"]}]
    assert document["paths"]["/tasks"]["post"]["security"] == [{"bearer": ["tasks:read", "tasks:write"]}]
    assert "parameters" not in document["paths"]["/me"]["get"]


async def test_an_application_without_an_authenticator_says_what_to_set() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(None)), base_url="http://test") as client:
        with pytest.raises(TypeError, match=r"app\.state\.authenticator is not set"):
            await client.get("/me")
