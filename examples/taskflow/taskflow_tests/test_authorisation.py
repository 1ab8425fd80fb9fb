"""Who may do what, asked of the API itself."""

from __future__ import annotations

import httpx
import pytest

from greenroom.kit.actors import ActorKind
from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import Team, team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def both(caller: Caller, request: pytest.FixtureRequest) -> Team:
    return await team(caller("ann"), caller("bob"), f"rights-{abs(hash(request.node.name)) % 10**9}", approval_gate="all")


async def test_a_plain_member_reads_and_begins_and_changes_nothing_of_others(both: Team) -> None:
    task = await both.task()
    url, bob = f"/api/tasks/{task['id']}", both.member
    ok(await bob.get(url))
    answers = [
        await bob.delete(url),
        await bob.put(url, json={"title": "mine"}),
        await bob.patch(f"{url}/status", json={"status": "in_progress"}),
        await bob.patch(f"{url}/assign", json={"assignee_id": both.member_id}),
        await bob.post(f"{url}/delegate", json={"assignee_id": both.member_id, "reason": "x"}),
        await bob.patch(f"{url}/parent", json={"parent_task_id": None}),
        await bob.delete(f"/api/projects/{both.project_id}"),
        await bob.put(f"/api/projects/{both.project_id}", json={"name": "mine"}),
        await bob.post(f"/api/projects/{both.project_id}/members", json={"user_id": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert all("Only the" in answer.json()["detail"] for answer in answers)


async def test_whoever_does_not_belong_to_a_project_sees_nothing_of_it(both: Team, caller: Caller) -> None:
    task = await both.task()
    eve = caller("eve")
    for path in (
        f"/api/tasks/{task['id']}",
        f"/api/projects/{both.project_id}",
        f"/api/tasks/{task['id']}/audit",
        f"/api/projects/{both.project_id}/tasks",
    ):
        assert (await eve.get(path)).status_code == 403


async def test_another_tenant_is_not_told_that_it_exists(both: Team, caller: Caller) -> None:
    task = await both.task()
    other = caller("ann", tenant_id="elsewhere")
    assert ok(await other.get("/api/workers/me"))["id"] != both.owner_id
    paths = [
        f"/api/tasks/{task['id']}",
        f"/api/projects/{both.project_id}",
        f"/api/projects/{both.project_id}/tasks",
        f"/api/projects/{both.project_id}/members",
        f"/api/tasks/{task['id']}/audit",
        f"/api/projects/{both.project_id}/audit",
    ]
    assert [(await other.get(path)).status_code for path in paths] == [404] * len(paths)
    assert (await other.put(f"/api/tasks/{task['id']}", json={"title": "x"})).status_code == 404
    assert not {one["id"] for one in ok(await other.get("/api/workers"))} & {both.owner_id, both.member_id}


async def test_nobody_approves_their_own_work_where_a_gate_asks_for_another(both: Team) -> None:
    task = await both.task(assignee_id=both.owner_id)
    url = f"/api/tasks/{task['id']}"
    ok(await both.owner.patch(f"{url}/status", json={"status": "in_progress"}))
    direct = await both.owner.patch(f"{url}/status", json={"status": "completed"})
    assert direct.status_code == 409
    assert "approved" in direct.json()["detail"]
    ok(await both.owner.patch(f"{url}/status", json={"status": "review"}))
    own = await both.owner.post(f"{url}/approve")
    assert own.status_code == 409
    assert "own work" in own.json()["detail"]
    assert own.json()["allowed"] == ["in_progress"]


async def test_without_a_gate_one_may_complete_alone(caller: Caller) -> None:
    ann = caller("ann")
    [default] = [project for project in ok(await ann.get("/api/projects")) if project["is_default"]]
    task = ok(await ann.post(f"/api/projects/{default['id']}/tasks", json={"title": "alone"}), 201)
    for status in ("in_progress", "completed"):
        ok(await ann.patch(f"/api/tasks/{task['id']}/status", json={"status": status}))


async def test_a_human_and_an_agent_have_the_same_rights(caller: Caller) -> None:
    async def story(member: httpx.AsyncClient, slug: str) -> list[int]:
        both = await team(caller("ann"), member, slug)
        task = await both.task(assignee_id=both.member_id)
        url = f"/api/tasks/{task['id']}"
        answers = [
            await member.patch(f"{url}/status", json={"status": "in_progress"}),
            await member.patch(f"{url}/progress", json={"percent": 30, "note": "going"}),
            await member.delete(url),
            await member.post(f"{url}/approve"),
            await member.post(f"{url}/delegate", json={"assignee_id": both.owner_id, "reason": "yours"}),
            await member.get(f"{url}/audit"),
        ]
        return [answer.status_code for answer in answers]

    human = await story(caller("hal"), "parity-human")
    assert human == await story(caller("hal-bot", ActorKind.AGENT), "parity-agent")
    assert human == [200, 200, 403, 409, 200, 200]


@pytest.mark.parametrize("path", ["/api/projects", "/api/workers/me", "/api/tasks/1", "/api/tasks/1/audit"])
async def test_nobody_comes_in_without_a_token(caller: Caller, path: str) -> None:
    client = caller("ann")
    del client.headers["authorization"]
    answer = await client.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
