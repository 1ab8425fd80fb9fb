"""How work is divided: among functions that one call may mean, between a block and its handlers, a manager and its block."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

from greenroom.cli.main import main
from greenroom.interpret.run import STEPS

MODELS = """
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""

DISPATCH = """
async def first(session: AsyncSession, user) -> None:
    await session.flush()
{long}

async def second(session: AsyncSession, user) -> None:
    await session.flush()
{long}

async def third(session: AsyncSession, user) -> None:
    await session.flush()
{long}

async def fourth(session: AsyncSession, user) -> str:
{short}
    await session.rollback()
    return user.name


HANDLERS = {{"first": first, "second": second, "third": third, "fourth": fourth}}


async def dispatch(session: AsyncSession, action: str) -> None:
    user = await session.get_one(User, 1)
    handler = HANDLERS[action]
    await handler(session, user)
"""

REGISTRY = """
async def last(session: AsyncSession, user) -> str:
    await session.rollback()
    return user.name


HANDLERS = {{{names}, "last": last}}


async def dispatch(session: AsyncSession, action: str) -> None:
    user = await session.get_one(User, 1)
    await HANDLERS[action](session, user)
"""

HANDLER = """
async def {name}(session: AsyncSession, user) -> None:
    if user.id > 1:
        user.name = "{name}"
    elif user.id > 2:
        await session.flush()
        await session.delete(user)
"""

GUARDED = """
async def guarded(session: AsyncSession) -> str:
    user = await session.get_one(User, 1)
    try:
        await session.execute(select(User))
{long}
    except Exception:
        await session.rollback()
    return user.name
"""


CUT = """
async def save(session: AsyncSession) -> bool:
{long}
    await session.commit()
    return True


async def change(session: AsyncSession) -> None:
    user = await session.get_one(User, 1)
    user.name = "somebody"
    if await save(session):
        await session.refresh(user)
"""


NESTED = """
make = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


@asynccontextmanager
async def innermost() -> AsyncIterator[AsyncSession]:
    async with make() as session:
        yield session


@asynccontextmanager
async def inner() -> AsyncIterator[AsyncSession]:
    async with innermost() as session:
        yield session


@asynccontextmanager
async def outer() -> AsyncIterator[AsyncSession]:
    async with inner() as session:
        yield session


async def inside() -> str:
    async with outer() as session:
        user = await session.get_one(User, 1)
{long}
        await session.rollback()
    return user.name
"""


def check(folder: Path, text: str) -> None:
    """The only finding is in the line that returns the name."""
    (folder / "app.py").write_text(text)
    output = io.StringIO()
    with redirect_stdout(output):
        main(["check", str(folder), "--select", "GR1", "--format", "json", "--exit-zero"])
    found = json.loads(output.getvalue())["findings"]
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "    return user.name"]
    assert [finding["line"] for finding in found] == lines


def test_a_call_that_used_its_share_up_may_have_written_what_waited(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(MODELS + CUT.format(long="    pass\n" * STEPS))
    output = io.StringIO()
    with redirect_stdout(output):
        main(["check", str(tmp_path), "--format", "json", "--exit-zero"])
    assert [finding["confidence"] for finding in json.loads(output.getvalue())["findings"]] == ["possible"]


def test_functions_of_a_dictionary_get_equal_shares(tmp_path: Path) -> None:
    check(tmp_path, MODELS + DISPATCH.format(long="    pass\n" * (STEPS // 2 + 100), short="    pass\n" * (STEPS // 10)))


def test_every_function_of_a_dictionary_is_followed_however_many_ways_the_others_have(tmp_path: Path) -> None:
    names = [f"handler_{number}" for number in range(10)]
    registry = REGISTRY.format(names=", ".join(f'"{name}": {name}' for name in names))
    check(tmp_path, MODELS + "".join(HANDLER.format(name=name) for name in names) + registry)


def test_the_body_of_a_block_is_no_work_of_its_manager(tmp_path: Path) -> None:
    check(tmp_path, MODELS + NESTED.format(long="        pass\n" * (STEPS // 2)))


def test_handlers_are_followed_however_long_the_block_is(tmp_path: Path) -> None:
    check(tmp_path, MODELS + GUARDED.format(long="        pass\n" * STEPS))
