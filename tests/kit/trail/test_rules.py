"""The rules find who breaks them, and let pass who does not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from greenroom.kit.database import Database
from greenroom.kit.trail.rules import Recorder, Step, alterations, differences, unexercised, violations
from tests.kit.trail.application import application
from tests.kit.trail.subjects import TRAIL

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scenario(db: Database) -> AsyncIterator[Recorder]:
    transport = httpx.ASGITransport(application(db), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with Recorder(client, db) as recorder:
            yield recorder


async def _honest(scenario: Recorder, actor: str = "ann") -> list[Step]:
    begin = len(scenario.steps)
    headers = {"actor": actor}
    number = (await scenario.request("POST", "/books", json={"title": "Emma"}, headers=headers)).json()
    await scenario.request("PUT", f"/books/{number}", json={"title": "Persuasion"}, headers=headers)
    assert (await scenario.request("GET", f"/books/{number}")).json() == "Persuasion"
    await scenario.request("PUT", "/books/0", json={"title": "none"}, headers=headers)
    await scenario.request("DELETE", f"/books/{number}", headers=headers)
    return scenario.steps[begin:]


async def test_who_keeps_the_rules_is_let_pass(scenario: Recorder) -> None:
    steps = await _honest(scenario)
    assert [(step.method, step.status, len(step.entries), step.commits) for step in steps] == [
        ("POST", 201, 1, 1),
        ("PUT", 200, 1, 1),
        ("GET", 200, 0, 0),
        ("PUT", 500, 0, 0),
        ("DELETE", 204, 1, 1),
    ]
    assert violations(steps) == []


@pytest.mark.parametrize(
    ("method", "path", "law", "detail"),
    [
        ("POST", "/lies", "changes leave a trail", "left no row"),
        ("GET", "/surprise", "nothing else does", "left rows of book"),
        ("POST", "/twice", "one transaction", "several transactions"),
        ("POST", "/anonymous", "somebody did it", "has no operation, request_id"),
    ],
)
async def test_who_breaks_a_rule_is_named(scenario: Recorder, method: str, path: str, law: str, detail: str) -> None:
    await scenario.request(method, path)
    [violation] = violations(scenario.steps)
    assert violation.law == law
    assert detail in violation.detail
    assert str(violation).startswith(f"{method} {path} (200) breaks")


async def test_a_row_without_before_and_after_is_named(scenario: Recorder) -> None:
    steps = await _honest(scenario)
    entry = steps[1].entries[0].model_copy(update={"changes": {"title": ["Emma", "Emma"]}})
    forged = Step("PUT", "/books/1", 200, (entry,), 1)
    assert [violation.law for violation in violations([forged])] == ["before and after"]


async def test_a_person_and_an_agent_leave_the_same_trail(scenario: Recorder) -> None:
    human, agent = await _honest(scenario), await _honest(scenario, "bot")
    assert human[0].entries[0].actor_kind == "human"
    assert agent[0].entries[0].actor_kind == "agent"
    assert differences(human, agent) == []


async def test_who_treats_them_differently_is_shown(scenario: Recorder) -> None:
    for actor in ("ann", "bot"):
        await scenario.request("POST", "/unfair", headers={"actor": actor})
    found = differences(scenario.steps[:1], scenario.steps[1:])
    assert any(line.startswith("-") and '"title":[null,"x"]' in line for line in found)
    assert any(line.startswith("+") and '"title":[null,"y"]' in line for line in found)
    assert differences(scenario.steps[:1], scenario.steps[1:], vary=["title"]) == []


async def test_routes_that_no_step_reached_are_named(scenario: Recorder, db: Database) -> None:
    await _honest(scenario)
    assert unexercised(application(db), scenario.steps) == ["POST /anonymous", "POST /lies", "POST /twice", "POST /unfair"]


async def test_the_application_is_refused_every_attempt(db: Database) -> None:
    async with db.engine.connect() as connection:
        assert await alterations(connection, TRAIL) == []


async def test_the_owner_is_not_refused_every_attempt(owner: AsyncEngine) -> None:
    async with owner.connect() as connection:
        found = await alterations(connection, TRAIL)
        await connection.rollback()
    assert {"DROP SCHEMA greenroom_trail CASCADE", "ALTER TABLE book DISABLE TRIGGER USER"} <= set(found)
    assert "DELETE FROM greenroom_trail.entry" not in found
