"""Session defaults and session classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.facts.sessionclasses import SessionKind
from greenroom.program.symbols import External
from tests.facts.projects import backend, symbol

FACTORY = """
from sqlalchemy.ext.asyncio import async_sessionmaker, AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maker = async_sessionmaker(engine)", (True, True)),
        ("maker = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)", (False, False)),
        ("maker = async_sessionmaker[AsyncSession](engine, expire_on_commit=False)", (False, True)),
        ("maker = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)", (False, True)),
        ("maker = sessionmaker(engine, expire_on_commit=False)", (None, None)),
        ("OPTIONS = {'expire_on_commit': False}\nmaker = async_sessionmaker(engine, **OPTIONS)", (False, True)),
        ("def f():\n    return AsyncSession(engine, expire_on_commit=False)", (False, True)),
        ("a = async_sessionmaker(engine)\nb = async_sessionmaker(engine, expire_on_commit=False)", (None, True)),
        ("KEEP = False\nmaker = async_sessionmaker(engine, expire_on_commit=KEEP)", (False, True)),
        ("maker = async_sessionmaker(engine, expire_on_commit=settings.keep)", (None, True)),
        ("def f(session: AsyncSession): ...", (None, None)),
    ],
)
def test_factories(tmp_path: Path, text: str, expected: tuple[bool | None, bool | None]) -> None:
    defaults = backend(tmp_path, db=FACTORY + text).session_defaults()
    assert (defaults.expire_on_commit, defaults.autoflush) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('engine = create_async_engine("postgresql+asyncpg://u@h/d")', ("postgresql",)),
        ('class Settings:\n    DATABASE_URL: str = "mysql+aiomysql://u@h/d"', ("mysql",)),
        ('url = f"sqlite+aiosqlite:///{path}"\nother = "postgresql+asyncpg://h"', ("postgresql", "sqlite")),
        ('url = "postgres://h"', ("postgresql",)),
        ("from pydantic import PostgresDsn\nclass Settings:\n    url: PostgresDsn", ("postgresql",)),
        ('url = "https://example.org"', ()),
    ],
)
def test_dialects(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    assert backend(tmp_path, db=text).session_defaults().dialects == expected


def test_session_classes(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        db="""
        from sqlmodel.ext.asyncio.session import AsyncSession
        from sqlalchemy.orm import Session
        class Audited(AsyncSession): ...
        class Plain(Session): ...
        class Other: ...
        """,
    )
    assert facts.is_async_session(symbol(facts, "db", "Audited"))
    assert facts.is_sync_session(symbol(facts, "db", "Plain"))
    assert facts.session_kind(symbol(facts, "db", "Other")) is None
    assert facts.is_async_session(External("sqlalchemy.ext.asyncio.AsyncSession"))
    assert facts.session_kind(External("requests.Session")) is None
    assert facts.session_kind(External("sqlalchemy.orm.scoped_session")) is SessionKind.SYNC
    assert facts.session_kind(None) is None
