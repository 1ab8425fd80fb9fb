"""What is loaded for certain is not even reported as possible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli.main import main

BLOG = Path(__file__).parents[1] / "preludes" / "blog.py"
HEADER = """\
from blog import Organisation, Post, User
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload


async def read(session: AsyncSession) -> object:
"""
PROGRAMS = {
    "along the to-one relationships of one row": """
    post = (await session.scalars(select(Post).where(Post.title == "p1").options(joinedload(Post.author)))).one()
    await post.author.awaitable_attrs.posts
    return [one.title for one in post.author.posts]
""",
    "a refresh of names that are computed": """
    user = await session.get_one(User, 1)
    await session.refresh(user, list(User.__mapper__.relationships.keys()))
    return [post.title for post in user.posts]
""",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=list(PROGRAMS))
def test_no_doubt_is_left(body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blog.py").write_text(BLOG.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "app.py").write_text(HEADER + body.strip("\n") + "\n", encoding="utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--exit-zero"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(finding["line"], finding["message"]) for finding in report["findings"]] == []


EITHER = """\
from blog import User, UserRead
from sqlalchemy.ext.asyncio import AsyncSession


async def read(session: AsyncSession, who: User | UserRead) -> object:
    await session.rollback()
    print(who.id)
    return who.name
"""


def test_a_name_that_may_be_either_of_two_objects_is_one_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blog.py").write_text(BLOG.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "app.py").write_text(EITHER, encoding="utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--exit-zero"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(finding["line"], finding["attribute"]) for finding in report["findings"]] == [(7, "id")]
