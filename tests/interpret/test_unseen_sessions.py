"""Sessions that code out of sight opens: a block of unknown making gives a session of its own in each round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

PROGRAM = """\
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from elsewhere import opened
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@asynccontextmanager
async def scope() -> AsyncGenerator[AsyncSession, None]:
    async with opened() as session:
        yield session


async def fill(session: AsyncSession) -> None:
    await session.get(User, 1)
    session.add(User(name="x"))
    await session.flush()


async def each(numbers: list[int]) -> None:
    {loop}
"""
ONE_PER_ROUND = """\
for number in numbers:
        try:
            async with scope() as session:
                await fill(session)
        except Exception:
            print("not this one")
"""
ONE_FOR_ALL = """\
async with scope() as session:
        for number in numbers:
            try:
                await fill(session)
            except Exception:
                print("not this one")
"""


@pytest.mark.parametrize(("loop", "expected"), [(ONE_PER_ROUND, []), (ONE_FOR_ALL, [26])])
def test_a_failed_flush_stays_with_its_session(loop: str, expected: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text(PROGRAM.replace("{loop}", loop.strip()), encoding="utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--exit-zero"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [finding["line"] for finding in report["findings"]] == expected


TASKS = (
    PROGRAM[: PROGRAM.index("async def fill")]
    + """\
async def load(session: AsyncSession) -> User | None:
    return await session.get(User, 2)


@asynccontextmanager
async def perhaps(wanted: bool) -> AsyncGenerator[AsyncSession, None]:
    if wanted:
        async with opened() as session:
            yield session


async def rename(user: User, wanted: bool) -> str:
    async with perhaps(wanted) as session:
        found = await load(session)
    return found.name


async def rename_all(users: list[User], wanted: bool) -> None:
    await asyncio.gather(*[rename(user, wanted) for user in users])
"""
)


def test_tasks_that_open_sessions_of_their_own_share_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text("import asyncio\n" + TASKS, encoding="utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--exit-zero"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []
