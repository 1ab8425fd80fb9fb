"""Defaults of columns that ask the clock for a moment of the wrong kind, which no function shows."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from greenroom.cli.main import main

MODELS = """\
from datetime import UTC, datetime

from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlmodel import Field, SQLModel

engine = create_async_engine("postgresql+asyncpg://localhost/app")


class Base(DeclarativeBase):
    pass


def utc_now() -> datetime:
    return datetime.now(UTC)


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    began: Mapped[datetime] = mapped_column({began})


class Ping(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field({at})
"""


@pytest.mark.parametrize(
    ("began", "at", "sqlmodel", "expected"),
    [
        ("DateTime, default=lambda: datetime.now(UTC)", "default_factory=utc_now", "0.0.50", ["GR402"]),
        ("DateTime, default=utc_now", "default_factory=utc_now", "0.0.50", ["GR402"]),
        ("DateTime(timezone=True), default=datetime.utcnow", "default_factory=utc_now", "0.0.50", ["GR403"]),
        ("DateTime(timezone=True), default=utc_now", "default_factory=datetime.utcnow", "0.0.50", ["GR403"]),
        ("DateTime(timezone=True), default=datetime.now", "default_factory=datetime.now", "0.0.50", ["GR403"]),
        ("DateTime(timezone=True), default=utc_now", "default_factory=datetime.utcnow", "0.0.44", []),
        ("DateTime(timezone=True), default=utc_now", "default_factory=utc_now", "0.0.44", ["GR402"]),
        ("DateTime, default=datetime.utcnow", "default_factory=utc_now", "0.0.50", []),
        ("default=datetime.utcnow", "default_factory=utc_now", "0.0.50", []),
    ],
)
def test_defaults(began: str, at: str, sqlmodel: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS.format(began=began, at=at))
    (tmp_path / "requirements.txt").write_text(f"asyncpg==0.30.0\nsqlmodel=={sqlmodel}\n")
    output = io.StringIO()
    with redirect_stdout(output):
        main(["check", str(tmp_path), "--format", "json", "--exit-zero", "--select", "GR4"])
    assert [finding["rule"] for finding in json.loads(output.getvalue())["findings"]] == expected
