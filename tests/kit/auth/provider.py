"""Real Better Auth servers, installed from npm once and kept in the user's cache, and what clients do with them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.auth.signing import Signer

ALGORITHMS = ("EdDSA", "ES256", "RS256")
SOURCES = Path(__file__).parent / "better_auth"
MANIFESTS = ("package.json", "package-lock.json")
_TLS = httpx.create_ssl_context()
"""Made once: it takes longer than a request does."""


class NoBetterAuthError(Exception):
    """It cannot be had here; the message says what to install."""


@dataclass(frozen=True, slots=True)
class BetterAuth:
    """One server. ``origin`` is the issuer and audience of sessions, ``resource`` the audience of OAuth access tokens."""

    alg: str
    origin: str
    resource: str

    async def control(self, what: str, /, **values: object) -> dict[str, Any]:
        """Use a control endpoint of the server's."""
        async with httpx.AsyncClient(verify=_TLS) as client:
            answer: dict[str, Any] = (await client.post(f"{self.origin}/__test/{what}", json=values)).raise_for_status().json()
            return answer

    async def fetches(self) -> int:
        """Return how often the key set was fetched."""
        return int((await self.control("hits")).get("/api/auth/jwks", 0))

    async def signer(self) -> Signer:
        """Return its newest key, to sign what it would not."""
        key = await self.control("key")
        return Signer(self.alg, key["kid"], key["private"])

    async def human(self, name: str) -> str:
        """Sign somebody up and return their session's token."""
        async with httpx.AsyncClient(verify=_TLS, base_url=self.origin, headers={"Origin": self.origin}) as client:
            account = {"email": f"{name}@people.test", "name": name.title(), "password": "correct horse battery"}
            signed_up = await client.post("/api/auth/sign-up/email", json=account)
            if signed_up.status_code != httpx.codes.OK:
                (await client.post("/api/auth/sign-in/email", json=account)).raise_for_status()
            return str((await client.get("/api/auth/token")).raise_for_status().json()["token"])

    async def agent(self) -> dict[str, Any]:
        """Make an agent's account: an API key, and a client with a secret."""
        return await self.control("agent", name="bot")

    async def by_key(self, key: str) -> str:
        """Return a token for an API key."""
        async with httpx.AsyncClient(verify=_TLS) as client:
            answer = await client.get(f"{self.origin}/api/auth/token", headers={"x-api-key": key})
            return str(answer.raise_for_status().json()["token"])

    async def by_secret(self, client_id: str, secret: str, scope: str) -> str:
        """Return an access token for a client's own credentials."""
        form = {"grant_type": "client_credentials", "resource": self.resource, "scope": scope}
        async with httpx.AsyncClient(verify=_TLS) as client:
            answer = await client.post(f"{self.origin}/api/auth/oauth2/token", data=form, auth=(client_id, secret))
            return str(answer.raise_for_status().json()["access_token"])


@contextmanager
def better_auth_or_skip(*algorithms: str) -> Iterator[dict[str, BetterAuth]]:
    """Give the servers; skip the test where they cannot be had."""
    try:
        with better_auth_servers(*algorithms) as servers:
            yield servers
    except NoBetterAuthError as error:
        pytest.skip(f"skipped: {error}")


@contextmanager
def better_auth_servers(*algorithms: str) -> Iterator[dict[str, BetterAuth]]:
    """Give a server for each algorithm (without any, for all), in one process that ends with the tests. Raises ``NoBetterAuthError``."""
    folder = _installed()
    process = subprocess.Popen(
        ["node", folder / "server.mjs"],  # noqa: S607  # wherever Node is
        env={**os.environ, "ALGS": ",".join(algorithms or ALGORITHMS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        try:
            servers = json.loads(process.stdout.readline() or "{}")
            if not servers:
                raise NoBetterAuthError("better-auth did not start: install a newer Node (20 or later)")
            yield {alg: BetterAuth(alg, **server) for alg, server in servers.items()}
        finally:
            process.stdin.close()


def _installed() -> Path:
    """Return the folder of server and packages, one for each content of the sources: checkouts do not disturb each other."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise NoBetterAuthError("better-auth runs on Node: install nodejs and npm")
    content = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in (*MANIFESTS, "server.mjs"))).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenroom"
    folder = cache / f"better-auth-{content[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _install(folder)
            (folder / "installed").touch()
    return folder


def _install(folder: Path) -> None:
    for name in (*MANIFESTS, "server.mjs"):
        shutil.copyfile(SOURCES / name, folder / name)
    # The plugins name older peers than better-auth itself brings; nothing of it needs a script to install.
    command = ["npm", "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoBetterAuthError(
            f"npm could not install better-auth; install it with a network that reaches a registry: {done.stderr.strip()[-300:]}"
        )
