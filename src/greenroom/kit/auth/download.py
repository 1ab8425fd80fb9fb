"""Fetching a key set: whatever the other side answers ends in keys or in a ``KeySetError``, in bounded time and memory."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import httpx

from greenroom.kit.auth.keysets import KeySetError, VerificationKey, read_keys

MAX_DOCUMENT: Final = 256 * 1024
"""Bytes; a key takes less than one kilobyte."""

_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


def http_client() -> httpx.AsyncClient:
    """Return the client for key sets, to be kept open. It follows no redirects: the configured address is the one that is trusted."""
    return httpx.AsyncClient(follow_redirects=False, headers=_HEADERS, limits=httpx.Limits(max_connections=4, keepalive_expiry=60))


async def download_keys(client: httpx.AsyncClient, url: str, *, timeout: float) -> dict[str, VerificationKey]:  # noqa: ASYNC109  # for the caller's message
    """Return the usable keys of the set at ``url``, by ``kid``; ``timeout`` is for all of it, in seconds. Raises ``KeySetError``."""
    try:
        # The client's own timeout is for each read: one byte now and then would never reach it.
        async with asyncio.timeout(timeout):
            return read_keys(await _body(client, url))
    except TimeoutError:
        raise KeySetError(f"no answer within {timeout:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise KeySetError(f"{type(error).__name__}: {error}") from None


async def _body(client: httpx.AsyncClient, url: str) -> bytes:
    async with client.stream("GET", url, timeout=None) as response:
        if response.status_code != HTTPStatus.OK:
            raise KeySetError(f"it answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise KeySetError("it is compressed, against what was asked")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise KeySetError(f"it is larger than {MAX_DOCUMENT} bytes")
        return bytes(body)
