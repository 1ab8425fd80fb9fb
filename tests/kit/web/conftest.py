"""A client for any application, without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from starlette.types import ASGIApp

Connect = Callable[[ASGIApp], httpx.AsyncClient]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    """Gives clients; an error that reaches the server does not reach the test."""
    async with AsyncExitStack() as stack:
        clients: list[httpx.AsyncClient] = []

        def client(app: ASGIApp) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            made = httpx.AsyncClient(transport=transport, base_url="http://test")
            clients.append(made)
            return made

        yield client
        for made in clients:
            stack.push_async_callback(made.aclose)
