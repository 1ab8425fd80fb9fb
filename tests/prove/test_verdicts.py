"""What is said of findings that a run does not show, or that nothing can be derived for."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from greenroom.prove.search import Proof
from greenroom.prove.verdict import Outcome
from tests.prove.proving import claims, proved

MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

engine = create_async_engine("sqlite+aiosqlite:///never-opened.db")
Session = async_sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")
"""


def prove(folder: Path, code: str, models: str = MODELS) -> Proof:
    """Prove the one finding of a module beside the models."""
    (folder / "models.py").write_text(models, encoding="utf-8")
    file = folder / "shelf.py"
    header = "from models import *\nfrom models import Author, AsyncSession, Book, Session, engine\n"
    file.write_text(header + textwrap.dedent(code), encoding="utf-8")
    (claim,) = claims(folder, file)
    return proved(folder, claim)


def test_rows_decide_a_possible_finding(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        async def first(session: AsyncSession, book_id: int) -> str:
            book = await session.get_one(Book, book_id)
            author = await session.get_one(Author, 1)
            return f"{author.name}: {book.author.name}"
        """,
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED
    assert proof.text is not None
    assert "book_id=2" in proof.text  # the author of the first book is in the identity map


def test_a_flag_that_the_way_needs_is_found(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        async def rename(session: AsyncSession, author_id: int, name: str, quiet: bool, loud: bool = False) -> str:
            author = await session.get(Author, author_id)
            if author is None:
                raise LookupError(author_id)
            if name == author.name:
                return name
            author.name = name
            await session.commit()
            if not quiet:
                return ""
            return author.name
        """,
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason


def test_an_error_that_the_code_swallows_is_reproduced_all_the_same(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        async def count(session: AsyncSession) -> int:
            author = await session.get_one(Author, 1)
            try:
                return len(author.books)
            except Exception:
                return 0
        """,
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED
    assert proof.verdict.swallowed


def test_a_finding_that_an_earlier_one_hides(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS, encoding="utf-8")
    file = tmp_path / "shelf.py"
    file.write_text(
        textwrap.dedent("""
        from models import AsyncSession, Author, Book

        async def both(session: AsyncSession) -> str:
            author = await session.get_one(Author, 1)
            book = await session.get_one(Book, 1)
            await session.commit()
            first = author.name
            return first + book.title
        """),
        encoding="utf-8",
    )
    first, second = claims(tmp_path, file)
    assert proved(tmp_path, first).verdict.outcome is Outcome.REPRODUCED
    verdict = proved(tmp_path, second).verdict
    assert verdict.outcome is Outcome.UNDERIVED
    assert verdict.reason == "the run fails earlier, with MissingGreenlet at shelf.py:8, about `Author.name`; mend that first"


def test_a_session_of_the_module_s_own_engine_stays_in_memory(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        def own() -> AsyncSession:
            return AsyncSession(engine)

        async def count() -> int:
            async with own() as session:
                author = await session.get_one(Author, 1)
            return len(author.books)
        """,
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason
    assert not list(tmp_path.rglob("*.db"))


def test_an_engine_that_a_function_makes_and_keys_that_the_code_looks_up(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

        _factory = None

        def make_engine() -> AsyncEngine:
            return create_async_engine("sqlite+aiosqlite:///never-opened.db")

        def factory() -> async_sessionmaker[AsyncSession]:
            global _factory
            if _factory is None:
                _factory = async_sessionmaker(make_engine())
            return _factory

        async def count(payload: dict) -> int:
            async with factory()() as session:
                author = (await session.scalars(select(Author).where(Author.name != payload["name"]))).first()
                return len(author.books)
        """,
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason
    assert proof.text is not None
    assert 'patch("shelf.make_engine", lambda: engine)' in proof.text


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            """
            class Printer:
                def __init__(self, device): ...

            async def count(session: AsyncSession, printer: Printer) -> int:
                author = await session.get_one(Author, 1)
                return len(author.books)
            """,
            (
                "parameter `printer: Printer` of `count`: parameter `device` of `Printer.__init__`: "
                "it has no annotation that says what it takes"
            ),
        ),
        (
            """
            import not_installed_anywhere

            async def count(session: AsyncSession) -> int:
                author = await session.get_one(Author, 1)
                return len(author.books)
            """,
            (
                "importing `shelf.py` fails: ModuleNotFoundError: No module named 'not_installed_anywhere'; "
                "give the interpreter that the project is installed for with --python"
            ),
        ),
        (
            """
            import os
            SECRET = os.environ["GREENROOM_TESTS_HAVE_NO_SUCH_SETTING"]

            async def count(session: AsyncSession) -> int:
                author = await session.get_one(Author, 1)
                return len(author.books)
            """,
            "importing `shelf.py` fails: KeyError: 'GREENROOM_TESTS_HAVE_NO_SUCH_SETTING'; set what is missing in the environment",
        ),
        (
            """
            import socket

            async def count(session: AsyncSession) -> int:
                author = await session.get_one(Author, 1)
                socket.create_connection(("127.0.0.1", 9))
                return len(author.books)
            """,
            (
                "no input was found that leads through shelf.py:9; the nearest run ended with ConnectionRefusedError: "
                "greenroom prove allows no network: 127.0.0.1 at shelf.py:8"
            ),
        ),
    ],
    ids=["constructor", "package", "setting", "network"],
)
def test_what_stands_in_the_way_is_named(tmp_path: Path, code: str, reason: str) -> None:
    verdict = prove(tmp_path, code).verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.UNDERIVED, reason)


POSTGRES = """
from uuid import UUID
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID as PGUUID
"""
COLUMNS = """
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    profile: Mapped[dict] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    made_by: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    token: Mapped[UUID] = mapped_column(PGUUID(as_uuid=True))
"""


def test_types_and_defaults_of_postgresql(tmp_path: Path) -> None:
    proof = prove(
        tmp_path,
        """
        from uuid import UUID
        from sqlalchemy import select

        async def count(session: AsyncSession, token: UUID) -> int:
            author = (await session.scalars(select(Author).where(Author.token == token))).one()
            return len(author.books)
        """,
        POSTGRES + MODELS.replace("    name: Mapped[str]\n", f"    name: Mapped[str]\n{COLUMNS}"),
    )
    assert proof.verdict.outcome is Outcome.REPRODUCED, proof.verdict.reason
