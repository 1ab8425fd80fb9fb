"""A small project with one finding of most kinds, and incidents at its lines."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from greenroom.config import Config
from greenroom.pipeline import check
from greenroom.report.report import Report
from greenroom.trace import Exercised, Incident, Kind, Place, Trace, digests, to_json

MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    pets: Mapped[list["Pet"]] = relationship()

    @property
    def menagerie(self) -> str:
        return ", ".join(pet.name for pet in self.pets)


class Keeper(Person):
    __mapper_args__ = {"polymorphic_identity": "keeper"}


class Pet(Base):
    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
"""
SERVICES = """\
import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Person


async def rename(session: AsyncSession, key: int, name: str) -> str:
    person = await session.get(Person, key)
    person.name = name
    await session.commit()
    return (
        person
        .name
    )


async def menagerie(session: AsyncSession, key: int) -> str:
    person = (await session.execute(select(Person).where(Person.id == key))).scalar_one()
    return person.menagerie


async def bring(session: AsyncSession, name: str) -> None:
    session.add(Person(name=name))
    await session.flush()


async def bring_all(session: AsyncSession, names: list[str]) -> None:
    await asyncio.gather(*(bring(session, name) for name in names))


async def harmless(session: AsyncSession, key: int) -> str:
    person = await session.get(Person, key)
    return person.name
"""
MAIN = """\
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.models import Person
from app.services import bring_all, harmless, menagerie, rename

engine = create_async_engine("postgresql+asyncpg://localhost/app")
sessions = async_sessionmaker(engine)
app = FastAPI()
people = APIRouter(prefix="/people")


class Middleware:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


async def get_session():
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


class PetRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class PersonRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    pets: list[PetRead]


@people.get("/{key}", response_model=PersonRead)
async def read(key: int, session: Session):
    return (await session.execute(select(Person).where(Person.id == key))).scalar_one()


@people.put("/{key}")
async def put_name(key: int, name: str, session: Session) -> str:
    return await rename(session, key, name)


@people.get("/{key}/menagerie")
async def get_menagerie(key: int, session: Session) -> str:
    return await menagerie(session, key)


@people.post("")
async def post(names: list[str], session: Session) -> None:
    await bring_all(session, names)


@people.get("/{key}/name")
async def name(key: int, session: Session) -> str:
    return await harmless(session, key)


app.include_router(people)
app.add_middleware(Middleware)
"""
FILES = {"app/__init__.py": "", "app/models.py": MODELS, "app/services.py": SERVICES, "app/main.py": MAIN}


def write(folder: Path) -> Path:
    """Write the project into a folder of its own."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def line(name: str, code: str) -> int:
    """Return the number of the line that has this code."""
    found = [number for number, text in enumerate(FILES[name].splitlines(), 1) if text.strip() == code]
    assert len(found) == 1, found
    return found[0]


def place(name: str, code: str, function: str) -> Place:
    return Place(name, line(name, code), function)


def at(
    *stack: Place,
    kind: Kind = Kind.IMPLICIT_IO,
    model: str | None = "Person",
    attribute: str | None = "name",
    **about: Any,  # noqa: ANN401 -- other fields of an incident
) -> Incident:
    """Return an incident at the innermost of some places."""
    return Incident(
        kind, "MissingGreenlet", "it was not there", "load it", model, attribute, place=stack[0] if stack else None, stack=stack, **about
    )


NAME = at(place("app/services.py", ".name", "rename"))
MENAGERIE = at(
    place("app/models.py", 'return ", ".join(pet.name for pet in self.pets)', "Person.menagerie"),
    place("app/services.py", "return person.menagerie", "menagerie"),
    place("app/main.py", "return await menagerie(session, key)", "get_menagerie"),
    attribute="pets",
)
READ = place("app/main.py", '@people.get("/{key}", response_model=PersonRead)', "read")
ANSWER = at(attribute="pets", route="GET /people/{key}", endpoint="app.main:read", handler=READ)
SHARED = at(place("app/services.py", "await session.flush()", "bring"), kind=Kind.CONCURRENT_USE, model=None, attribute=None)
MISS = at(place("app/services.py", "return person.name", "harmless"))
LUCK = replace(MISS, kind=Kind.LEFT_OVER, error="", message="a value that was there\nbefore")


def trace(folder: Path, *incidents: Incident, routes: tuple[Exercised, ...] = (), name: str = "trace.json", told: bool = True) -> Path:
    """Write a trace of a project as it is now."""
    files = digests(incidents, folder) if told else {}
    path = folder / name
    path.write_text(json.dumps(to_json(Trace(incidents, routes, folder.name, {"greenroom": "0"}, 1, files))), encoding="utf-8")
    return path


def edit(path: Path, before: str, after: str) -> None:
    """Change a file, at a later time."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    later = path.stat().st_mtime + 60
    os.utime(path, (later, later))


def checked(folder: Path, *traces: Path, **settings: Any) -> Report:  # noqa: ANN401 -- settings of all kinds
    """Check the project beside traces."""
    return check([folder], Config(observed=traces, folder=folder, **settings))
