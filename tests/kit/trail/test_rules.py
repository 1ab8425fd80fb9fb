"""The rules find who breaks them, and let pass who does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from greenroom.kit.database import Database
from greenroom.kit.trail.rules import Recorder, Step, alterations, differences, unexercised, violations
from tests.kit.trail.application import application
from tests.kit.trail.subjects import TRAIL

pytestmark = pytest.mark.anyio

Honest = Callable[..., Awaitable[list[Step]]]


@pytest.fixture
def scenario(db: Database) -> Iterator[Recorder]:
    with Recorder(httpx.ASGITransport(application(db), raise_app_exceptions=False), db) as recorder:
        yield recorder


@pytest.fixture
async def client(scenario: Recorder) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=scenario, base_url="http://test") as client:
        yield client


@pytest.fixture
def honest(scenario: Recorder, client: httpx.AsyncClient) -> Honest:
    async def of(actor: str = "ann") -> list[Step]:
        begin = len(scenario.steps)
        headers = {"actor": actor}
        number = (await client.post("/books", json={"title": "Emma"}, headers=headers)).json()
        await client.put(f"/books/{number}", json={"title": "Persuasion"}, headers=headers)
        assert (await client.get(f"/books/{number}")).json() == "Persuasion"
        await client.put("/books/0", json={"title": "none"}, headers=headers)
        await client.delete(f"/books/{number}", headers=headers)
        return scenario.steps[begin:]

    return of


async def test_who_keeps_the_rules_is_let_pass(honest: Honest) -> None:
    steps = await honest()
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
async def test_who_breaks_a_rule_is_named(
    scenario: Recorder, client: httpx.AsyncClient, method: str, path: str, law: str, detail: str
) -> None:
    await client.request(method, path)
    [violation] = violations(scenario.steps)
    assert violation.law == law
    assert detail in violation.detail
    assert str(violation).startswith(f"{method} {path} (200) breaks")


async def test_requests_at_once_are_told_apart(scenario: Recorder, client: httpx.AsyncClient) -> None:
    titles = [str(number) for number in range(8)]
    await asyncio.gather(*(client.post("/books", json={"title": title}) for title in titles))
    assert [step.commits for step in scenario.steps] == [1] * 8
    assert sorted(entry.changes["title"][1] for step in scenario.steps for entry in step.entries) == titles
    assert violations(scenario.steps) == []


async def test_a_row_without_before_and_after_is_named(honest: Honest) -> None:
    steps = await honest()
    entry = steps[1].entries[0].model_copy(update={"changes": {"title": ["Emma", "Emma"]}})
    forged = Step("PUT", "/books/1", 200, (entry,), 1)
    assert [violation.law for violation in violations([forged])] == ["before and after"]


async def test_a_person_and_an_agent_leave_the_same_trail(honest: Honest) -> None:
    human, agent = await honest(), await honest("bot")
    assert human[0].entries[0].actor_kind == "human"
    assert agent[0].entries[0].actor_kind == "agent"
    assert differences(human, agent) == []


async def test_ids_that_happen_to_be_equal_make_no_difference(honest: Honest) -> None:
    step = (await honest())[0]

    def run(book: int, shelf: int) -> Step:
        ids = (("book", book), ("shelf", shelf))
        made = [
            step.entries[0].model_copy(update={"entity": name, "entity_id": str(id_), "changes": {"id": [None, id_]}}) for name, id_ in ids
        ]
        return replace(step, entries=tuple(made))

    assert differences([run(1, 1)], [run(2, 1)]) == []


async def test_who_treats_them_differently_is_shown(scenario: Recorder, client: httpx.AsyncClient) -> None:
    for actor in ("ann", "bot"):
        await client.post("/unfair", headers={"actor": actor})
    found = differences(scenario.steps[:1], scenario.steps[1:])
    assert any(line.startswith("-") and '"title":[null,"x"]' in line for line in found)
    assert any(line.startswith("+") and '"title":[null,"y"]' in line for line in found)
    assert differences(scenario.steps[:1], scenario.steps[1:], vary=["title"]) == []


async def test_routes_that_no_step_reached_are_named(scenario: Recorder, honest: Honest, db: Database) -> None:
    await honest()
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
