"""A small application as its users write it: one honest route of each kind, and some that break the rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from sqlalchemy import text
from sqlmodel import SQLModel, col, select

from greenroom.kit.database import Database, Reading, Session, Writing, database_of
from greenroom.kit.problems import NotFound
from greenroom.kit.trail import Context, act
from tests.kit.trail.subjects import ANN, BOT, Book


class BookWrite(SQLModel):
    title: str


async def recorded(request: Request, session: Writing, actor: Annotated[str, Header()] = "ann") -> Session:
    """As ``trail.Recorded``, for actors that a header names."""
    await act(session, Context({"ann": ANN, "bot": BOT}[actor], request.scope["route"].name, "r-1"))
    return session


Recorded = Annotated[Session, Depends(recorded, scope="function")]


def application(database: Database) -> FastAPI:
    app = FastAPI()
    app.state.database = database

    @app.post("/books", status_code=201)
    async def create_book(body: BookWrite, session: Recorded) -> int:
        book = Book(title=body.title)
        session.add(book)
        await session.flush()
        return book.id

    @app.put("/books/{book_id}")
    async def retitle_book(book_id: int, body: BookWrite, session: Recorded) -> str:
        book = await session.get(Book, book_id)
        if book is None:
            raise NotFound
        book.title = body.title
        return body.title

    @app.delete("/books/{book_id}", status_code=204)
    async def delete_book(book_id: int, session: Recorded) -> None:
        await session.delete((await session.exec(select(Book).where(col(Book.id) == book_id))).one())

    @app.get("/books/{book_id}")
    async def read_book(book_id: int, connection: Reading) -> str:
        return str((await connection.execute(select(Book.title).where(col(Book.id) == book_id))).scalar_one())

    @app.post("/lies")
    async def lie(session: Recorded) -> str:
        return "done"

    @app.post("/unfair")
    async def unfair(session: Recorded, actor: Annotated[str, Header()]) -> None:
        session.add(Book(title="x" if actor == "ann" else "y"))

    @app.get("/surprise")
    async def surprise(session: Recorded) -> None:
        session.add(Book(title="by a GET"))

    @app.post("/twice")
    async def twice(request: Request, session: Recorded) -> None:
        session.add(Book(title="one"))
        async with database_of(request).begin(info={"trail": Context(ANN, "twice", "r-1")}) as other:
            await other.execute(text("INSERT INTO shelf (name, created_at, updated_at, version) VALUES ('two', now(), now(), 1)"))

    @app.post("/anonymous")
    async def anonymous(session: Writing) -> None:
        await act(session, Context(ANN))
        session.add(Book(title="by no operation"))

    return app
