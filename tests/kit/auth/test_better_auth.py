"""Against a real Better Auth: every kind of token, rotation, outages and floods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from greenroom.kit.auth import Issuer, Timing, TokenAuthenticator, Verifier
from tests.kit.auth.application import application
from tests.kit.auth.clock import HOUR, Clock
from tests.kit.auth.provider import ALGORITHMS, BetterAuth, better_auth_or_skip
from tests.kit.auth.signing import Signer, bearer

pytestmark = pytest.mark.anyio

SESSION = frozenset({"tasks:read", "tasks:write"})


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, BetterAuth]]:
    with better_auth_or_skip() as servers:
        yield servers


@pytest.fixture(params=ALGORITHMS)
async def server(request: pytest.FixtureRequest, servers: dict[str, BetterAuth]) -> AsyncIterator[BetterAuth]:
    server = servers[request.param]
    yield server
    await server.control("control")


@asynccontextmanager
async def calling(server: BetterAuth, clock: Clock | None = None, **timing: float) -> AsyncIterator[httpx.AsyncClient]:
    issuers = Issuer.better_auth(server.origin, resource=server.resource, algorithms=(server.alg,), scopes=SESSION)
    authenticator = TokenAuthenticator(Verifier(issuers, timing=Timing(**timing), clock=clock or Clock()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(authenticator)), base_url="http://api") as client:
        yield client
    await authenticator.close()


async def status(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/me", headers=bearer(token))).status_code


def forged_tokens(server: BetterAuth, count: int) -> list[str]:
    """Return tokens that are sound but for their keys, which nobody knows."""
    signer = Signer(server.alg, "")
    return [signer.token(header={"kid": f"invented-{n}"}, iss=server.origin, aud=server.origin) for n in range(count)]


async def test_a_human_signs_in(server: BetterAuth) -> None:
    async with calling(server) as client:
        answer = await client.get("/me", headers=bearer(await server.human("ada")))
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["kind"], seen["name"], seen["email"], seen["issuer"]) == ("human", "Ada", "ada@people.test", server.origin)
    assert seen["scopes"] == sorted(SESSION)


async def test_an_agent_by_its_key_and_by_its_secret(server: BetterAuth) -> None:
    agent = await server.agent()
    by_key = await server.by_key(agent["apiKey"])
    by_secret = await server.by_secret(agent["clientId"], agent["clientSecret"], "tasks:read")
    async with calling(server) as client:
        seen = (await client.get("/me", headers=bearer(by_key))).json()
        assert (seen["kind"], seen["id"], seen["name"], seen["scopes"]) == ("agent", agent["user"]["id"], "bot", sorted(SESSION))
        seen = (await client.get("/me", headers=bearer(by_secret))).json()
        assert (seen["kind"], seen["id"], seen["scopes"]) == ("agent", agent["clientId"], ["tasks:read"])
        assert seen["issuer"] == server.origin  # as its sessions, though the token's iss is another
        assert (await client.get("/tasks", headers=bearer(by_secret))).status_code == 200
        assert (await client.post("/tasks", headers=bearer(by_secret))).status_code == 403
        assert (await client.post("/tasks", headers=bearer(by_key))).status_code == 200
    async with calling(BetterAuth(server.alg, server.origin, "https://other.test")) as client:
        assert [await status(client, by_secret), await status(client, by_key)] == [401, 200]


async def test_credentials_that_are_no_tokens_are_refused(server: BetterAuth) -> None:
    agent = await server.agent()
    async with calling(server) as client:
        for credential in (agent["apiKey"], agent["clientSecret"]):
            assert await status(client, credential) == 401


async def test_an_algorithm_that_is_not_configured_is_refused(server: BetterAuth) -> None:
    other = next(alg for alg in ALGORITHMS if alg != server.alg)
    async with calling(BetterAuth(other, server.origin, server.resource)) as client:
        assert await status(client, await server.human("ada")) == 401


async def test_rotation_fails_nobody(server: BetterAuth) -> None:
    tokens = [await server.human("ada")]
    async with calling(server) as client:
        for _ in range(5):
            await server.control("rotate")
            tokens.append(await server.human("ada"))
            assert await asyncio.gather(*[status(client, token) for token in tokens * 5]) == [200] * 5 * len(tokens)
        assert len({token.split(".")[0] for token in tokens}) == 6


async def test_withdrawn_keys_are_refused_when_the_keys_are_next_fetched(server: BetterAuth) -> None:
    old, clock = await server.human("ada"), Clock()
    async with calling(server, clock) as client:
        assert await status(client, old) == 200
        await server.control("rotate")
        await server.control("drop-old")
        new = await server.human("ada")
        clock.passes(HOUR)
        assert [await status(client, old), await status(client, new)] == [401, 200]


@pytest.mark.parametrize("fault", [{"down": True}, {"garbage": True}, {"delay": 5000}])
async def test_an_outage_is_bridged_within_the_limit(server: BetterAuth, fault: dict[str, object]) -> None:
    token, clock = await server.human("ada"), Clock()
    async with calling(server, clock, timeout=1) as client:
        assert await status(client, token) == 200
        await server.control("control", **fault)
        clock.passes(HOUR)
        assert await asyncio.gather(*[status(client, token) for _ in range(20)]) == [200] * 20
        clock.passes(23 * HOUR)
        assert await status(client, token) == 200
        clock.passes(2 * HOUR)
        answer = await client.get("/me", headers=bearer(token))
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
        await server.control("control")
        clock.passes(10)
        assert await status(client, token) == 200


async def test_fifty_cold_requests_make_one_fetch(server: BetterAuth) -> None:
    token = await server.human("ada")
    await server.control("control", delay=50)
    before = await server.fetches()
    async with calling(server) as client:
        assert await asyncio.gather(*[status(client, token) for _ in range(50)]) == [200] * 50
    assert await server.fetches() == before + 1


async def test_invented_keys_make_one_fetch_a_while(server: BetterAuth) -> None:
    token, clock = await server.human("ada"), Clock()
    forged = forged_tokens(server, 200)
    async with calling(server, clock) as client:
        assert await status(client, token) == 200
        before = await server.fetches()
        assert await asyncio.gather(*[status(client, one) for one in forged[:100]]) == [401] * 100
        assert [await status(client, one) for one in forged[100:]] == [401] * 100
        assert await server.fetches() == before + 1
        clock.passes(10)
        assert await status(client, forged[0]) == 401
        assert await server.fetches() == before + 2
        assert await status(client, token) == 200
