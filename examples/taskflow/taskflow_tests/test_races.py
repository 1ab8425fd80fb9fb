"""Several at once: one wins, the others are told, and nothing is left half done."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from greenroom.kit.database import Database
from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import team

pytestmark = pytest.mark.anyio


async def test_of_racing_transitions_one_wins(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "race-transitions")
    for _ in range(10):
        task = await both.task(assignee_id=both.member_id)
        url = f"/api/tasks/{task['id']}/status"
        wanted = ["in_progress", "blocked", "in_progress", "blocked"]
        answers = await asyncio.gather(
            *(client.patch(url, json={"status": to}) for client, to in zip([ann, bob, ann, bob], wanted, strict=True))
        )
        accepted = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 409]
        assert len(accepted) + len(refused) == 4
        story = ok(await ann.get(f"/api/tasks/{task['id']}/audit"))
        moves = [entry["details"]["status"] for entry in story if entry["change"] == "update"]
        assert len(moves) == len(accepted)
        # No two went on from the same state: each begins where the one before it ended.
        assert [before for before, _ in moves[:-1]] == [after for _, after in moves[1:]]
        assert all(set(answer.json()) >= {"state", "allowed"} for answer in refused)


async def test_of_racing_claims_one_wins(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "race-claims")
    task = await both.task()
    answers = await asyncio.gather(*(client.post(f"/api/tasks/{task['id']}/claim") for client in [ann, bob] * 4))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_first_logins_at_once_make_one_worker(caller: Caller, db: Database) -> None:
    cat = caller("cat")
    answers = await asyncio.gather(*(cat.get("/api/projects") if place % 2 else cat.get("/api/workers/me") for place in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    async with db.read() as connection:
        workers = await connection.execute(text("SELECT count(*) FROM worker WHERE user_id = 'cat'"))
        projects = await connection.execute(
            text("SELECT count(*) FROM project WHERE slug LIKE 'default-%' AND owner_id IN (SELECT id FROM worker WHERE user_id = 'cat')")
        )
        assert (workers.scalar_one(), projects.scalar_one()) == (1, 1)


async def test_the_same_handle_for_two_people(caller: Caller) -> None:
    dan, other = caller("dan"), caller("dan-too", email="dan@elsewhere.test")
    answers = await asyncio.gather(dan.get("/api/workers/me"), other.get("/api/workers/me"))
    handles = sorted(ok(answer)["handle"] for answer in answers)
    assert handles[0] == "@dan"
    assert handles[1].startswith("@dan-")


async def test_members_added_at_once_are_added_once(caller: Caller) -> None:
    ann, bob, eve = caller("ann"), caller("bob"), caller("eve")
    both = await team(ann, bob, "race-members")
    ok(await eve.get("/api/workers/me"))
    url = f"/api/projects/{both.project_id}/members"
    answers = await asyncio.gather(*(ann.post(url, json={"user_id": "eve"}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_parts_finished_at_once_leave_the_right_progress(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "race-parts")
    whole = await both.task()
    parts = [ok(await ann.post(f"/api/tasks/{whole['id']}/subtasks", json={"title": str(n)}), 201) for n in range(6)]
    for part in parts:
        ok(await ann.patch(f"/api/tasks/{part['id']}/status", json={"status": "in_progress"}))
    answers = await asyncio.gather(
        *(ann.patch(f"/api/tasks/{part['id']}/progress", json={"percent": 10 * place}) for place, part in enumerate(parts))
    )
    assert [answer.status_code for answer in answers] == [200] * 6
    assert ok(await ann.get(f"/api/tasks/{whole['id']}"))["progress_percent"] == 25


async def test_moves_at_once_close_no_ring(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "race-moves")
    for _ in range(5):
        one, two = await both.task(), await both.task()
        answers = await asyncio.gather(
            ann.patch(f"/api/tasks/{one['id']}/parent", json={"parent_task_id": two["id"]}),
            ann.patch(f"/api/tasks/{two['id']}/parent", json={"parent_task_id": one["id"]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_recurring_task_is_followed_once(caller: Caller) -> None:
    ann, bob = caller("ann"), caller("bob")
    both = await team(ann, bob, "race-recurrence")
    task = await both.task(due_date="2027-01-31T09:00:00Z", repeats={"recurrence": "monthly", "max_occurrences": 2})
    ok(await ann.patch(f"/api/tasks/{task['id']}/status", json={"status": "in_progress"}))
    answers = await asyncio.gather(*(ann.patch(f"/api/tasks/{task['id']}/status", json={"status": "completed"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    listed = ok(await ann.get(f"/api/projects/{both.project_id}/tasks", params={"sort": "due_date"}))
    assert [one["due_date"] for one in listed] == ["2027-01-31T09:00:00Z", "2027-02-28T09:00:00Z"]
    last = listed[1]["id"]
    ok(await ann.patch(f"/api/tasks/{last}/status", json={"status": "in_progress"}))
    ok(await ann.patch(f"/api/tasks/{last}/status", json={"status": "completed"}))
    assert len(ok(await ann.get(f"/api/projects/{both.project_id}/tasks"))) == 2
