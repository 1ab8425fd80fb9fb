"""A progress line on the terminal, for runs that last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_QUIET_START = 0.7
_INTERVAL = 0.1
_WIDTH = 60


class Progress:
    """A line on stderr that appears after a moment, shows done and total, and is erased at the end; nothing off a terminal."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._shown = False
        self._enabled = stream.isatty()
        self._next = clock() + _QUIET_START

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that ``done`` of ``total`` steps are finished and that ``what`` is next."""
        if not self._enabled:
            return
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _INTERVAL
        share = f"{100 * done // total:>3}%" if total else "    "
        label = what if len(what) <= _WIDTH else "..." + what[-_WIDTH + 3 :]
        safe = label.encode("ascii", "replace").decode()
        self._stream.write(f"\r\x1b[K{share} {done}/{total} {safe}")
        self._stream.flush()
        self._shown = True

    def erase(self) -> None:
        """Leave the terminal as it was."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
