"""What is known of values that clients send, across calls, summaries of calls, lists and dictionaries."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from greenroom.cli.main import main

APP = """\
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("postgresql+asyncpg://localhost/app")
Session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session():
    async with Session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))


class Line(BaseModel):
    owner_id: int


class Body(BaseModel):
    name: str
    owner_id: int
    owner_ids: list[int] = []
    lines: list[Line] = []


app = FastAPI()


async def existing(session: AsyncSession, owner_id: int) -> Owner:
    owner = await session.get(Owner, owner_id)
    if owner is None:
        raise HTTPException(404)
    return owner


async def all_existing(session: AsyncSession, owner_ids: list[int]) -> None:
    found = set(await session.scalars(select(Owner.id).where(Owner.id.in_(owner_ids))))
    if set(owner_ids) - found:
        raise HTTPException(404)


async def create(session: AsyncSession, name: str, owner_id: int) -> Item:
    item = Item(name=name, owner_id=owner_id)
    session.add(item)
    await session.flush()
    return item


"""
ROUTE = """\
@app.post("/{name}")
async def {name}(body: Body, session: SessionDep, other: int = 0) -> None:
{lines}
    await session.commit()


"""


def reported(folder: Path, **routes: str) -> list[str]:
    """The names of the routes with a key that nothing checks."""
    text = APP
    for name, body in routes.items():
        text += ROUTE.format(name=name, lines="\n".join(f"    {line}" for line in body.splitlines()))
    (folder / "app.py").write_text(text)
    output = io.StringIO()
    with redirect_stdout(output):
        main(["check", str(folder), "--format", "json", "--exit-zero", "--select", "GR406"])
    return [_function_at(text, finding["line"]) for finding in json.loads(output.getvalue())["findings"]]


def _function_at(text: str, line: int) -> str:
    before = reversed(text.splitlines()[:line])
    return next(found.split()[2].partition("(")[0] for found in before if found.startswith("async def"))


@pytest.mark.parametrize(
    "lines",
    [
        "session.add(Item(name=body.name, owner_id=body.owner_id))",
        "session.add(Item(**body.model_dump(exclude={'owner_ids', 'lines'})))",
        "data = body.model_dump()\ndata.pop('owner_ids')\nsession.add(Item(**data))",
        "data = body.model_dump()\ndata['name'] = 'x'\nsession.add(Item(name=data['name'], owner_id=data['owner_id']))",
        "session.add(Item(**{**body.model_dump(), 'name': 'x'}))",
        "item = await session.get_one(Item, 1)\nfor k, v in body.model_dump(exclude_unset=True).items():\n    setattr(item, k, v)",
        "for owner_id in body.owner_ids:\n    session.add(Item(name='x', owner_id=owner_id))",
        "session.add_all([Item(name='x', owner_id=line.owner_id) for line in body.lines])",
        "await existing(session, other)\nsession.add(Item(name='x', owner_id=body.owner_id))",
        "if body.owner_id is not None:\n    session.add(Item(name='x', owner_id=body.owner_id))",
        "print('owner', body.owner_id)\nsession.add(Item(name='x', owner_id=body.owner_id))",
    ],
)
def test_a_key_that_nothing_checks(lines: str, tmp_path: Path) -> None:
    assert reported(tmp_path, route=lines) == ["route"]


@pytest.mark.parametrize(
    "lines",
    [
        "await existing(session, body.owner_id)\nsession.add(Item(name='x', owner_id=body.owner_id))",
        "await existing(session, body.owner_id)\nawait create(session, body.name, body.owner_id)",
        "owner = await existing(session, body.owner_id)\nsession.add(Item(name='x', owner_id=owner.id))",
        "data = body.model_dump()\ndata['owner_id'] = 1\nsession.add(Item(**data))",
        "data = body.model_dump()\ndel data['owner_id']\nsession.add(Item(**data))",
        "data = body.model_dump()\ndata.update(owner_id=1)\nsession.add(Item(**data))",
        "session.add(Item(**body.model_dump(exclude={'owner_id'}), owner_id=1))",
        "await all_existing(session, body.owner_ids)\nfor owner_id in body.owner_ids:\n    session.add(Item(name='x', owner_id=owner_id))",
        "await all_existing(session, [l.owner_id for l in body.lines])\nfor l in body.lines:\n    session.add(Item(owner_id=l.owner_id))",
        "body.owner_id = 1\nsession.add(Item(name='x', owner_id=body.owner_id))",
        "if body.owner_id != other:\n    raise HTTPException(403)\nsession.add(Item(name='x', owner_id=body.owner_id))",
        "await app.check(body.owner_id)\nsession.add(Item(name='x', owner_id=body.owner_id))",
    ],
)
def test_a_key_that_is_checked_or_not_the_client_s(lines: str, tmp_path: Path) -> None:
    assert reported(tmp_path, route=lines) == []


def test_a_check_that_a_summary_tells_of(tmp_path: Path) -> None:
    """The second and third call of the helper are not followed again, and count all the same."""
    lines = "await existing(session, body.owner_id)\nsession.add(Item(name='x', owner_id=body.owner_id))"
    assert reported(tmp_path, one=lines, two=lines, three=lines + "\nsession.add(Item(name='y', owner_id=other))") == ["three"]


def test_the_same_helper_with_a_value_of_the_program(tmp_path: Path) -> None:
    """What a call did with a value of the program says nothing of one that a client sends."""
    assert reported(tmp_path, one="await create(session, 'x', 1)", two="await create(session, 'x', body.owner_id)") == ["create"]
