# Written the way projects write models, every style among them.
# ruff: noqa: A003, ANN401
# mypy: ignore-errors
# Every spelling is here on purpose, old ones included.
"""Inheritance, dataclasses, hybrids, composites, registry decorators and imperative mappings."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, String, Table, func, select
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    column_property,
    composite,
    declarative_base,
    deferred,
    mapped_column,
    registry,
    relationship,
    synonym,
)


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Employee(Base):
    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    name: Mapped[str]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id"))
    company: Mapped[Company] = relationship(back_populates="employees")
    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_identity": "employee"}

    @hybrid_property
    def upper(self) -> str:
        return self.name.upper()

    @upper.inplace.expression
    @classmethod
    def _upper(cls) -> Any:
        return func.upper(cls.name)

    @hybrid_method
    def called(self, name: str) -> bool:
        return self.name == name

    alias = synonym("name")


class Company(Base):
    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(primary_key=True)
    employees: Mapped[list[Employee]] = relationship(back_populates="company")
    managers: Mapped[list[Manager]] = relationship(viewonly=True)
    head_count: Mapped[int] = column_property(
        select(func.count(Employee.id)).where(Employee.company_id == id).correlate_except(Employee).scalar_subquery(), deferred=True
    )


class Engineer(Employee):
    __tablename__ = "engineers"

    id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    language: Mapped[str]
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("managers.id"))
    mentor: Mapped[Manager | None] = relationship(foreign_keys=[mentor_id])
    __mapper_args__ = {"polymorphic_identity": "engineer", "polymorphic_load": "selectin", "inherit_condition": id == Employee.id}


class Manager(Employee):
    __tablename__ = "managers"

    id: Mapped[int] = mapped_column(ForeignKey(Employee.id), primary_key=True)
    budget: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "manager", "polymorphic_load": "inline"}


class Director(Manager):
    __mapper_args__ = {"polymorphic_identity": "director"}

    car: Mapped[str | None]


class Intern(Employee):
    __mapper_args__ = {"polymorphic_identity": "intern"}

    school: Mapped[str | None] = mapped_column(use_existing_column=True)


class Retired(Employee):
    __tablename__ = "retired"
    __mapper_args__ = {"concrete": True, "polymorphic_identity": "retired"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    since: Mapped[int]


@dataclasses.dataclass
class Point:
    x: int
    y: int


class Vertex(Base):
    __tablename__ = "vertices"

    id: Mapped[int] = mapped_column(primary_key=True)
    x1: Mapped[int]
    y1: Mapped[int]
    start: Mapped[Point] = composite("x1", "y1")
    end: Mapped[Point] = composite(mapped_column("x2"), mapped_column("y2"))
    middle = composite(Point, Column("x3", Integer), Column("y3", Integer))


class DataBase(MappedAsDataclass, DeclarativeBase, repr=False):
    pass


class Item(DataBase):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    note: Mapped[str | None] = mapped_column(default=None)
    number: Mapped[int] = mapped_column(default_factory=lambda: 3, insert_default=func.abs(-1))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), default=None)
    parts: Mapped[list[Item]] = relationship(default_factory=list, repr=False)


mapper_registry = registry()
OldBase = declarative_base()
GeneratedBase = mapper_registry.generate_base()


class Old(OldBase):
    __tablename__ = "old"

    id = Column(Integer, primary_key=True)
    text = deferred(Column(String))


class Generated(GeneratedBase):
    __tablename__ = "generated_base"

    id = Column(Integer, primary_key=True)


@mapper_registry.mapped
class Decorated:
    __tablename__ = "decorated"

    id = Column(Integer, primary_key=True)


@mapper_registry.mapped_as_dataclass(eq=False)
class DecoratedData:
    __tablename__ = "decorated_data"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]


class Imperative:
    def shout(self) -> str:
        return "x"

    @hybrid_property
    def double(self) -> int:
        return self.size * 2


class ImperativeChild:
    pass


imperative_table = Table(
    "imperative",
    mapper_registry.metadata,
    Column("id", Integer, primary_key=True),
    Column("size", Integer, onupdate=func.abs(1)),
    Column("internal", String),
    Column("huge", String),
)
child_table = Table(
    "imperative_children",
    mapper_registry.metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("imperative.id")),
)


def start_mappers() -> None:
    mapper_registry.map_imperatively(
        Imperative,
        imperative_table,
        properties={
            "renamed": imperative_table.c.internal,
            "huge": deferred(imperative_table.c.huge),
            "children": relationship(ImperativeChild, backref="parent", lazy="selectin"),
            "also": synonym("size"),
        },
        eager_defaults=True,
    )
    mapper_registry.map_imperatively(ImperativeChild, child_table)


start_mappers()
