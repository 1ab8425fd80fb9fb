"""A small application of the tests: who is asking, and may they."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse

from greenroom.kit.actors import Actor
from greenroom.kit.auth import Authenticated, Authenticator, require
from greenroom.kit.problems import MEDIA_TYPE, Problem

router = APIRouter()


def told(actor: Actor) -> dict[str, Any]:
    return {"kind": actor.kind, "id": actor.id, "issuer": actor.issuer, "for": actor.on_behalf_of, "scopes": sorted(actor.scopes)}


@router.get("/me")
async def me(actor: Authenticated) -> dict[str, Any]:
    return {**told(actor), "name": actor.name, "email": actor.email}


@router.get("/tasks", dependencies=[require("tasks:read")])
async def tasks(actor: Authenticated) -> dict[str, Any]:
    return told(actor)


@router.post("/tasks")
async def create(actor: Annotated[Actor, require("tasks:read", "tasks:write")]) -> dict[str, Any]:
    return told(actor)


async def answer(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return JSONResponse(problem.document(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def application(authenticator: Authenticator | None) -> FastAPI:
    app = FastAPI(exception_handlers={Problem: answer})
    app.include_router(router)
    app.state.authenticator = authenticator
    return app
