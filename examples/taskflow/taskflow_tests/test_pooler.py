"""TaskFlow behind a PgBouncer in transaction mode, where each transaction may reach another connection of the server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.database.server import Urls
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.trail import verify
from taskflow.app import create_app, database
from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import Team, team
from taskflow_tests.trails import authors
from tests.kit.database.services import pgbouncer

pytestmark = pytest.mark.anyio

KINDS = (ActorKind.HUMAN, ActorKind.AGENT)
CALLERS = [(f"caller-{number}", KINDS[number % 2]) for number in range(10)]


@pytest.fixture(scope="module")
def pooler(urls: Urls) -> Iterator[str]:
    with pgbouncer(urls.application) as url:
        yield url


@pytest.fixture
async def app(pooler: str, issuer: LocalIssuer) -> AsyncIterator[FastAPI]:
    """Give the application with 30 connections to the pooler, which has five to the server."""
    settings = DatabaseSettings(url=pooler, pooled=True, pool_size=30, pool_timeout=30)
    app = create_app(database(settings), issuer.authenticator())
    async with app.router.lifespan_context(app):
        yield app


async def test_200_concurrent_requests(caller: Caller, db: Database) -> None:
    owner = caller("owner")
    members = {subject: caller(subject, kind) for subject, kind in CALLERS}
    teams = {subject: await team(owner, client, f"pooled-{subject}") for subject, client in members.items()}
    tasks = {subject: [await both.task(assignee_id=both.member_id) for _ in range(5)] for subject, both in teams.items()}

    wanted: list[tuple[str, httpx.Request]] = []
    for subject, both in teams.items():
        wanted += [(subject, request) for request in requests(members[subject], both, tasks[subject])]
    answers = await asyncio.gather(*(members[subject].send(request) for subject, request in wanted))

    assert Counter(answer.status_code for answer in answers) == {200: 150, 201: 50}
    acted = {
        answer.headers["x-request-id"]: subject
        for (subject, request), answer in zip(wanted, answers, strict=True)
        if request.method != "GET"
    }
    assert len(acted) == 100
    found = await authors(db)
    # Each row has the actor of its own request, whoever used the connection before.
    assert {request_id: found.get(request_id) for request_id in acted} == {request_id: {subject} for request_id, subject in acted.items()}
    async with db.engine.connect() as connection:
        assert (await verify(connection)).breaks == ()


def requests(client: httpx.AsyncClient, both: Team, tasks: list[dict[str, int]]) -> list[httpx.Request]:
    """Return twenty requests of one member: five transitions, five creations, ten that read."""
    within = f"/api/projects/{both.project_id}/tasks"
    return [
        *(client.build_request("PATCH", f"/api/tasks/{task['id']}/status", json={"status": "in_progress"}) for task in tasks),
        *(client.build_request("POST", within, json={"title": "Pooled"}) for _ in range(5)),
        *(client.build_request("GET", f"/api/tasks/{task['id']}") for task in tasks),
        *(client.build_request("GET", within) for _ in range(5)),
    ]


async def test_a_transaction_without_an_actor_finds_none_left_behind(caller: Caller, db: Database) -> None:
    """After many others have used the server's five connections, one that names nobody may still not write."""
    ann = caller("ann")
    [default] = [project for project in ok(await ann.get("/api/projects")) if project["is_default"]]
    url = f"/api/projects/{default['id']}/tasks"
    await asyncio.gather(*(ann.post(url, json={"title": str(number)}) for number in range(20)))
    for _ in range(10):
        with pytest.raises(Exception, match="nobody is named"):
            async with db.begin() as session:
                await session.execute(text("UPDATE task SET title = 'nobody'"))
