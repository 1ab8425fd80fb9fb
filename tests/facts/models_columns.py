# Written the way projects write models, every style among them.
# ruff: noqa: ANN401, ICN001, N801, N805, PLW0108, UP007, UP037, UP045
# mypy: ignore-errors
# Every spelling is here on purpose, old ones included.
"""Columns in every spelling."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, Optional, Union

import sqlalchemy as sa
from sqlalchemy import (
    Column,
    Computed,
    DateTime,
    Enum,
    FetchedValue,
    ForeignKey,
    Identity,
    Integer,
    Sequence,
    String,
    func,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, deferred, mapped_column, query_expression
from sqlalchemy.sql.expression import FunctionElement


class Status(enum.Enum):
    ACTIVE = "active"
    GONE = "gone"


class Level(enum.IntEnum):
    LOW = 1


class utcnow(FunctionElement[Any]):
    type = DateTime()
    inherit_cache = True


@compiles(utcnow)
def _compile_utcnow(element: object, compiler: object, **_: object) -> str:
    return "CURRENT_TIMESTAMP"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def sql_now() -> Any:
    return func.now()


def timestamp_column(*, updated: bool = False, **kwargs: Any) -> Any:
    if updated:
        return mapped_column(DateTime, server_default=func.now(), onupdate=func.now(), **kwargs)
    return mapped_column(DateTime, server_default=func.now(), **kwargs)


def key_to(target: str, **kwargs: Any) -> Any:
    return mapped_column(ForeignKey(target), **kwargs)


required = partial(mapped_column, nullable=False)
intpk = Annotated[int, mapped_column(primary_key=True)]
str50 = Annotated[str, 50]
created = Annotated[datetime.datetime, mapped_column(server_default=func.now(), nullable=False)]
lazy_text = Annotated[str, mapped_column(deferred=True, deferred_group="big")]
author_key = Annotated[int, mapped_column(ForeignKey("authors.id"))]
DEFAULT = "fallback"
AUTHORS = "authors"


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: sa.JSON, str50: String(50)}


class Author(Base):
    __tablename__ = AUTHORS

    id: Mapped[intpk]


class Everything(Base):
    __tablename__ = "everything"
    __table_args__ = (sa.UniqueConstraint("plain"), {"implicit_returning": False})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    plain: Mapped[str]
    optional: Mapped[Optional[str]]
    old_union: Mapped[Union[str, None]]
    union: Mapped[str | None]
    quoted: Mapped["str | None"]
    old_style = Column(String(10))
    old_required = Column("renamed_in_table", String(10), nullable=False)
    typed_column: Mapped[str] = Column(String)
    no_annotation = mapped_column(Integer)
    explicit: Mapped[str] = mapped_column(nullable=True)
    explicit_not: Mapped[str | None] = mapped_column(nullable=False)
    short: Mapped[str50]
    maybe_short: Mapped[str50 | None]
    moment: Mapped[created]
    maybe_moment: Mapped[created | None]
    big: Mapped[lazy_text]
    author_id: Mapped[author_key]
    own_author_id: Mapped[int] = mapped_column(ForeignKey(Author.id))
    formatted_id: Mapped[int] = mapped_column(ForeignKey(f"{AUTHORS}.id"))
    table_name_id: Mapped[int] = mapped_column(ForeignKey(f"{Author.__tablename__}.id"))
    helper_id: Mapped[int | None] = key_to("authors.id", index=True)
    python_value: Mapped[str] = mapped_column(default="x")
    python_name: Mapped[str] = mapped_column(default=DEFAULT)
    python_callable: Mapped[datetime.datetime] = mapped_column(default=now)
    python_lambda: Mapped[datetime.datetime] = mapped_column(default=lambda: now(), onupdate=lambda: now())
    python_member: Mapped[Status] = mapped_column(default=Status.ACTIVE)
    python_uuid: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    insert_default_value: Mapped[str] = mapped_column(insert_default="x")
    nothing: Mapped[str | None] = mapped_column(default=None)
    sql_default: Mapped[datetime.datetime] = mapped_column(default=func.now(), onupdate=func.now())
    sql_current: Mapped[datetime.datetime] = mapped_column(default=func.current_timestamp())
    sql_text: Mapped[str] = mapped_column(default=text("'x'"))
    sql_select: Mapped[int] = mapped_column(default=select(func.max(Author.id)).scalar_subquery())
    sql_sum: Mapped[int] = mapped_column(default=func.random() + 1)
    sql_literal: Mapped[int] = mapped_column(default=sa.literal(1))
    sql_custom: Mapped[datetime.datetime] = mapped_column(default=utcnow(), onupdate=utcnow())
    sql_helper: Mapped[datetime.datetime] = mapped_column(default=sql_now())
    sequence: Mapped[int] = mapped_column(Sequence("numbers"))
    server: Mapped[str] = mapped_column(server_default="x")
    server_false: Mapped[bool] = mapped_column(server_default=sa.false())
    server_fetched: Mapped[str] = mapped_column(server_default=FetchedValue(), server_onupdate=FetchedValue())
    positional_fetched: Mapped[int] = mapped_column(Integer, FetchedValue())
    computed: Mapped[int] = mapped_column(Computed("id * 2"))
    computed_column = Column(Integer, Computed("id * 3"))
    identity: Mapped[int] = mapped_column(Identity())
    identity_column = Column(Integer, Identity(always=True))
    deferred_column: Mapped[str] = mapped_column(deferred=True)
    deferred_grouped: Mapped[str] = mapped_column(deferred_group="g")
    deferred_raising: Mapped[str] = mapped_column(deferred_raiseload=True)
    deferred_call: Mapped[str] = deferred(mapped_column(String))
    deferred_old = deferred(Column(String), group="old")
    historic: Mapped[str] = mapped_column(active_history=True)
    status: Mapped[Status]
    status_given: Mapped[Status] = mapped_column(Enum(Status, native_enum=False), server_default=Status.GONE.name)
    status_pg: Mapped[str] = mapped_column(sa.Enum("a", "b", name="letters"))
    level: Mapped[Level | None]
    literal: Mapped[Literal["a", "b"]]
    number: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))
    payload: Mapped[dict[str, Any]]
    partial: Mapped[str | None] = required(String(10))
    helper: Mapped[datetime.datetime] = timestamp_column(updated=True)
    expression: Mapped[int | None] = query_expression()
    total = sa.orm.column_property(sa.literal_column("1 + 1", Integer))
    total_deferred: Mapped[int] = sa.orm.column_property(sa.literal_column("1 + 2", Integer), deferred=True)


class Composite(Base):
    __tablename__ = "composite_keys"
    __table_args__ = (sa.ForeignKeyConstraint(["left", "right_in_table"], ["pairs.left", "pairs.right"]),)

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column("right_in_table", primary_key=True)


class Pair(Base):
    __tablename__ = "pairs"

    left: Mapped[int] = mapped_column()
    right: Mapped[int]
    __table_args__ = (sa.PrimaryKeyConstraint("left", "right"),)


class HasTimes:
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime.datetime | None] = mapped_column(onupdate=func.now())


class HasAuthor:
    @declared_attr
    def author_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("authors.id"))

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower() + "s"


class Generated(HasTimes, HasAuthor, Base):
    id: Mapped[intpk]
    updated_at: Mapped[datetime.datetime] = mapped_column(default=now)


class Removed(HasTimes, Base):
    __tablename__ = "removed"

    id: Mapped[intpk]
    updated_at = None


class Abstract(Base):
    __abstract__ = True
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[intpk]
    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return f"{cls.__name__.lower()}_table"


class Concrete(HasTimes, Abstract):
    name: Mapped[str]


class Versioned(Base):
    __tablename__ = "versioned"

    id: Mapped[intpk]
    version_id: Mapped[int] = mapped_column(nullable=False)
    __mapper_args__ = {"version_id_col": version_id, "eager_defaults": False}


users_table = sa.Table(
    "table_users",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("user_name", String, key="name", server_default="x"),
    Column("full_name", String, nullable=False),
    Column("author_id", ForeignKey("authors.id")),
    implicit_returning=False,
)


class FromTable(Base):
    __table__ = users_table

    display_name = users_table.c.full_name
