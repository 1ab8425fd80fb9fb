"""Collections other than lists, attributes with ``active_history``, and trees."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, attribute_keyed_dict, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(active_history=True)
    books: Mapped[set[Book]] = relationship(back_populates="shelf")
    by_title: Mapped[dict[str, Book]] = relationship(collection_class=attribute_keyed_dict("title"), viewonly=True)
    all_books: Mapped[list[Book]] = relationship(viewonly=True)


class Cover(Base):
    __tablename__ = "covers"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str]


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("covers.id"))
    spine_id: Mapped[int | None] = mapped_column(ForeignKey("covers.id"))
    shelf: Mapped[Shelf | None] = relationship(back_populates="books")
    cover: Mapped[Cover | None] = relationship(foreign_keys=cover_id, cascade="all, delete-orphan", single_parent=True)
    spine: Mapped[Cover | None] = relationship(foreign_keys=spine_id, active_history=True)


class Node(Base):
    __tablename__ = "nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side="Node.id")
    children: Mapped[list[Node]] = relationship(back_populates="parent")


async def seed(session: AsyncSession) -> None:
    """A shelf with two books that have covers, and a tree three levels deep."""
    shelf = Shelf(name="s1")
    shelf.books = {Book(title=title, cover=Cover(colour="red"), spine=Cover(colour="blue")) for title in ("b1", "b2")}
    root = Node(name="root", children=[Node(name="child", children=[Node(name="leaf")])])
    session.add_all([shelf, root])
