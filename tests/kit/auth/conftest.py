"""An issuer of our own for tokens that no sound server would issue, and an application that asks who calls."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from greenroom.kit.auth import Issuer, TokenAuthenticator, Verifier
from tests.kit.auth.application import application
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("EdDSA", "key-1")


@pytest.fixture
async def key_server(signer: Signer) -> AsyncIterator[KeyServer]:
    async with KeyServer.started() as server:
        server.publish(signer)
        yield server


@pytest.fixture
async def app(key_server: KeyServer) -> AsyncIterator[FastAPI]:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_url=key_server.url, types=("", "JWT"), scopes=frozenset({"tasks:read"}))
    oauth = issuer.model_copy(update={"types": ("at+jwt",), "scopes": frozenset()})
    authenticator = TokenAuthenticator(Verifier([issuer, oauth]))
    yield application(authenticator)
    await authenticator.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    # An exception that is no problem fails the test, rather than become a 500.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        yield client
