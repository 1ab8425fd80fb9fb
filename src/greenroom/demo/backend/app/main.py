"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.db import engine
from app.errors import ConflictError, NotFoundError
from app.models import Base
from app.routers import branches, meetings, organisations, people, trail


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Create the tables of a new database."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="Onboarding", lifespan=lifespan)
app.include_router(organisations.router)
app.include_router(people.router)
app.include_router(branches.router)
app.include_router(trail.router)
app.include_router(meetings.router)


@app.exception_handler(NotFoundError)
async def not_found(request: Request, error: NotFoundError) -> JSONResponse:
    """Answer 404."""
    return JSONResponse({"detail": str(error)}, status_code=404)


@app.exception_handler(ConflictError)
async def conflict(request: Request, error: ConflictError) -> JSONResponse:
    """Answer 409."""
    return JSONResponse({"detail": str(error)}, status_code=409)
