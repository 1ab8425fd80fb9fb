"""A tree of nodes: relationships of a class to itself, eager by themselves and without a reverse side."""

from __future__ import annotations

from sqlalchemy import Computed, ForeignKey, func
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Node(Base):
    """Loads its children by itself, in a query of their own."""

    __tablename__ = "nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    children: Mapped[list[Node]] = relationship(lazy="selectin")


class Branch(Base):
    """Loads its twigs by itself, in the same query."""

    __tablename__ = "branches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    twigs: Mapped[list[Branch]] = relationship(lazy="joined")


class Folder(Base):
    """Knows its files, which do not know it."""

    __tablename__ = "folders"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    files: Mapped[list[File]] = relationship()


class File(Base):
    __tablename__ = "files"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()
    loud: Mapped[str] = mapped_column(Computed("upper(name)"))
    changed: Mapped[str] = mapped_column(server_default="never", onupdate=func.lower("LATER"))
    length: Mapped[int] = column_property(func.length(name))
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folders.id"))


async def seed(session: AsyncSession) -> None:
    """A node with a child, a branch with a twig, a folder with a file, and a file without a folder."""
    session.add(Node(name="n1", children=[Node(name="n2")]))
    session.add(Branch(name="b1", twigs=[Branch(name="b2")]))
    session.add(Folder(name="d1", files=[File(name="f1")]))
    await session.flush()
    session.add(File(name="f2"))
