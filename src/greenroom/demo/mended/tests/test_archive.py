"""Archiving an organisation."""

from collections.abc import AsyncIterator

import httpx
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db import engine, get_session
from app.main import app

test_sessions = async_sessionmaker(engine)


async def get_test_session() -> AsyncIterator[AsyncSession]:
    """Give a request a session of the suite."""
    async with test_sessions() as session:
        yield session


async def test_the_answer_is_the_organisation() -> None:
    """The one who archives it is shown what it was."""
    app.dependency_overrides[get_session] = get_test_session
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            answer = await client.post("/organisations/1/archive", headers={"X-User": "ada@example.org"})
        assert answer.json()["name"] == "Acme"
    finally:
        app.dependency_overrides.clear()
