"""What a report had to take for granted is said beside its findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

PROGRAM = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from elsewhere import fill


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


sessions = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


async def rename(session: AsyncSession) -> None:
    user = await session.get_one(User, 1)
    await session.commit()
    await fill({arguments})
    print(user.name)
"""


def check(arguments: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    (folder / "app.py").write_text(PROGRAM.replace("{arguments}", arguments), encoding="utf-8")
    assert main(["check", str(folder), "--format", "json", "--exit-zero"]) == 0
    report: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return report


def test_an_unknown_call_that_may_load_is_an_assumption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = check("session, user", tmp_path, capsys)
    assert [(note["kind"], note["line"]) for note in report["assumptions"]] == [("assumed", 23)]
    assert "`fill`" in str(report["assumptions"][0]["message"])
    assert [(finding["line"], finding["confidence"]) for finding in report["findings"]] == [(24, "possible")]


def test_an_unknown_call_that_cannot_load_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = check("1", tmp_path, capsys)
    assert report["assumptions"] == []
    assert [(finding["line"], finding["confidence"]) for finding in report["findings"]] == [(24, "definite")]
