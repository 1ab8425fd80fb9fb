"""SQLModel tables with the read and create schemas that its documentation recommends."""

from datetime import UTC, datetime

from pydantic import NaiveDatetime
from sqlalchemy import Column, DateTime, func
from sqlmodel import Field, Relationship, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

__all__ = ["Hero", "HeroCreate", "HeroRead", "HeroWithTeam", "Team", "TeamRead", "TeamWithHeroes", "select"]


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class TeamBase(SQLModel):
    name: str


class Team(TeamBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    heroes: list["Hero"] = Relationship(back_populates="team")


class HeroBase(SQLModel):
    name: str
    age: int | None = None
    team_id: int | None = Field(default=None, foreign_key="team.id")


class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    created_at: NaiveDatetime | None = Field(default_factory=now)
    updated_at: NaiveDatetime | None = Field(default=None, sa_column=Column(DateTime, server_default=func.now(), onupdate=func.now()))
    team: Team | None = Relationship(back_populates="heroes")


class HeroCreate(HeroBase):
    pass


class HeroRead(HeroBase):
    id: int


class TeamRead(TeamBase):
    id: int


class HeroWithTeam(HeroRead):
    team: TeamRead | None = None


class TeamWithHeroes(TeamRead):
    heroes: list[HeroRead] = []


async def seed(session: AsyncSession) -> None:
    """A team of two heroes, and a hero alone."""
    team = Team(name="t1")
    session.add_all([Hero(name="h1", team=team), Hero(name="h2", team=team), Hero(name="h3")])
