"""The server of the database is killed and started again while people and agents write."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Row, text

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.database.server import Cluster, Roles, create_database
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.trail import verify
from taskflow.app import create_app, database
from taskflow.migrations import upgrade
from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import team
from tests.kit.database.services import durable_cluster

pytestmark = pytest.mark.anyio

ROLES = Roles("taskflow_owner", "taskflow_app")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with durable_cluster() as cluster:
        yield cluster


@pytest.fixture
async def app(cluster: Cluster, issuer: LocalIssuer) -> AsyncIterator[FastAPI]:
    urls = create_database(cluster.start(), "taskflow", ROLES)
    await asyncio.to_thread(upgrade, urls.owner, ROLES.application)
    settings = DatabaseSettings(url=urls.application, connect_patience=0.5, connect_timeout=0.5)
    app = create_app(database(settings), issuer.authenticator())
    async with app.router.lifespan_context(app):
        yield app


@dataclass
class Load:
    """Writers who begin tasks in a project and then claim them, until it is over; what was acknowledged is kept."""

    project_id: int
    created: set[int] = field(default_factory=set)
    claimed: dict[int, int] = field(default_factory=dict)
    refusals: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    is_over: bool = False

    async def work(self, client: httpx.AsyncClient, worker_id: int) -> None:
        """Write as one worker."""
        while not self.is_over:
            answer = await client.post(f"/api/projects/{self.project_id}/tasks", json={"title": "Survives"})
            if not self._is_done(answer, 201):
                continue
            task_id = answer.json()["id"]
            self.created.add(task_id)
            if self._is_done(await client.post(f"/api/tasks/{task_id}/claim"), 200):
                self.claimed[task_id] = worker_id

    async def goes_on(self, more: int) -> None:
        """Wait until that many more have been claimed."""
        wanted = len(self.claimed) + more
        async with asyncio.timeout(20):
            while len(self.claimed) < wanted:  # noqa: ASYNC110  # the writers do not know what is waited for
                await asyncio.sleep(0.02)

    def _is_done(self, answer: httpx.Response, status: int) -> bool:
        if answer.status_code == status:
            return True
        self.refusals[answer.status_code, answer.headers["content-type"], answer.json()["type"]] += 1
        return False


async def test_nothing_acknowledged_is_lost_and_nothing_is_half_written(cluster: Cluster, caller: Caller, db: Database) -> None:
    ann, bot = caller("ann"), caller("bot", ActorKind.AGENT)
    both = await team(ann, bot, "outage")
    load = Load(both.project_id)
    async with asyncio.TaskGroup() as writers:
        for _ in range(3):
            writers.create_task(load.work(ann, both.owner_id))
            writers.create_task(load.work(bot, both.member_id))
        for _ in range(2):
            await load.goes_on(20)
            await asyncio.to_thread(cluster.stop, at_once=True)
            for path in ("/health/ready", f"/api/projects/{both.project_id}/tasks"):
                answer = await ann.get(path)
                assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
                assert int(answer.headers["retry-after"]) >= 1
            assert ok(await ann.get("/health/live"))["status"] == "ok"
            await asyncio.to_thread(cluster.start)
        await load.goes_on(30)  # by itself
        assert ok(await ann.get("/health/ready"))["status"] == "ok"
        load.is_over = True

    assert set(load.refusals) == {(503, "application/problem+json", "/problems/unavailable")}
    rows = await written(db)
    stored = {row.id: row for row in rows if row.version is not None}
    assert load.created <= set(stored)
    assert {task_id: stored[task_id].assignee_id for task_id in load.claimed} == load.claimed
    # A task and its trail tell the same: as many changes as the row has versions, the last of them what the row says.
    assert [row for row in rows if (row.version, row.assignee_id) != (row.changes, row.last_assignee_id)] == []
    async with db.engine.connect() as connection:
        assert (await verify(connection)).breaks == ()


async def written(db: Database) -> list[Row[tuple[int, ...]]]:
    """Return each task that exists, or of which the trail tells, as the table and as the trail have it."""
    statement = text("""
        SELECT coalesce(task.id, told.task_id) AS id, task.version, task.assignee_id, told.changes, told.last_assignee_id
        FROM task FULL JOIN (
            SELECT entity_id::int AS task_id, count(*) AS changes, (
                array_agg((changes -> 'assignee_id' ->> 1)::int ORDER BY seq DESC) FILTER (WHERE changes ? 'assignee_id')
            )[1] AS last_assignee_id
            FROM greenroom_trail.entry WHERE entity = 'task' GROUP BY entity_id
        ) AS told ON told.task_id = task.id
    """)
    async with db.read() as connection:
        return list((await connection.execute(statement)).all())
