"""``greenroom explain path:line``: the state of every object at a line, and how it got there."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.cli.main import main

SOURCE = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    friend: Mapped["User"] = relationship()


async def keep(session: AsyncSession) -> None:
    await session.commit()


async def rename(session: AsyncSession, user_id: int) -> str:
    user = await session.get_one(User, user_id)
    fresh = User(name="new")
    await keep(session)
    return user.name + fresh.name


class Service:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def first(self) -> list[str]:
        users = (await self.session.scalars(select(User))).all()
        return [user.name for user in users]


Session = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/app"))
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'app'\n", encoding="utf-8")
    path = Path("app.py")
    path.write_text(SOURCE, encoding="utf-8")
    return path


def explained(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def test_every_object_with_its_attributes_by_condition(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained([f"{source}:25"], capsys) == (
        "app.py:25 in rename, before the line runs\n"
        "  session: session, expire_on_commit True, no transaction\n"
        "  user: User, persistent, from app.py:22\n"
        "    expired by a commit, app.py:18: id, name, friend\n"
        "  fresh: User, transient, from app.py:23\n"
        "    not set: reads None or an empty collection: id, friend\n"
        "    loaded: name\n"
    )


def test_before_the_line_nothing_has_happened_yet(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = explained([f"{source}:23"], capsys)
    assert "    loaded: id, name\n    never loaded, app.py:22: friend\n" in out
    assert "fresh" not in out


def test_a_helper_is_shown_with_the_calls_that_lead_there(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "app.py:18 in keep, before the line runs\n  called in app.py:24\n" in explained([f"{source}:18"], capsys)


def test_what_services_hold_is_named_by_the_expression_for_it(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = explained([f"{source}:34"], capsys)
    assert "  self.session: session," in out
    assert "  users[...]: one of several User, persistent, from app.py:33\n" in out


def test_a_line_that_nothing_leads_to(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained([f"{source}:9"], capsys) == "app.py:9: no statement that was followed stands here\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.py:3"], "greenroom explain: no such file or directory: missing.py; check the spelling and the working directory"),
        (
            ["app.py:3", "--project", "elsewhere"],
            "greenroom explain: app.py is not among the sources under elsewhere; give the folder that holds it with --project",
        ),
    ],
)
def test_mistakes_are_one_line(source: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("elsewhere").mkdir()
    (Path("elsewhere") / "other.py").write_text("x = 1\n", encoding="utf-8")
    assert main(["explain", *words]) == 2
    assert capsys.readouterr().err == message + "\n"
