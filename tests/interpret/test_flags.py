"""A function that is entered by itself is given what the project's calls agree on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

SERVICE = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


async def rename(user: User, session: AsyncSession, *, undo: bool = True) -> str:
    if undo:
        await session.rollback()
    return user.name
"""
CALLERS = {
    "nobody undoes": ("await rename(user, session, undo=False)", []),
    "somebody does": ("await rename(user, session)", [18]),
    "a caller decides": ("await rename(user, session, undo=bool(user))", [18]),
    "handed over": ("await with_retry(rename, user, session)", [18]),
}


@pytest.mark.parametrize(("call", "expected"), CALLERS.values(), ids=list(CALLERS))
def test_flags_are_what_the_calls_agree_on(call: str, expected: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "service.py").write_text(SERVICE, encoding="utf-8")
    caller = f"from elsewhere import with_retry\nfrom service import rename\n\n\nasync def job(user, session):\n    {call}\n"
    (tmp_path / "jobs.py").write_text(caller, encoding="utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--exit-zero"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [finding["line"] for finding in report["findings"]] == expected
