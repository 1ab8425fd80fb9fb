"""A real uvicorn process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx


@contextmanager
def served(app: str, environment: Mapping[str, str] | None = None, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give the process and the URL of an application (``module:attribute``) that answers."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *options]
    with running(command, port, environment) as process:
        yield process, f"http://127.0.0.1:{port}"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Give a process that answers at a port; it is killed at the end, if it still runs."""
    paths = os.pathsep.join(path for path in sys.path if path)
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": paths, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            wait(process, f"http://127.0.0.1:{port}/health/live")
            yield process
        finally:
            process.kill()


def wait(process: subprocess.Popen[str], url: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url)
        except httpx.TransportError:
            if process.poll() is not None:
                raise AssertionError(process.communicate()[0]) from None
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} has not answered for {seconds} seconds")
