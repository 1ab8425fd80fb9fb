# Written the way projects write models, every style among them.
# ruff: noqa: ICN001, N805, S105, UP006, UP035, UP042, UP045
# mypy: ignore-errors
# Every spelling is here on purpose, old ones included.
"""SQLModel tables."""

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, List, Optional

import sqlalchemy as sa
from pydantic import ConfigDict
from sqlalchemy import Column, DateTime, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship
from sqlmodel import Field, Relationship, SQLModel


class Colour(str, enum.Enum):
    RED = "red"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Stamped(SQLModel):
    created_at: datetime.datetime = Field(default_factory=now)
    updated_at: datetime.datetime | None = Field(default=None, sa_column_kwargs={"onupdate": func.now(), "server_default": func.now()})


class TeamBase(SQLModel):
    name: str = Field(index=True, max_length=20)
    motto: str | None = None


class HeroTeamLink(SQLModel, table=True):
    hero_id: uuid.UUID | None = Field(default=None, foreign_key="hero.id", primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="teams.id", primary_key=True)


class Team(TeamBase, Stamped, table=True):
    __tablename__ = "teams"

    id: int | None = Field(default=None, primary_key=True)
    heroes: list["Hero"] = Relationship(back_populates="team", cascade_delete=True)
    linked: List["Hero"] = Relationship(back_populates="teams", link_model=HeroTeamLink)


class Hero(Stamped, table=True):
    model_config = ConfigDict(ignored_types=(hybrid_property,))

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    name: str
    colour: Colour = Colour.RED
    maybe_colour: Optional[Colour] = None
    power: int = 3
    secret: str = Field(sa_column=Column("hidden", sa.String, server_default="x"))
    moment: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), onupdate=func.now(), nullable=False))
    given: str = Field(sa_type=sa.Text, nullable=True)
    extra: Annotated[str, Field(sa_column_kwargs={"server_default": "y"})]
    price: Decimal = Field(default=Decimal(0), max_digits=5, decimal_places=2)
    tags: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON))
    team_id: int | None = Field(default=None, foreign_key="teams.id")
    leader_id: uuid.UUID | None = Field(default=None, foreign_key="hero.id")

    team: Team | None = Relationship(back_populates="heroes", sa_relationship_kwargs={"lazy": "selectin"})
    teams: list[Team] = Relationship(back_populates="linked", link_model=HeroTeamLink)
    leader: Optional["Hero"] = Relationship(back_populates="followers", sa_relationship_kwargs={"remote_side": "Hero.id", "lazy": "joined"})
    followers: list["Hero"] = Relationship(back_populates="leader")
    viewed: list["Team"] = Relationship(
        sa_relationship=relationship("Team", primaryjoin="foreign(Team.id) == Hero.team_id", viewonly=True, uselist=True)
    )

    @hybrid_property
    def loud(self) -> str:
        return self.name.upper()


class Villain(Stamped, table=True):
    id: int = Field(primary_key=True)


class VillainWithSecret(Villain):
    secret: str = "x"


class HeroRead(SQLModel):
    id: uuid.UUID
    name: str


class Mixed(SQLModel, table=True):
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return "mixed_" + cls.__name__.lower()

    id: int = Field(primary_key=True)


class PlainBase(DeclarativeBase):
    pass


class Plain(PlainBase):
    """Not a SQLModel: it stands here because this module's annotations are no strings."""

    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)
    inline: Mapped[Annotated[int, mapped_column(server_default="1", deferred=True)]]
    quoted: Mapped["str | None"]
