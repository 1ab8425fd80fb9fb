"""What a client may ask of any request: to be done once, and only to what it has seen."""

from __future__ import annotations

import asyncio

import pytest

from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import team

pytestmark = pytest.mark.anyio


async def test_a_task_is_created_once_under_a_key(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "once")
    url, key = f"/api/projects/{both.project_id}/tasks", {"Idempotency-Key": "a-key"}
    answers = await asyncio.gather(*(ann.post(url, json={"title": "once"}, headers=key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(ok(await ann.get(url))) == 1
    assert (await ann.post(url, json={"title": "other"}, headers=key)).status_code == 422
    ok(await bob.post(url, json={"title": "once"}, headers=key), 201)


async def test_a_change_may_be_bound_to_the_version_that_was_seen(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "seen")
    task = await both.task()
    url, seen = f"/api/tasks/{task['id']}", {"If-Match": f'"{task["version"]}"'}
    changed = ok(await ann.put(url, json={"title": "first"}, headers=seen))
    assert changed["version"] == task["version"] + 1
    late = await ann.put(url, json={"title": "second"}, headers=seen)
    assert (late.status_code, late.headers["etag"]) == (412, f'"{changed["version"]}"')
    assert (await ann.delete(url, headers=seen)).status_code == 412
    ok(await ann.patch(f"{url}/status", json={"status": "in_progress"}, headers={"If-Match": "*"}))
