"""One story over all endpoints, told by people and by agents."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import Database
from greenroom.kit.trail import verify
from greenroom.kit.trail.rules import Recorder, unexercised, violations
from taskflow_tests.calling import Caller, ok

pytestmark = pytest.mark.anyio


async def test_the_whole_story(  # noqa: PLR0915  # a story is long
    app: FastAPI, caller: Caller, scenario: Recorder, db: Database
) -> None:
    for newcomer in (caller("ann"), caller("bob"), caller("bot", ActorKind.AGENT)):
        ok(await newcomer.get("/api/workers/me"))  # the one reading request that leaves a trail
    ann, bob = caller("ann", through=scenario), caller("bob", through=scenario)
    bot = caller("bot", ActorKind.AGENT, through=scenario)

    assert (ok(await ann.get("/api/workers/me")))["handle"] == "@ann"
    [default] = ok(await ann.get("/api/projects"))
    assert (default["is_default"], default["member_count"], default["owner_id"]) == (True, 1, "ann")

    project = ok(await ann.post("/api/projects", json={"slug": "moon", "name": "Moon", "approval_gate": "critical"}), 201)
    pid = project["id"]
    ok(await bob.get("/api/workers/me"))
    me_bot = ok(await bot.get("/api/workers/me"))
    assert me_bot["type"] == "agent"
    reviewer = ok(await ann.post(f"/api/projects/{pid}/members", json={"user_id": "bob", "role": "reviewer"}), 201)
    member = ok(await ann.post(f"/api/projects/{pid}/members", json={"agent_id": me_bot["id"]}), 201)
    assert (reviewer["handle"], member["type"]) == ("@bob", "agent")
    assert len(ok(await ann.get(f"/api/projects/{pid}/members"))) == 3

    task = ok(
        await ann.post(
            f"/api/projects/{pid}/tasks",
            json={
                "title": "Fly",
                "priority": "critical",
                "assignee_id": me_bot["id"],
                "tags": ["space"],
                "due_date": "2027-01-01T00:00:00+02:00",
            },
        ),
        201,
    )
    tid = task["id"]
    assert (task["status"], task["assignee_handle"], task["due_date"]) == ("pending", "@bot", "2026-12-31T22:00:00Z")
    part = ok(await ann.post(f"/api/tasks/{tid}/subtasks", json={"title": "Fuel", "assignee_id": me_bot["id"]}), 201)

    ok(await bot.patch(f"/api/tasks/{tid}/status", json={"status": "in_progress"}))
    ok(await bot.patch(f"/api/tasks/{part['id']}/status", json={"status": "in_progress"}))
    ok(await bot.patch(f"/api/tasks/{part['id']}/progress", json={"percent": 40, "note": "half"}))
    shown = ok(await bob.get(f"/api/tasks/{tid}"))
    assert (shown["progress_percent"], [one["title"] for one in shown["subtasks"]]) == (40, ["Fuel"])
    ok(await bot.patch(f"/api/tasks/{part['id']}/status", json={"status": "completed"}))

    refused = await bot.patch(f"/api/tasks/{tid}/status", json={"status": "completed"})
    assert (refused.status_code, refused.json()["state"]) == (409, "in_progress")
    ok(await bot.patch(f"/api/tasks/{tid}/status", json={"status": "review"}))
    assert (await bot.post(f"/api/tasks/{tid}/approve")).status_code == 403
    rejected = ok(await bob.post(f"/api/tasks/{tid}/reject", json={"reason": "too slow"}))
    assert rejected["status"] == "in_progress"
    ok(await bot.patch(f"/api/tasks/{tid}/status", json={"status": "review"}))
    approved = ok(await bob.post(f"/api/tasks/{tid}/approve"))
    assert (approved["status"], approved["progress_percent"]) == ("completed", 100)
    assert approved["completed_at"] is not None

    updated = ok(await ann.put(f"/api/tasks/{tid}", json={"due_date": None, "description": "over"}))
    assert (updated["due_date"], updated["description"], updated["title"]) == (None, "over", "Fly")
    ok(await ann.patch(f"/api/tasks/{part['id']}/parent", json={"parent_task_id": None}))

    loose = ok(await ann.post(f"/api/projects/{pid}/tasks", json={"title": "Land"}), 201)
    ok(await bot.post(f"/api/tasks/{loose['id']}/claim"))
    taken = await bob.post(f"/api/tasks/{loose['id']}/claim")
    assert taken.status_code == 409
    bob_id = (ok(await bob.get("/api/workers/me")))["id"]
    passed = ok(await bot.post(f"/api/tasks/{loose['id']}/delegate", json={"assignee_id": bob_id, "reason": "needs hands"}))
    assert (passed["assignee_handle"], passed["delegated_by_id"]) == ("@bob", me_bot["id"])
    ok(await ann.patch(f"/api/tasks/{loose['id']}/assign", json={"assignee_id": None}))
    assert [note["note"] for note in ok(await ann.get(f"/api/tasks/{loose['id']}/notes"))] == ["needs hands"]

    listed = ok(await bob.get(f"/api/projects/{pid}/tasks", params={"priority": "critical", "sort": "-priority,title"}))
    assert [one["id"] for one in listed] == [tid]
    assert ok(await bob.get(f"/api/projects/{pid}/tasks", params={"search": "fl", "tags__contains": "space"}))

    agent = ok(await ann.post("/api/workers/agents", json={"handle": "@helper", "name": "Helper", "agent_type": "claude"}), 201)
    ok(await ann.put(f"/api/workers/agents/{agent['id']}", json={"capabilities": ["dig"]}))
    assert (await bob.put(f"/api/workers/agents/{agent['id']}", json={"name": "mine"})).status_code == 403
    assert {one["handle"] for one in ok(await bob.get("/api/workers/agents"))} >= {"@helper", "@bot"}
    ok(await ann.get(f"/api/workers/agents/{agent['id']}"))
    ok(await ann.delete(f"/api/workers/agents/{agent['id']}"))

    ok(await ann.delete(f"/api/tasks/{loose['id']}"))
    gone = ok(await bob.get(f"/api/tasks/{loose['id']}/audit"))
    assert gone[0]["change"] == "delete"
    story = ok(await bob.get(f"/api/tasks/{tid}/audit", params={"limit": 100}))
    assert [(one["action"], one["actor_handle"]) for one in story if "status" in one["details"]] == [
        ("approve_task", "@bob"),
        ("update_status", "@bot"),
        ("reject_task", "@bob"),
        ("update_status", "@bot"),
        ("update_status", "@bot"),
        ("create_task", "@ann"),
    ]
    assert next(one for one in story if one["action"] == "reject_task")["reason"] == "too slow"

    assert (await ann.delete(f"/api/projects/{pid}")).status_code == 409
    ok(await ann.delete(f"/api/projects/{pid}/members/{member['id']}"))
    ok(await ann.put(f"/api/projects/{pid}", json={"name": "The Moon", "description": None}))
    ok(await ann.delete(f"/api/projects/{pid}", params={"force": True}))
    assert (await ann.get(f"/api/projects/{pid}")).status_code == 404
    history = ok(await bob.get(f"/api/projects/{pid}/audit", params={"limit": 100}))
    assert history[0]["change"] == "delete"
    assert (await bot.get(f"/api/projects/{pid}/audit")).status_code == 403

    assert unexercised(app, scenario.steps) == []
    assert violations(scenario.steps) == []
    async with db.engine.connect() as connection:
        assert (await verify(connection)).breaks == ()
