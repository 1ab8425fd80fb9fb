"""An application with hazards of many kinds, served by uvicorn in the load test. `HAZARDS` says what each path must be found to do.

``GREENROOM_LOAD`` names the directory that each worker writes what its monitor is told to, a line for each incident; without it nothing is
monitored. ``DATABASE_URL`` is a PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import greenlet
from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, NullPool, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, raiseload, relationship, selectinload

from greenroom.monitor import install
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.jobs import job
from greenroom.trace import Incident

AUTHORS: Final = 50


class Hazard(NamedTuple):
    """What one incident must be, besides its request: kind, subject, cause."""

    kind: str
    subject: str
    cause: str


EXPIRED: Final = Hazard("implicit-io", "Author.name", "commit")
LAZY: Final = Hazard("implicit-io", "Author.books", "never-loaded")
DETACHED: Final = Hazard("detached", "Author.books", "never-loaded")
HAZARDS: Final[dict[str, tuple[Hazard, ...]]] = {
    "/fine": (),
    "/saved": (),
    "/run-sync": (),
    "/bare": (EXPIRED,),
    "/model": (LAZY,),
    "/listed": (DETACHED,),
    "/swallowed": (EXPIRED,),
    "/background": (EXPIRED,),
    "/thread": (LAZY,),
    "/detached": (DETACHED,),
    "/fifty": (LAZY,),
    "/two": (EXPIRED, LAZY),
    "/greenlet": (LAZY,),
    "/gathered": (EXPIRED,),
    "/stream": (LAZY,),
    "/job": (EXPIRED,),
    "/configured": (Hazard("raiseload", "Author.books", "never-loaded"),),
    "/concurrent": (Hazard("concurrent-use", "concurrent-use", "unknown"),),
}


class Base(DeclarativeBase):
    """Of the tables."""


class Author(Base):
    """Has books."""

    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    visits: Mapped[int] = mapped_column(default=0)
    books: Mapped[list[Book]] = relationship(back_populates="author", order_by="Book.id")


class Book(Base):
    """Has an author."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


class BookOut(BaseModel):
    """A book."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str


class AuthorOut(BaseModel):
    """An author and the books."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    books: list[BookOut]


async def fill(url: str) -> None:
    """Make the tables."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add_all(
            Author(id=number, name=f"author {number}", books=[Book(title=f"book {number} {one}") for one in range(2)])
            for number in range(1, AUTHORS + 1)
        )
        await session.commit()
    await engine.dispose()


class Served:
    """What one process serves with."""

    engine: AsyncEngine
    unpooled: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]


async def session() -> AsyncIterator[AsyncSession]:
    """Give a session for the request."""
    async with Served.sessions() as one:
        yield one


async def author(one: Annotated[AsyncSession, Depends(session)]) -> Author:
    """Give an author without books."""
    return await one.get_one(Author, 1)


Given = Annotated[AsyncSession, Depends(session)]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open and close the pool."""
    Served.engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10)
    Served.unpooled = create_async_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
    Served.sessions = async_sessionmaker(Served.engine)
    yield
    await Served.engine.dispose()


def application() -> FastAPI:
    """Return the application, monitored or not."""
    app = FastAPI(lifespan=lifespan)
    for path, endpoint, model in ENDPOINTS:
        app.add_api_route(path, endpoint, response_model=model)
    app.add_api_websocket_route("/socket", socket)
    if os.environ.get("GREENROOM_LOAD"):
        app.add_middleware(MonitorMiddleware)
        install(*os.environ.get("GREENROOM_MODES", "explain").split(","), sinks=[Written(Path(os.environ["GREENROOM_LOAD"]))])
    return app


