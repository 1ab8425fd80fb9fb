"""The audit of real sources: each class of operations, proofs of answers, and what nobody follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.config import Config, Selection
from greenroom.ledger.checklist import QUESTIONS
from greenroom.ledger.model import Answer, Ledger, Operation, Performed, Treatment
from greenroom.pipeline import audit, check
from greenroom.rules.registry import rules

DEMO = Path(__file__).parents[2] / "src" / "greenroom" / "demo" / "backend"
SOURCE = """
from enum import Enum

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

Session = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/app"), expire_on_commit=False)
Expiring = async_sessionmaker(create_async_engine("postgresql+asyncpg://db/app"))
router = APIRouter()


class Base(DeclarativeBase):
    pass


class Mood(Enum):
    GOOD = 1


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    mood: Mapped[Mood]
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class PostRead(BaseModel):
    title: str


class UserRead(BaseModel):
    id: int
    posts: list[PostRead]


def shout(user: User) -> str:
    return user.name.upper()


async def commit_only() -> None:
    async with Session() as session:
        session.add(User(name="a", mood=Mood.GOOD))
        await session.flush()  # commit only
        await session.commit()  # side effect only


async def id_only() -> int:
    async with Session() as session:
        user = User(name="a", mood=Mood.GOOD)
        session.add(user)
        await session.flush()  # id only
        key = user.id
        await session.commit()  # side effect only
        return key


async def refreshed() -> str:
    async with Expiring() as session:
        user = User(name="a", mood=Mood.GOOD)
        session.add(user)
        await session.commit()  # followed by refresh
        await session.refresh(user)  # safe
        return user.name


async def kept() -> str:
    async with Session() as session:
        user = User(name="a", mood=Mood.GOOD)
        session.add(user)
        await session.commit()  # safe
        return user.name


async def handed_on() -> str:
    async with Session() as session:
        user = User(name="a", mood=Mood.GOOD)
        session.add(user)
        await session.flush()  # safe
        return shout(user)


async def lost() -> str:
    async with Expiring() as session:
        user = User(name="a", mood=Mood.GOOD)
        session.add(user)
        await session.commit()  # hazardous
        return user.name


async def undone() -> None:
    async with Session() as session:
        session.add(User(name="a", mood=Mood.GOOD))
        await session.flush()  # side effect only
        await session.rollback()  # side effect only


async def nobody(thing) -> None:
    if False:
        await thing.session.commit()  # not followed


@router.get("/users/{user_id}", response_model=UserRead)
async def read(user_id: int):
    async with Session() as session:
        user = await session.scalar(select(User).where(User.id == user_id).options(selectinload(User.posts)))
        if user.mood is Mood.GOOD:
            return user
    return user


@router.get("/bare/{user_id}", response_model=UserRead)
async def bare(user_id: int):
    async with Session() as session:
        return await session.scalar(select(User).where(User.id == user_id))
"""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("audited")
    (folder / "app.py").write_text(SOURCE, encoding="utf-8")
    return audit([folder], Config())


def expected() -> list[tuple[int, str]]:
    return [(number, text.partition("  # ")[2]) for number, text in enumerate(SOURCE.splitlines(), 1) if "  # " in text]


def by_name(ledger: Ledger) -> list[Performed]:
    return [entry for entry in ledger.performed if not entry.implicit or entry.treatment is Treatment.NOT_FOLLOWED]


def test_every_operation_has_its_class(ledger: Ledger) -> None:
    assert [(entry.place.line, entry.treatment.value) for entry in by_name(ledger)] == expected()
    assert {treatment for _, treatment in expected()} == {treatment.value for treatment in Treatment}


def test_an_operation_says_what_it_wrote_and_what_is_read(ledger: Ledger) -> None:
    entries = {entry.place.function: entry for entry in by_name(ledger)}
    assert entries["kept"].models == ("User",)
    assert entries["kept"].reads == ("User.name",)
    assert entries["kept"].because == "User.name read afterwards; expire_on_commit=False keeps what is loaded"
    assert entries["handed_on"].reads == ("shout(...)",)
    assert [finding.rule for finding in entries["lost"].findings] == ["GR101"]


def test_answers_are_proven_attribute_by_attribute(ledger: Ledger) -> None:
    read, bare = ledger.endpoints
    assert [(proof.field, proof.attribute, proof.there) for proof in read.proofs] == [
        ("UserRead.id", "User.id", True),
        ("UserRead.posts", "User.posts", True),
        ("UserRead.posts.title", "Post.title", True),
    ]
    assert "selectin" in read.proofs[1].because
    assert [(proof.attribute, proof.there) for proof in bare.proofs][:2] == [("User.id", True), ("User.posts", False)]
    assert [finding.rule for finding in bare.findings] == ["GR107"]


def test_enumerations_and_sessions_are_listed(ledger: Ledger) -> None:
    (mood,) = ledger.enums
    assert (mood.model, mood.attribute, mood.enumeration) == ("User", "mood", "Mood")
    assert [place.line for place in mood.reads] == [SOURCE.splitlines().index("        if user.mood is Mood.GOOD:") + 1]
    assert [(session.expire_on_commit, session.test) for session in ledger.sessions] == [(False, False), (True, False)]


def test_a_hazard_is_one_whoever_ignores_the_rule(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE, encoding="utf-8")
    audited = audit([tmp_path], Config(selection=Selection(ignore=("GR101",))))
    (entry,) = [entry for entry in by_name(audited) if entry.place.function == "lost"]
    assert (entry.treatment, entry.findings) == (Treatment.HAZARD, ())
    assert entry.because == "User.name is read afterwards where it is absent"


def test_a_read_that_may_load_is_no_hazard(tmp_path: Path) -> None:
    source = SOURCE + (
        "\n\nasync def legal() -> str:\n    async with Expiring() as session:\n        user = await session.get_one(User, 1)\n"
        "        await session.commit()\n        return await session.run_sync(lambda _: user.name)\n"
    )
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    (entry,) = [entry for entry in by_name(audit([tmp_path], Config())) if entry.place.function == "legal"]
    assert (entry.treatment, entry.reads) == (Treatment.SAFE, ("User.name",))


def test_an_audit_has_the_findings_of_a_check() -> None:
    assert audit([DEMO], Config()).findings == check([DEMO], Config()).findings


def test_the_check_list_asks_rules_that_are_off_too(tmp_path: Path) -> None:
    assert {code for question in QUESTIONS for code in question.rules} <= {rule.code for rule in rules()}
    checks = {check.question: check for check in audit([DEMO], Config()).checks}
    assert len(checks) == 10
    assert checks["There is a flush where a generated key is needed"].answer is Answer.NO
    (tmp_path / "empty.py").write_text("from sqlalchemy.ext.asyncio import AsyncSession\n", encoding="utf-8")
    assert {check.answer for check in audit([tmp_path], Config()).checks} == {Answer.NOTHING}


def test_a_flush_before_a_query_is_implicit(tmp_path: Path) -> None:
    source = SOURCE + (
        "\n\nasync def counted() -> None:\n    async with Session() as session:\n"
        '        session.add(User(name="a", mood=Mood.GOOD))\n        await session.scalars(select(Post))\n        await session.commit()\n'
    )
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    found = [entry for entry in audit([tmp_path], Config()).performed if entry.place.function == "counted"]
    assert [(entry.operation, entry.implicit) for entry in found] == [(Operation.FLUSH, True), (Operation.COMMIT, False)]
