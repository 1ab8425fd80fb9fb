"""Asks a real server, of several processes and on a real PostgreSQL, concurrently and at random, and compares what the monitor counted.

    python -m tests.monitor.load [REQUESTS [WORKERS [CONCURRENT]]]

Each request has an id, so what is counted is compared as a whole: nothing is missing, nothing is twice, nothing is invented.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # no types of its own
from websockets.asyncio.client import connect

from tests.executable.postgres import private_postgres
from tests.monitor.loaded import EXPIRED, HAZARDS, fill

Met = tuple[str | None, str, str, str]
"""Request id, kind, subject, cause."""
APPLICATION = "tests.monitor.loaded:application"
_READY = 30.0
"""Seconds for a server to answer."""
_SHARE = 0.4
"""Of requests with a hazard."""


@dataclass(frozen=True, slots=True)
class Server:
    """A uvicorn that runs."""

    url: str
    process: psutil.Process
    folder: Path

    def met(self) -> Counter[Met]:
        """Return what its monitors were told."""
        lines = [json.loads(line) for file in self.folder.glob("*.jsonl") for line in file.read_text().splitlines()]
        return Counter((line[0], line[1], line[2], line[3]) for line in lines)

    def memory(self) -> int:
        """Return the resident bytes of all its processes."""
        return sum(int(one.memory_info().rss) for one in (self.process, *self.process.children(recursive=True)))

    def cpu(self) -> float:
        """Return the seconds of processor time of all its processes."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


@contextmanager
def served(
    url: str, folder: Path, *, workers: int = 1, monitored: bool = True, modes: str = "explain", factory: str = APPLICATION
) -> Iterator[Server]:
    """Serve `loaded.application`, or what another factory makes."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": url, "GREENROOM_MODES": modes, "GREENROOM_LOAD": str(folder) if monitored else ""}
    command = [sys.executable, "-P", "-m", "uvicorn", factory, "--factory", "--port", str(port)]
    command += ["--workers", str(workers), "--log-level", "critical", "--no-access-log"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/saved", process, folder / "log")
            yield Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid), folder)
        finally:
            process.send_signal(signal.SIGTERM)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url, timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"no server: {log.read_text()[-2000:]}")


async def ask(server: Server, requests: int, concurrent: int, seed: int = 5) -> Counter[Met]:
    """Ask at random, and return what the monitor must have been told."""
    chosen = random.Random(seed)  # noqa: S311  # no secret
    hazardous = [path for path, hazards in HAZARDS.items() if hazards]
    harmless = [path for path, hazards in HAZARDS.items() if not hazards]
    expected: Counter[Met] = Counter()
    work: list[tuple[str, str]] = []
    for number in range(requests):
        path = chosen.choice(hazardous if chosen.random() < _SHARE else harmless)
        identity = f"{seed}-{number}"
        work.append((path, identity))
        expected.update((identity, *hazard) for hazard in HAZARDS[path])
    waiting = iter(work)

    async def one_client() -> None:
        async with _client(server) as client:
            for path, identity in waiting:
                await client.get(path, headers={"x-request-id": identity})

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrent):
            group.create_task(one_client())
    return expected


def _client(server: Server) -> httpx.AsyncClient:
    """Return a client that keeps no connection: uvicorn closes one when the application has raised, with what has been sent by then."""
    return httpx.AsyncClient(base_url=server.url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))


async def talk(server: Server, sockets: int) -> Counter[Met]:
    """Open websockets, of which each meets one incident, however often it asks; and return what the monitor must have been told."""
    expected: Counter[Met] = Counter()
    for number in range(sockets):
        identity = f"socket-{number}"
        address = server.url.replace("http", "ws") + "/socket"
        async with connect(address, additional_headers={"x-request-id": identity}) as websocket:
            for word in ("one", "two", "three"):
                await websocket.send(word)
                answer = await websocket.recv()
                if answer != word:
                    raise AssertionError(answer)
        expected[identity, *EXPIRED] += 1
    return expected


async def answers(server: Server) -> Mapping[str, tuple[int, list[tuple[bytes, bytes]], bytes]]:
    """Return what each path answers, byte for byte, without the time."""
    found = {}
    async with _client(server) as client:
        for path in (*HAZARDS, "/nowhere"):
            answer = await client.get(path)
            headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"date"]
            found[path] = answer.status_code, headers, answer.content
    return found


def differences(expected: Counter[Met], met: Counter[Met]) -> list[str]:
    """Return what is wrong, in lines."""
    missing, invented = expected - met, met - expected
    return [f"missing {one} x{times}" for one, times in missing.items()] + [f"invented {one} x{times}" for one, times in invented.items()]


def main(requests: int = 30_000, workers: int = 2, concurrent: int = 16) -> int:
    """Run it, and print what was found."""
    with private_postgres() as url, tempfile.TemporaryDirectory() as place:
        asyncio.run(fill(url))
        with served(url, Path(place) / "bare", monitored=False) as bare:
            plain = asyncio.run(answers(bare))
        with served(url, Path(place) / "answers") as other:
            same = asyncio.run(answers(other)) == plain
        with served(url, Path(place) / "load", workers=workers) as server:
            expected = asyncio.run(ask(server, requests // 10, concurrent, seed=1))
            warm = server.memory()
            began, cpu = time.perf_counter(), server.cpu()
            expected += asyncio.run(ask(server, requests, concurrent))
            seconds, cpu = time.perf_counter() - began, server.cpu() - cpu
            expected += asyncio.run(talk(server, 20))
            grown = server.memory() - warm
            time.sleep(1)  # for the last background tasks
            wrong = differences(expected, server.met())
    print(f"{requests} requests by {concurrent} clients to {workers} processes in {seconds:.0f} s, {cpu:.0f} s of the server's CPU")
    print(f"incidents: {expected.total()} expected, {len(wrong)} different")
    print("\n".join(wrong[:20]))
    print(f"answers with and without the monitor: {'the same, byte for byte' if same else 'DIFFERENT'}")
    print(f"memory of all processes: {warm / 1e6:.1f} MB warm, {grown / 1e6:+.1f} MB after")
    return 0 if same and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
