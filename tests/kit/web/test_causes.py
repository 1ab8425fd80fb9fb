"""An answer that cannot be made: what the logs say about it, and what they do not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from greenroom.kit.web import Ended, Observed, Unforeseen

pytestmark = pytest.mark.anyio


class Base(DeclarativeBase):
    """SQLAlchemy's defaults: relationships load implicitly."""


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"))
    owner: Mapped[Owner] = relationship()

    def __repr__(self) -> str:
        return f"Thing({self.id}, secret='hunter2')"


class OwnerShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int


class ThingShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    owner: OwnerShown


@pytest.fixture
async def engine(postgres: str, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    """An engine whose database holds one thing."""
    engine = create_async_engine(postgres)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session, session.begin():
        session.add(Thing(id=1, owner=Owner(id=1)))
    yield engine
    await engine.dispose()


def application(engine: AsyncEngine) -> FastAPI:
    app = FastAPI()
    kept: list[AsyncSession] = []

    @app.get("/attached", response_model=ThingShown)
    async def attached() -> Thing:
        session = AsyncSession(engine)
        kept.append(session)
        return (await session.execute(select(Thing))).scalar_one()

    @app.get("/detached", response_model=ThingShown)
    async def detached() -> Thing:
        async with AsyncSession(engine) as session:
            return (await session.execute(select(Thing))).scalar_one()

    @app.get("/wrong", response_model=ThingShown)
    async def wrong() -> dict[str, object]:
        return {"id": "hunter2"}

    @app.get("/close")
    async def close() -> None:
        for session in kept:
            await session.close()

    return app


@pytest.mark.parametrize(
    ("path", "cause", "said"),
    [
        ("/attached", "MissingGreenlet", "greenlet_spawn has not been called"),
        ("/detached", "DetachedInstanceError", "is not bound to a Session"),
        ("/wrong", "ResponseValidationError", "unable to parse string as an integer"),
    ],
)
async def test_the_cause_is_named_and_no_value_is_told(engine: AsyncEngine, path: str, cause: str, said: str) -> None:
    seen: list[Ended] = []

    def note(ended: Ended) -> None:
        seen.append(ended)

    app = application(engine)
    app.add_middleware(Unforeseen)
    app.add_middleware(Observed, note)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        with pytest.raises(ResponseValidationError) as raised:
            await client.get(path)
        await client.get("/close")
    assert seen[0].error == cause
    assert said in str(raised.value)
    assert path in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in str(raised.value.errors())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as client:
        answer = await client.get(path)
        await client.get("/close")
    assert answer.status_code == 500
    assert "detail" not in answer.json()
