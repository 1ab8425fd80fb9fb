"""What the chain of a swallowed database error names: what failed, who caught it, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

SOURCE = """
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


async def count(session: AsyncSession) -> int:
    try:
        await session.execute(insert(User).values(id=1))  # failed
    except IntegrityError:  # caught
        pass
    return len((await session.scalars(select(User))).all())  # refused
"""


def test_the_chain_names_the_handler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text(SOURCE, encoding="utf-8")
    main(["check", str(tmp_path), "--dialect", "postgresql", "--format", "json", "--exit-zero"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    lines = SOURCE.splitlines()
    assert [lines[step["line"] - 1].rpartition("# ")[2] for step in finding["trace"]] == ["failed", "caught", "refused"]
