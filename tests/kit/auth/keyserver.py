"""A real HTTP server for key sets, that can be told to answer as badly as servers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from tests.kit.auth.signing import Signer


class KeyServer:
    """``answer`` is sent as it is, in pieces with ``pause`` seconds after each, when ``delay`` seconds have passed."""

    def __init__(self) -> None:
        self.hits = 0
        self.delay = 0.0
        self.pause = 0.0
        self.answer = b""
        self.url = ""
        self.asked = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        self = cls()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def publish(self, *signers: Signer) -> None:
        self.say(json.dumps({"keys": [signer.jwk() for signer in signers]}).encode())

    def say(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers]
        self.answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        self.asked.set()
        task = asyncio.create_task(self._respond(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer, delay, pause = self.answer, self.delay, self.pause
        step = 8 if pause else 65536
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(delay)
                for start in range(0, len(answer), step):
                    writer.write(answer[start : start + step])
                    await writer.drain()
                    await asyncio.sleep(pause)
            finally:
                writer.close()
                await writer.wait_closed()
