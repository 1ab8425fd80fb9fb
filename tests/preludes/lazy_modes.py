"""A relationship for every value of ``lazy=``."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, WriteOnlyMapped, mapped_column, relationship


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    selectin: Mapped[list[Item]] = relationship(lazy="selectin", viewonly=True)
    joined: Mapped[list[Item]] = relationship(lazy="joined", viewonly=True)
    subquery: Mapped[list[Item]] = relationship(lazy="subquery", viewonly=True)
    immediate: Mapped[list[Item]] = relationship(lazy="immediate", viewonly=True)
    raising: Mapped[list[Item]] = relationship(lazy="raise", viewonly=True)
    raising_on_sql: Mapped[list[Item]] = relationship(lazy="raise_on_sql", viewonly=True)
    writing: WriteOnlyMapped[Item] = relationship()
    dynamic: DynamicMapped[Item] = relationship(overlaps="writing")


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    joined_shop: Mapped[Shop | None] = relationship(lazy="joined", viewonly=True)
    careful_shop: Mapped[Shop | None] = relationship(lazy="raise_on_sql", viewonly=True)
    refused_shop: Mapped[Shop | None] = relationship(lazy="raise", viewonly=True)


async def seed(session: AsyncSession) -> None:
    """A shop with two items."""
    shop = Shop(name="s1")
    session.add(shop)
    await session.flush()
    session.add_all([Item(name="i1", shop_id=shop.id), Item(name="i2", shop_id=shop.id)])
