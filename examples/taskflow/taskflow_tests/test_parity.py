"""A person and an agent who do the same leave the same trail, but for who did it."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from greenroom.kit.actors import ActorKind
from greenroom.kit.trail.rules import Recorder, Step, differences, unexercised, violations
from taskflow_tests.calling import Caller, ok

pytestmark = pytest.mark.anyio

NAMES = ("slug", "handle")
"""Columns whose values are unique: the two runs share a database."""


async def everything(me: httpx.AsyncClient, other_id: int, suffix: str) -> None:
    """Do all that can be done to projects, tasks and agents, once."""
    my_id = ok(await me.get("/api/workers/me"))["id"]
    agent = ok(await me.post("/api/workers/agents", json={"handle": f"@aid-{suffix}", "name": "Aid", "agent_type": "custom"}), 201)
    ok(await me.put(f"/api/workers/agents/{agent['id']}", json={"capabilities": ["dig"]}))
    ok(await me.delete(f"/api/workers/agents/{agent['id']}"))

    project = ok(await me.post("/api/projects", json={"slug": f"parity-{suffix}", "name": "Parity"}), 201)
    within = f"/api/projects/{project['id']}"
    ok(await me.put(within, json={"description": "the same"}))
    member = ok(await me.post(f"{within}/members", json={"agent_id": other_id}), 201)

    whole = ok(await me.post(f"{within}/tasks", json={"title": "Whole", "due_date": "2027-01-31T09:00:00Z", "tags": ["a", "b"]}), 201)
    task = f"/api/tasks/{whole['id']}"
    part = ok(await me.post(f"{task}/subtasks", json={"title": "Part"}), 201)
    ok(await me.patch(f"/api/tasks/{part['id']}/parent", json={"parent_task_id": None}))
    ok(await me.put(task, json={"priority": "high", "due_date": None}))
    ok(await me.post(f"{task}/claim"))
    ok(await me.patch(f"{task}/status", json={"status": "in_progress"}))
    ok(await me.patch(f"{task}/progress", json={"percent": 60, "note": "most of it"}))
    assert (await me.post(f"{task}/approve")).status_code == 409
    ok(await me.patch(f"{task}/status", json={"status": "review"}))
    ok(await me.post(f"{task}/reject", json={"reason": "a hole"}))
    ok(await me.patch(f"{task}/status", json={"status": "review"}))
    ok(await me.post(f"{task}/approve"))
    ok(await me.patch(f"/api/tasks/{part['id']}/assign", json={"assignee_id": my_id}))
    ok(await me.post(f"/api/tasks/{part['id']}/delegate", json={"assignee_id": other_id, "reason": "yours"}))
    ok(await me.delete(f"/api/tasks/{part['id']}"))

    ok(await me.delete(f"{within}/members/{member['id']}"))
    assert (await me.delete(within)).status_code == 409
    ok(await me.delete(within, params={"force": True}))


async def test_only_the_actor_differs(app: FastAPI, caller: Caller, scenario: Recorder) -> None:
    other = ok(await caller("other", ActorKind.AGENT).get("/api/workers/me"))
    runs: dict[ActorKind, list[Step]] = {}
    for kind in (ActorKind.HUMAN, ActorKind.AGENT):
        ok(await caller(kind.value, kind).get("/api/workers/me"))
        begin = len(scenario.steps)
        await everything(caller(kind.value, kind, through=scenario), other["id"], kind.value)
        runs[kind] = scenario.steps[begin:]

    human, agent = runs.values()
    assert differences(human, agent, vary=NAMES) == []
    assert violations(scenario.steps) == []
    assert unexercised(app, human) == []
    for kind, steps in runs.items():
        actors = {(entry.actor_kind, entry.actor_id) for step in steps for entry in step.entries}
        assert actors == {(kind.value, kind.value)}
