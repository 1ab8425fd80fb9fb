"""Schemathesis makes data from what OpenAPI shows: all of it is taken, and stored as it is; what OpenAPI forbids is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.kit.models.tables import Base, Ident, Thing, ThingNew


def application(url: str) -> FastAPI:
    engine = create_async_engine(url, poolclass=NullPool)
    app = FastAPI()

    @app.post("/things", status_code=201, responses={400: {}})
    async def create(thing: ThingNew) -> Ident:
        async with engine.begin() as connection:
            stored = (await connection.execute(insert(Thing).values(thing.model_dump()).returning(Thing.__table__))).one()._asdict()  # type: ignore[attr-defined]  # a table has one
        given = thing.model_dump()
        assert {name: stored[name] for name in given} == given
        return Ident(id=stored["id"])

    return app


@pytest.fixture
def api(postgres: str) -> FastAPI:
    engine = create_async_engine(postgres, poolclass=NullPool)

    async def create() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    asyncio.run(create())
    return application(postgres)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_what_openapi_allows_is_stored_as_it_is_and_the_rest_refused(api: FastAPI, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", api)["/things"]["POST"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def call(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate()

    call()


def test_what_may_be_null_is_prefilled_with_null() -> None:
    members = application("postgresql+asyncpg://").openapi()["components"]["schemas"]["ThingNew"]["properties"]
    assert members["handle"]["examples"] == [None]
    assert members["slug"]["examples"] == ["a-name"]
