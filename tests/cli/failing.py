"""A small project with one finding of GR101 in each function of ``app/service.py``."""

from __future__ import annotations

from pathlib import Path

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
SERVICE = """\
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User


async def rename(session: AsyncSession, user_id: int) -> str:
    user = await session.get_one(User, user_id)
    await session.commit()
    return user.name


async def greet(session: AsyncSession, user_id: int) -> str:
    user = await session.get_one(User, user_id)
    await session.commit()
    return f"hello {user.name}"
"""


def write_project(folder: Path, service: str = SERVICE) -> Path:
    """Write the project into ``folder`` and return it."""
    app = folder / "app"
    app.mkdir(parents=True, exist_ok=True)
    (app / "__init__.py").write_text("", encoding="utf-8")
    (app / "models.py").write_text(MODELS, encoding="utf-8")
    (app / "service.py").write_text(service, encoding="utf-8")
    return folder
