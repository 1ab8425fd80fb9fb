"""A kind of bad input: the files of a project, and what the report says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.interpret import run

MODELS = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
class Base(DeclarativeBase): pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
USE = "async def use(session: AsyncSession, user: User):\n"
READ = "    await session.commit()\n    return user.name\n"
FOUND = ("GR101", "m.py", "`User.name` was expired by a commit")
STACK = ("note", "m.py", "nested deeper than the interpreter's stack")
STEPS = ("note", "m.py", f"the bound of {run.STEPS:,} steps")
DEPTH = ("note", "m.py", f"the bound of {run.DEPTH} nested calls")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of bad input."""

    name: str
    files: Mapping[str, str | bytes]
    told: tuple[tuple[str, str, str], ...] = ()
    """The findings (by rule) and notes that there must be: rule or ``note``, file, part of the message. Nothing: a clean run."""
    prepare: Callable[[Path], object] | None = None
    """What files alone cannot be, such as links."""


def unreadable(why: str, name: str = "m.py") -> tuple[tuple[str, str, str], ...]:
    """The finding about a file that cannot be read."""
    return (("GR001", name, why),)


def one(name: str, text: str | bytes, *told: tuple[str, str, str]) -> Kind:
    """A project of one file."""
    return Kind(name, {"m.py": text}, told)