class Written:
    """A sink that writes to a file of this process."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / f"{os.getpid()}.jsonl").open("a", buffering=1)

    def __call__(self, incident: Incident, error: BaseException | None) -> None:
        """Write a line."""
        del error  # the incident has what is compared
        met = (incident.request_id, incident.kind.value, incident.subject, incident.cause.value, incident.route, incident.endpoint)
        self._file.write(json.dumps(met) + "\n")


# -- without hazards --------------------------------------------------------------------------------------------------------------------


async def fine(one: Given) -> list[Author]:
    """List what is loaded."""
    return list(await one.scalars(select(Author).options(selectinload(Author.books)).order_by(Author.id).limit(10)))


async def saved(one: Given) -> str:
    """Write, and read what a refresh has loaded again."""
    found = await one.get_one(Author, 2)
    await one.execute(text("SELECT 1"))
    await one.commit()
    await one.refresh(found)
    return found.name


async def run_sync(one: Given) -> int:
    """Load lazily where that is allowed."""

    def count(inner: Session) -> int:
        return len(inner.get_one(Author, 3).books)

    return await one.run_sync(count)


# -- with hazards -----------------------------------------------------------------------------------------------------------------------


async def expired(one: AsyncSession) -> Author:
    """Return an author that a commit has expired."""
    found = await one.get_one(Author, 4)
    await one.commit()
    return found


async def bare(one: Given) -> str:
    """Fail."""
    return (await expired(one)).name


async def model(one: Given) -> Author:
    """Fail in the response model."""
    return await one.get_one(Author, 5)


async def listed() -> list[Author]:
    """Fail in a list of fifty."""
    async with Served.sessions() as one:
        return list(await one.scalars(select(Author)))


async def swallowed(one: Given) -> str:
    """Fail unseen."""
    found = await expired(one)
    try:
        return found.name
    except SQLAlchemyError as error:
        return f"failed: {type(error).__name__}"


async def background(one: Given, tasks: BackgroundTasks) -> str:
    """Fail after the answer."""
    tasks.add_task(later)
    return (await one.get_one(Author, 1)).name


async def later() -> None:
    """Fail unseen."""
    async with Served.sessions() as one:
        found = await expired(one)
        with suppress(SQLAlchemyError):
            found.name  # noqa: B018  # the read is the hazard


def thread(found: Annotated[Author, Depends(author)]) -> int:
    """Fail in a thread."""
    return len(found.books)


async def detached() -> int:
    """Fail without a session."""
    async with Served.sessions() as one:
        found = await one.get_one(Author, 6)
    return len(found.books)


async def fifty(one: Given) -> int:
    """Fail unseen for each of fifty, at one line."""
    failed = 0
    for found in await one.scalars(select(Author)):
        try:
            failed -= len(found.books)
        except SQLAlchemyError:
            failed += 1
    return failed


async def two(one: Given) -> int:
    """Fail unseen at two lines."""
    other = await one.get_one(Author, 7)
    with suppress(SQLAlchemyError):
        len(other.books)
    found = await expired(one)
    with suppress(SQLAlchemyError):
        found.name  # noqa: B018  # as above
    return 2


async def in_greenlet(one: Given) -> str:
    """Fail in a greenlet that is none of SQLAlchemy's."""
    found = await one.get_one(Author, 8)

    def read() -> str:
        try:
            return str(len(found.books))
        except SQLAlchemyError as error:
            return type(error).__name__

    return str(greenlet.greenlet(read).switch())


async def gathered() -> int:
    """Fail unseen in two tasks, at one line."""
    await asyncio.gather(later(), later())
    return 2


async def stream(one: Given) -> StreamingResponse:
    """Fail unseen between two parts of an answer."""
    found = await one.get_one(Author, 9)

    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        with suppress(SQLAlchemyError):
            len(found.books)
        yield b"two"

    return StreamingResponse(parts())


async def in_job() -> str:
    """Fail unseen in a job within the request."""
    with job(later):
        await later()
    return "done"


async def configured(one: Given) -> int:
    """Fail where loading is configured to raise."""
    found = await one.get_one(Author, 10, options=[raiseload(Author.books)])
    return len(found.books)


async def concurrent() -> int:
    """Fail, in one of two tasks that share a session: while it connects, which it does each time."""
    async with AsyncSession(Served.unpooled) as one:
        done = await asyncio.gather(one.get(Author, 11), one.get(Author, 12), return_exceptions=True)
    return len([result for result in done if isinstance(result, SQLAlchemyError)])


async def socket(websocket: WebSocket) -> None:
    """Fail unseen for each message."""
    await websocket.accept()
    async with Served.sessions() as one:
        async for message in websocket.iter_text():
            found = await expired(one)
            try:
                await websocket.send_text(message + found.name)
            except SQLAlchemyError:
                await websocket.send_text(message)


ENDPOINTS: Final = (
    ("/fine", fine, list[AuthorOut]),
    ("/saved", saved, str),
    ("/run-sync", run_sync, int),
    ("/bare", bare, str),
    ("/model", model, AuthorOut),
    ("/listed", listed, list[AuthorOut]),
    ("/swallowed", swallowed, str),
    ("/background", background, str),
    ("/thread", thread, int),
    ("/detached", detached, int),
    ("/fifty", fifty, int),
    ("/two", two, int),
    ("/greenlet", in_greenlet, str),
    ("/gathered", gathered, int),
    ("/stream", stream, None),
    ("/job", in_job, str),
    ("/configured", configured, int),
    ("/concurrent", concurrent, int),
)
