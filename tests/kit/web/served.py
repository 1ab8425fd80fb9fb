"""An application for a real server: a route that takes its time."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from greenroom.kit.web import WebSettings, configure_logging, install

app = FastAPI()


@app.get("/slow")
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


@app.get("/bugs/{number}")
async def bug(number: int) -> None:
    local = "hunter2"
    raise RuntimeError(f"refused {number}: postgresql://me:hunter2@host/base, Bearer hunter2, {len(local)}")


configure_logging()
install(app, WebSettings())
