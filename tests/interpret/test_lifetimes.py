"""When FastAPI's dependencies end, by its version: before background tasks or after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.executable.analyser import analyse

SOURCE = """
from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

Session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
app = FastAPI()

async def get_session():
    async with Session() as session:
        yield session

async def work(session: AsyncSession) -> None:
    await session.connection()

@app.get("/")
async def read(tasks: BackgroundTasks, session: AsyncSession = Depends(get_session)) -> None:
    tasks.add_task(work, session)
"""


@pytest.mark.parametrize(("pin", "found"), [("==0.105.0", 0), ("==0.106.0", 1), ("==0.117.1", 1), ("==0.118.0", 0), (">=0.110", 0)])
def test_background_tasks_with_the_session_of_the_request(tmp_path: Path, pin: str, found: int) -> None:
    (tmp_path / "requirements.txt").write_text(f"fastapi{pin}\n", encoding="utf-8")
    (tmp_path / "main.py").write_text(SOURCE, encoding="utf-8")
    findings = analyse(tmp_path, sqlalchemy="2.1", dialect="sqlite", rules=("session-outlives-scope",))
    assert [rule for _, _, rule, _ in findings if rule == "session-outlives-scope"] == ["session-outlives-scope"] * found
