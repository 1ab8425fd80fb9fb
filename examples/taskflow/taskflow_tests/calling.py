"""How tests call the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from fastapi import FastAPI

Caller = Callable[..., httpx.AsyncClient]
"""Gives the client of somebody: ``caller("ann")``, ``caller("bot", ActorKind.AGENT)``."""


def calling(app: FastAPI, token: str, through: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Return the client of whoever the token speaks of."""
    return httpx.AsyncClient(
        transport=through or httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://taskflow.test",
        headers={"Authorization": f"Bearer {token}"},
    )


def ok(answer: httpx.Response, status: int = 200) -> Any:  # noqa: ANN401  # JSON
    """Return what was answered; fail, and show it, where the status is another."""
    assert answer.status_code == status, (answer.request.method, answer.request.url.path, answer.status_code, answer.text)
    return answer.json()
