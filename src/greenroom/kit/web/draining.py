"""Stopping without losing a request: readiness says so first, then the server stops accepting, and what has begun ends.

A load balancer goes on sending for a while after a process was told to stop: one that closes at once refuses these requests.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from fastapi import FastAPI

from greenroom.kit.web.health import start_draining

_log = logging.getLogger(__name__)


@asynccontextmanager
async def draining(app: FastAPI, seconds: float) -> AsyncIterator[None]:
    """Put a delay between SIGTERM and the server's own handler of it: for these seconds readiness answers 503, and all else works.

    For use within the application's lifespan, which a server enters when its handlers are in place (uvicorn does). A second signal is
    handed on at once.
    """
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        # There is no server whose handler could be delayed.
        yield
        return
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGTERM, _delayed(app, seconds, loop, before))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _delayed(
    app: FastAPI, seconds: float, loop: asyncio.AbstractEventLoop, stop: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    told = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            stop(number, frame)
            return
        told = True
        start_draining(app)
        # A signal may arrive while the loop waits: this wakes it.
        loop.call_soon_threadsafe(_log.info, "stopping in %g seconds", seconds)
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, None)

    return handle


def add_draining(app: FastAPI, seconds: float) -> None:
    """Wrap the application's lifespan into ``draining``."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: FastAPI) -> AsyncIterator[Any]:
        async with draining(app, seconds), inner(started) as state:
            yield state

    app.router.lifespan_context = lifespan
