"""Operations that a project teaches in its configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

SOURCE = """
from acme import Store, save_all
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Session = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/app"))


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def own(session: AsyncSession) -> None:
    session.info["later"] = True


class Work:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def done(self) -> None:
        self.session.info["later"] = True


async def by_a_library(session: AsyncSession) -> str:
    user = await session.get_one(User, 1)
    await save_all(session)
    return user.name  # acme.save_all


async def by_a_method_of_a_library(session: AsyncSession, store: Store) -> str:
    user = await session.get_one(User, 1)
    await store.save(session)
    return user.name  # acme.Store.*


async def by_a_function(session: AsyncSession) -> str:
    user = await session.get_one(User, 1)
    own(session)
    return user.name  # app.own


async def by_what_holds_the_session(session: AsyncSession) -> str:
    user = await session.get_one(User, 1)
    await Work(session).done()
    return user.name  # app.Work.done
"""
NAMES = ["acme.save_all", "acme.Store.*", "app.own", "app.Work.done"]


def found(folder: Path, operations: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    (folder / "app.py").write_text(SOURCE, encoding="utf-8")
    (folder / "pyproject.toml").write_text(f"[tool.greenroom.operations]\n{operations}\n", encoding="utf-8")
    assert main(["check", str(folder), "--format", "json", "--exit-zero"]) == 0
    lines = SOURCE.splitlines()
    return [lines[row["line"] - 1].rpartition("# ")[2] for row in json.loads(capsys.readouterr().out)["findings"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_taught_commit_expires(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(tmp_path, f'"{name}" = ["flush", "commit"]', capsys) == [name]


def test_without_it_nothing_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(tmp_path, "", capsys) == []


def test_what_is_taught_can_be_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(tmp_path, '"app.*" = ["flush"]\n"acme.*" = []', capsys) == []


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ('"app.own" = ["comit"]', "= 'comit' is not an operation (did you mean 'commit'?)"),
        ('"app.own" = "commit"', "must be a list of flush, commit, rollback, expire_all, expunge_all, close"),
    ],
)
def test_mistakes_are_one_line(operations: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(f"[tool.greenroom.operations]\n{operations}\n", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert "pyproject.toml" in error
