"""Whether the process lives, and whether it can do its work.

Liveness asks nothing of others: a database that is away is no reason to restart the process. Readiness asks the database.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Literal

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel
from sqlalchemy import text

from greenroom.kit.database import Database
from greenroom.kit.problems import Unavailable
from greenroom.kit.web.documentation import problems

TIME_LIMIT: Final = 2.0
"""Seconds in which the database has to answer."""

_DRAINING: Final = "greenroom_draining"
_ALIVE = text("SELECT 1")

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """The answer where all is well."""

    status: Literal["ok"] = "ok"


class About(Health):
    """The answer to people and to clients that ask one path for everything."""

    version: str


@router.get("")
async def about(request: Request) -> About:
    """The process answers, and this is its version. Probes are to ask ``/health/live`` and ``/health/ready``."""
    return About(version=request.app.version)


@router.get("/live")
async def live() -> Health:
    """The process answers."""
    return Health()


@router.get("/ready", responses=problems(Unavailable))
async def ready(request: Request) -> Health:
    """The process can do its work: its database answers, and it is not about to stop."""
    if is_draining(request.app):
        raise Unavailable("The server is stopping")
    database = getattr(request.app.state, "database", None)
    if isinstance(database, Database):
        await _ask(database)
    return Health()


async def _ask(database: Database) -> None:
    try:
        async with asyncio.timeout(TIME_LIMIT), database.engine.connect() as connection:
            await connection.execute(_ALIVE)
    except Exception as error:
        # Whatever it is: what it says is for the logs.
        raise Unavailable("The database does not answer", headers={"Retry-After": "1"}) from error


def start_draining(app: FastAPI) -> None:
    """Let readiness answer 503 from now on."""
    setattr(app.state, _DRAINING, True)


def is_draining(app: Any) -> bool:  # noqa: ANN401  # what Request.app is
    """Tell whether the application is about to stop."""
    return bool(getattr(app.state, _DRAINING, False))
