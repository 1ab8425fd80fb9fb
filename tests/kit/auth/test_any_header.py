"""Whatever the Authorization header holds, the answer is 401 and a problem."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom.kit.auth import Issuer, TokenAuthenticator, Verifier
from tests.kit.auth.application import application
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer

SIGNER = Signer("EdDSA", "key-1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
HEADER = st.just({"alg": "EdDSA", "kid": "key-1"}) | st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip"]), JSON | st.sampled_from(["EdDSA", "key-1"])
)
# No header or payload of these is sound: there is no time in 2026 among their numbers that hypothesis would find.
PAYLOAD = JSON | st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "act", "scope"]), JSON | st.sampled_from([ISSUER, AUDIENCE])
)
FORGED = st.builds(SIGNER.raw, HEADER, PAYLOAD)
SEGMENT = st.sampled_from([*SIGNER.raw({"alg": "EdDSA", "kid": "key-1"}, {"iss": ISSUER}).split("."), "", "e30", "W10", "IiI"])
JOINED = st.lists(SEGMENT | st.text("AZaz09-_=.", max_size=20), max_size=6).map(".".join)
TOKEN = (FORGED | JOINED | st.text(max_size=40)).map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=60)
PREFIX = st.sampled_from([b"Bearer ", b"Bearer ", b"bearer  ", b"Basic ", b"Bearer", b"", b"\xff", b"Bearer\0"])

Send = Callable[[bytes], httpx.Response]


@asynccontextmanager
async def serving() -> AsyncIterator[httpx.AsyncClient]:
    async with KeyServer.started() as server:
        server.publish(SIGNER)
        authenticator = TokenAuthenticator(Verifier([Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_url=server.url)]))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application(authenticator)), base_url="http://test") as client:
            yield client
        await authenticator.close()


@pytest.fixture(scope="module")
def send() -> Iterator[Send]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving()) as client:

        async def get(value: bytes) -> httpx.Response:
            return await client.get("/me", headers=[(b"authorization", value)])

        yield lambda value: portal.call(get, value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prefix=PREFIX, token=TOKEN)
def test_no_header_makes_the_server_fail(send: Send, prefix: bytes, token: bytes) -> None:
    answer = send(prefix + token)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
