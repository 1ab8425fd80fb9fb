"""Which functions of a project are entered."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

from greenroom.cli.main import main

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""

SERVICES = """
from models import User
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


class Users:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def everyone(self) -> list[User]:
        return list(await self.session.scalars(select(User)))

    async def rename(self, user: User, name: str) -> None:
        user.name = name
        await self.session.commit()


make = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))
"""

JOBS = """
from services import Users, make


async def nightly() -> None:
    async with make() as opened:
        users = Users(opened)
        for user in await users.everyone():
            await users.rename(user, "somebody")
            print(user.name)
"""

COMMAND = """
from jobs import nightly


async def main() -> None:
    await nightly()
"""


def test_what_imports_a_service_is_entered_though_it_mentions_no_session(tmp_path: Path) -> None:
    for name, text in (("models", MODELS), ("services", SERVICES), ("jobs", JOBS), ("command", COMMAND)):
        (tmp_path / f"{name}.py").write_text(text)
    output = io.StringIO()
    with redirect_stdout(output):
        main(["check", str(tmp_path), "--format", "json", "--exit-zero"])
    found = json.loads(output.getvalue())["findings"]
    assert [(Path(finding["path"]).name, finding["line"]) for finding in found] == [("jobs.py", 10)]
    assert any(str(step["path"]).endswith("jobs.py") for step in found[0]["trace"])
