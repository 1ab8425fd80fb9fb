"""The tables that the tests of models share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from greenroom.kit.models import (
    Document,
    Handle,
    Id,
    Input,
    Int2,
    Int4,
    Int8,
    Line,
    NaiveUtc,
    Record,
    Slug,
    Tags,
    Text,
    UtcDatetime,
    choices,
    own_registry,
)


class Base(Record, registry=own_registry()):
    """Tables of these tests only."""


class Kind(StrEnum):
    HUMAN = "human"
    AGENT = "agent"


class Worker(Base, table=True):
    name: Annotated[str, Line(200)] = Field(unique=True)
    kind: Kind = Field(default=Kind.HUMAN, sa_type=choices(Kind))


class Task(Base, table=True):
    title: Annotated[str, Line(500)]
    assignee_id: int | None = Field(default=None, foreign_key="worker.id", index=True)
    due: datetime | None = None


class Thing(Base, table=True):
    """A column of each kind for which there is a type."""

    line: Annotated[str, Line(20)]
    text: Annotated[str, Text(30, blank=True)]
    small: int = Field(sa_type=SmallInteger)
    middle: int
    large: int = Field(sa_type=BigInteger)
    slug: str = Field(max_length=100)
    handle: str | None = Field(max_length=50)
    moment: datetime
    legacy: datetime = Field(sa_type=NaiveUtc)
    tags: list[str] = Field(sa_type=JSONB)
    document: dict[str, Any] = Field(sa_type=JSONB)


class ThingNew(Input):
    line: Annotated[str, Line(20)]
    text: Annotated[str, Text(30, blank=True)]
    small: Int2
    middle: Int4
    large: Int8
    slug: Slug
    handle: Handle | None = None
    moment: UtcDatetime
    legacy: UtcDatetime
    tags: Tags = []
    document: Annotated[dict[str, Any], Document()]


class Ident(Input):
    id: Id
