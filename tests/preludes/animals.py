"""Joined-table inheritance (animals) and single-table inheritance (vehicles)."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Keeper(Base):
    __tablename__ = "keepers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    animals: Mapped[list[Animal]] = relationship(back_populates="keeper", order_by="Animal.id")


class Animal(Base):
    __tablename__ = "animals"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("keepers.id"))
    keeper: Mapped[Keeper | None] = relationship(back_populates="animals")


class Dog(Animal):
    __tablename__ = "dogs"
    __mapper_args__ = {"polymorphic_identity": "dog"}

    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    breed: Mapped[str]


class Cat(Animal):
    """Comes with every query of the base class."""

    __tablename__ = "cats"
    __mapper_args__ = {"polymorphic_identity": "cat", "polymorphic_load": "selectin"}

    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    colour: Mapped[str]


class Vehicle(Base):
    __tablename__ = "vehicles"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    plate: Mapped[str]


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}

    load: Mapped[int | None]


async def seed(session: AsyncSession) -> None:
    """A keeper with a dog, then a cat, then a truck."""
    keeper = Keeper(name="k1")
    session.add(Dog(name="d1", breed="collie", keeper=keeper))
    await session.flush()
    session.add_all([Cat(name="c1", colour="grey", keeper=keeper), Truck(plate="t1", load=7)])
