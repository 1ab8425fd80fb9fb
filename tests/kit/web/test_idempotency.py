"""A create that is sent again: one row, one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Form, Header, Response, UploadFile
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import event, func, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col

from greenroom.kit import clock
from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Database, DatabaseSettings, Writing
from greenroom.kit.models import Record, own_registry
from greenroom.kit.web import Attempt, Idempotency, WebSettings, install
from tests.kit.web.conftest import Connect

pytestmark = pytest.mark.anyio


class Base(Record, registry=own_registry()):
    """The tables of these tests."""


class Thing(Base, table=True):
    name: str


IDEMPOTENCY = Idempotency(Base.metadata)
Once = Annotated[Attempt, Depends(IDEMPOTENCY)]


class New(BaseModel):
    name: str
    seconds: float = 0


class Shown(BaseModel):
    id: int
    name: str
    created_at: AwareDatetime


async def actor(x_actor: Annotated[str, Header()] = "me") -> Actor:
    return Actor(ActorKind.HUMAN, x_actor, "issuer")


app = FastAPI()


@app.post("/things", status_code=201, response_model=Shown)
async def create(new: New, session: Writing, once: Once, actor: Annotated[Actor, Depends(actor)], response: Response) -> object:
    async def work() -> Thing:
        thing = Thing(name=new.name)
        session.add(thing)
        await session.flush()
        await asyncio.sleep(new.seconds)
        if new.name == "bug":
            raise RuntimeError
        response.headers["Location"] = f"/things/{thing.id}"
        return thing

    return await once.run(session, actor, work)


@app.post("/files", status_code=201)
async def upload(
    file: UploadFile, kind: Annotated[str, Form()], session: Writing, once: Once, actor: Annotated[Actor, Depends(actor)]
) -> dict[str, int | str]:
    async def work() -> dict[str, int | str]:
        return {"kind": kind, "size": len(await file.read()), "name": file.filename or ""}

    return await once.run(session, actor, work)


class Measured(BaseModel):
    my_ratio: float = Field(alias="myRatio")


@app.post("/measured")
async def measured(session: Writing, once: Once, actor: Annotated[Actor, Depends(actor)], response: Response) -> Measured:
    response.headers["Vary"] = "before"

    async def work() -> Measured:
        response.set_cookie("first", "1")
        response.set_cookie("second", "2")
        return Measured(myRatio=0.5)

    return await once.run(session, actor, work)


@app.post("/swallowed")
async def swallowed(session: Writing, once: Once) -> None:
    async def work() -> None:
        raise ValueError

    with suppress(ValueError):
        await once.run(session, Actor(ActorKind.HUMAN, "me", "issuer"), work)


install(app, WebSettings(drain=0))


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    async def prepare() -> None:
        engine = create_async_engine(postgres)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(prepare())
    return postgres


@pytest.fixture
async def database(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    """A database whose tables are empty."""
    database = Database(DatabaseSettings(url=url, connect_patience=0))
    async with database.engine.begin() as connection:
        await connection.execute(text("TRUNCATE thing, idempotency_key"))
    app.state.database = database
    yield database
    await database.dispose()


@pytest.fixture
def client(database: Database, connect: Connect) -> httpx.AsyncClient:
    return connect(app)


async def count(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count(col(Thing.id))))).scalar_one()


async def send(client: httpx.AsyncClient, key: str | None = "key-1", *, by: str = "me", **body: object) -> httpx.Response:
    headers = {"X-Actor": by} | ({"Idempotency-Key": key} if key is not None else {})
    return await client.post("/things", json={"name": "fence", **body}, headers=headers)


async def test_the_second_gets_the_answer_of_the_first(client: httpx.AsyncClient, database: Database) -> None:
    first, second = await send(client), await send(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"] == f"/things/{first.json()['id']}"
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert datetime.fromisoformat(second.json()["created_at"]).tzinfo is not None
    assert await count(database) == 1


async def test_the_order_of_members_and_quotes_around_the_key_do_not_matter(client: httpx.AsyncClient, database: Database) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": '"key-1"'}
    await client.post("/things", content=b'{"name": "fence", "seconds": 0}', headers=headers)
    headers["Idempotency-Key"] = "key-1"
    again = await client.post("/things", content=b'{"seconds":0,"name":"fence"}', headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert await count(database) == 1


@pytest.mark.parametrize(("key", "by"), [(None, "me"), ("key-2", "me"), ("key-1", "another")])
async def test_another_key_another_actor_and_none_are_other_requests(
    client: httpx.AsyncClient, database: Database, key: str | None, by: str
) -> None:
    await send(client)
    assert "idempotent-replayed" not in (await send(client, key, by=by)).headers
    assert await count(database) == 2


async def test_another_body_under_the_same_key_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    await send(client)
    answer = await send(client, name="house")
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"in": "header", "parameter": "idempotency-key", "detail": "The key was used for another request", "code": "reused"}],
    )
    assert await count(database) == 1


async def test_forms_and_files_are_compared_by_what_they_hold(client: httpx.AsyncClient) -> None:
    async def send_file(content: bytes, kind: str = "a", name: str = "x.txt") -> httpx.Response:
        headers = {"Idempotency-Key": "key-1"}
        return await client.post("/files", files={"file": (name, content, "text/plain")}, data={"kind": kind}, headers=headers)

    large = b"x" * 200_000
    first, second = await send_file(large), await send_file(large)
    assert first.json() == {"kind": "a", "size": 200_000, "name": "x.txt"}
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotent-replayed"] == "true"
    for other in (await send_file(large + b"y"), await send_file(large, kind="b"), await send_file(large, name="y.txt")):
        assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "reused")


async def test_repeated_headers_and_aliases_come_back_as_they_were(client: httpx.AsyncClient) -> None:
    first, second = [await client.post("/measured", headers={"Idempotency-Key": "key-1"}) for _ in range(2)]
    assert (first.status_code, first.text) == (200, second.text)
    assert first.headers.get_list("set-cookie") == second.headers.get_list("set-cookie")
    assert len(second.headers.get_list("set-cookie")) == 2
    assert second.headers.get_list("vary") == ["before"]


@pytest.mark.parametrize("key", ["", "a" * 256, 'a"b', "a\\b", "two words"])
async def test_a_key_that_is_none_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await send(client, key)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "idempotency-key")


async def test_of_many_at_once_one_does_the_work(client: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(*(send(client, seconds=0.2) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await count(database) == 1


async def test_a_failure_is_not_kept(client: httpx.AsyncClient, database: Database) -> None:
    assert (await send(client, name="bug")).status_code == 500
    assert (await send(client)).status_code == 201
    assert await count(database) == 1


async def test_a_key_expires(client: httpx.AsyncClient, database: Database) -> None:
    first = await send(client)
    async with database.engine.begin() as connection:
        await connection.execute(update(IDEMPOTENCY.table).values(expires_at=clock.now() - timedelta(seconds=1)))
    second = await send(client, name="house")
    assert (second.status_code, second.json()["name"]) == (201, "house")
    assert first.json()["id"] != second.json()["id"]
    async with database.engine.begin() as connection:
        assert await IDEMPOTENCY.forget(connection) == 0
        await connection.execute(update(IDEMPOTENCY.table).values(expires_at=clock.now() - timedelta(seconds=1)))
        assert await IDEMPOTENCY.forget(connection) == 1


async def test_a_route_that_swallows_the_failure_leaves_no_answer(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}
    await client.post("/swallowed", headers=headers)
    answer = await client.post("/swallowed", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (409, "The first request with this key has left no answer")


async def test_it_costs_two_statements(client: httpx.AsyncClient, database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *seen: statements.append(seen[2].split()[0]))
    await send(client)
    assert statements == ["INSERT", "INSERT", "UPDATE"]
    statements.clear()
    await send(client)
    assert statements == ["INSERT", "SELECT"]
