"""TaskFlow with the tokens of a real Better Auth: people who sign in, agents by their keys and by their clients' secrets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from greenroom.kit.auth import Issuer, TokenAuthenticator, Verifier
from greenroom.kit.database import DatabaseSettings
from greenroom.kit.database.server import Urls
from taskflow.app import create_app, database
from taskflow_tests.calling import calling, ok
from taskflow_tests.story import team
from tests.kit.auth.provider import BetterAuth, better_auth_or_skip
from tests.kit.auth.signing import Signer, encoded

pytestmark = pytest.mark.anyio

SCOPES = "tasks:read tasks:write"
Client = Callable[[str], httpx.AsyncClient]
"""Gives the client of whoever a token speaks of."""


@pytest.fixture(scope="module")
def better_auth() -> Iterator[BetterAuth]:
    with better_auth_or_skip("EdDSA") as servers:
        yield servers["EdDSA"]


@pytest.fixture
async def app(urls: Urls, better_auth: BetterAuth) -> AsyncIterator[FastAPI]:
    issuers = Issuer.better_auth(better_auth.origin, resource=better_auth.resource, scopes=frozenset(SCOPES.split()))
    app = create_app(database(DatabaseSettings(url=urls.application)), TokenAuthenticator(Verifier(issuers)))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[Client]:
    async with AsyncExitStack() as clients:

        def of(token: str) -> httpx.AsyncClient:
            made = calling(app, token)
            clients.push_async_callback(made.aclose)
            return made

        yield of


async def test_a_human_and_two_agents_work_together(better_auth: BetterAuth, client: Client) -> None:
    bot = await better_auth.agent()
    ada = client(await better_auth.human("ada"))
    by_key = client(await better_auth.by_key(bot["apiKey"]))
    by_secret = client(await better_auth.by_secret(bot["clientId"], bot["clientSecret"], SCOPES))

    workers = [ok(await one.get("/api/workers/me")) for one in (ada, by_key, by_secret)]
    assert [(one["type"], one["name"]) for one in workers] == [("human", "Ada"), ("agent", "bot"), ("agent", bot["clientId"])]
    assert [one["user_id"] for one in workers[1:]] == [bot["user"]["id"], bot["clientId"]]

    # Each in turn owns a project of all three, begins a task, claims it, and passes it on until it is back.
    callers = [ada, by_key, by_secret]
    for turn in range(3):
        (owner, second, third), ids = callers[turn:] + callers[:turn], [one["id"] for one in workers[turn:] + workers[:turn]]
        both = await team(owner, second, f"better-auth-{turn}")
        key = {"user_id": workers[0]["user_id"]} if third is ada else {"agent_id": ids[2]}
        member = ok(await owner.post(f"/api/projects/{both.project_id}/members", json=key), 201)
        assert member["worker_id"] == ids[2]
        task = f"/api/tasks/{(await both.task())['id']}"
        ok(await owner.post(f"{task}/claim"))
        for giver, taker in ((owner, ids[1]), (second, ids[2]), (third, ids[0])):
            assert ok(await giver.post(f"{task}/delegate", json={"assignee_id": taker, "reason": "yours"}))["assignee_id"] == taker
        ok(await owner.patch(f"{task}/status", json={"status": "in_progress"}))
        story = ok(await third.get(f"{task}/audit", params={"limit": 100}))
        told = [one["actor_id"] for one in reversed(story) if "assignee_id" in one["details"] and one["action"] == "delegate_task"]
        assert told == [one["user_id"] for one in workers[turn:] + workers[:turn]]


async def test_an_agent_that_was_registered_beforehand_is_known_by_its_client(better_auth: BetterAuth, client: Client) -> None:
    bot = await better_auth.agent()
    ada = client(await better_auth.human("ada"))
    body = {"handle": "@expected", "name": "Expected", "agent_type": "claude", "user_id": bot["clientId"]}
    registered = ok(await ada.post("/api/workers/agents", json=body), 201)
    by_secret = client(await better_auth.by_secret(bot["clientId"], bot["clientSecret"], SCOPES))
    assert ok(await by_secret.get("/api/workers/me"))["id"] == registered["id"]


async def test_keys_rotate_while_people_and_agents_work(better_auth: BetterAuth, client: Client) -> None:
    """New tokens are signed with new keys at once, and the old ones stay good: no request is lost."""
    bot = await better_auth.agent()
    statuses: Counter[int] = Counter()
    kids: set[str] = set()
    is_over = False

    async def work(token: Callable[[], Awaitable[str]]) -> None:
        while not is_over:
            fresh = await token()
            kids.add(fresh.split(".")[0])
            mine = client(fresh)
            [default] = [one for one in ok(await mine.get("/api/projects")) if one["is_default"]]
            for _ in range(3):
                answer = await mine.post(f"/api/projects/{default['id']}/tasks", json={"title": "While keys rotate"})
                statuses[answer.status_code] += 1

    tokens = (
        lambda: better_auth.human("rota"),
        lambda: better_auth.by_key(bot["apiKey"]),
        lambda: better_auth.by_secret(bot["clientId"], bot["clientSecret"], SCOPES),
    )
    async with asyncio.TaskGroup() as workers:
        for token in tokens:
            workers.create_task(work(token))
        for _ in range(4):
            before = statuses[201]
            await better_auth.control("rotate")
            while statuses[201] < before + 15:  # noqa: ASYNC110  # the workers do not know what is waited for
                await asyncio.sleep(0.02)
        is_over = True
    assert set(statuses) == {201}
    assert len(kids) >= 5


def hs256(signer: Signer, claims: dict[str, object]) -> str:
    """Sign with HMAC, keyed with what everybody knows: the public key (RFC 8725, section 2.1)."""
    signed = f"{encoded({'alg': 'HS256', 'kid': signer.kid})}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.new(signer.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest())}"


def unsigned(signer: Signer, claims: dict[str, object]) -> str:
    return f"{encoded({'alg': 'none', 'kid': signer.kid})}.{encoded(claims)}."


def but(**changed: object) -> Callable[[Signer, dict[str, object]], str]:
    """Sign with the server's own key, but other claims; None leaves one out."""
    return lambda signer, claims: signer.raw(
        signer.header(), {name: value for name, value in {**claims, **changed}.items() if value is not None}
    )


ATTACKS: dict[str, Callable[[Signer, dict[str, object]], str]] = {
    "another issuer": but(iss="https://evil.test"),
    "another audience": but(aud="https://other.test"),
    "no audience": but(aud=None),
    "no exp": but(exp=None),
    "expired": but(exp=int(time.time()) - 3600),
    "no sub": but(sub=None),
    "alg none": unsigned,
    "HS256 with the public key": hs256,
    "a key of their own under the kid": lambda signer, claims: Signer(signer.alg, signer.kid).raw(signer.header(), claims),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_attacks_are_refused(better_auth: BetterAuth, client: Client, attack: str) -> None:
    signer, now = await better_auth.signer(), int(time.time())
    claims = {"iss": better_auth.origin, "aud": better_auth.origin, "sub": "eve", "iat": now, "exp": now + 900}
    ok(await client(but()(signer, claims)).get("/api/workers/me"))  # what the attacks start from is accepted
    eve = client(ATTACKS[attack](signer, claims))
    for answer in (await eve.get("/api/workers/me"), await eve.post("/api/projects", json={"slug": "evil", "name": "Evil"})):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
