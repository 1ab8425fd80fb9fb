"""A server of our own on this machine: one folder, reachable from this machine alone, with a password."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from greenroom.kit.database.server.programs import NoPostgresError, Programs
from greenroom.kit.database.url import DRIVER

SUPERUSER: Final = "greenroom"

_FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that need not outlive the machine: three times as fast, and corrupt after a power cut."""


class ServerError(RuntimeError):
    """The folder cannot be used for a server; the message says why."""


def unusable(folder: Path, error: OSError) -> ServerError:
    """Return what the system's refusal means for a server that should live there."""
    return ServerError(f"{folder} cannot be used for a PostgreSQL server: {error.strerror}")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The server in ``folder``, made there at its first start. ``durable`` is for data that matter; ``settings`` are the server's.

    It listens on 127.0.0.1 and asks for a password, which the folder holds, readable by its owner alone.
    """

    folder: Path
    programs: Programs
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> URL:
        """Start it unless it runs, and return the superuser's URL; ``using`` does so for several processes.

        Raises ``NoPostgresError`` or ``ServerError``.
        """
        self._prepare()
        note = self.note() or self._create()
        if not self.is_running():
            note = {**note, "port": _usable_port(note["port"])}
            self.write(note)
            try:
                self.programs.run("pg_ctl", "-D", self._data, "-l", self._log, "-w", "-t", "60", "-o", self._options(note), "start")
            except NoPostgresError as error:
                raise ServerError(f"{error}\n{self._last_words()}") from None
        return URL.create(DRIVER, SUPERUSER, note["password"], "127.0.0.1", note["port"], "postgres")

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it; ``at_once`` kills it as a crash would. What was committed is kept either way, if it is ``durable``."""
        if self.is_running():
            self.programs.run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-m", "immediate" if at_once else "fast", "stop")

    def remove(self) -> None:
        """Stop it and delete the folder."""
        self.stop(at_once=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_running(self) -> bool:
        """Tell whether the server of this folder runs."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return False
        return True

    def note(self) -> dict[str, Any] | None:
        """Return what is remembered of this server (port, passwords), or None before the first start."""
        try:
            return dict(json.loads(self._notes.read_text()))
        except FileNotFoundError:
            return None

    def write(self, note: Mapping[str, Any]) -> None:
        """Remember that, readable by the folder's owner alone."""
        _write_private(self._notes, json.dumps(note))

    def _prepare(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.programs.give(self.folder)
        except OSError as error:
            raise unusable(self.folder, error) from None

    def _create(self) -> dict[str, Any]:
        note: dict[str, Any] = {"port": _free_port(), "password": secrets.token_urlsafe(24)}
        if self._data.exists():  # an attempt that was cut short
            shutil.rmtree(self._data)
        password = self.folder / "password"
        _write_private(password, note["password"])
        self.programs.give(password)
        try:
            words = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password}", "--encoding=UTF8", "--no-locale"]
            self.programs.run("initdb", "-D", self._data, *words, *([] if self.durable else ["--no-sync"]))
        except NoPostgresError as error:
            hint = f"; the user {self.programs.user} must be able to reach {self.folder}" if self.programs.user else ""
            raise ServerError(f"{error}{hint}") from None
        finally:
            password.unlink()
        self.write(note)
        return note

    def _options(self, note: Mapping[str, Any]) -> str:
        # No socket in the file system: its path may be at most 107 bytes long.
        settings = {
            "port": str(note["port"]),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **({} if self.durable else _FAST),
            **self.settings,
        }
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def _last_words(self) -> str:
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])
        except OSError:
            return ""

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    @property
    def _notes(self) -> Path:
        return self.folder / "server.json"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _usable_port(port: int, patience: float = 2) -> int:
    """Return the port if it is free, or becomes so in time; else another."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                time.sleep(0.1)
            else:
                return port
    return _free_port()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
