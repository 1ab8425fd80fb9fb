"""Asks an application, without a server."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


def asked(
    app: Any,  # noqa: ANN401  # each framework has types of its own
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    root: str = "",
) -> httpx.Response:
    """Answer one request; an error that leaves the application is raised."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())
