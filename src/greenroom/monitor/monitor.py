"""The monitor: what is done with incidents, and its hooks, which stand as long as one monitor is installed."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from greenroom.monitor.hooks import Hooks
from greenroom.monitor.places import application as whose
from greenroom.monitor.recording import Recorder
from greenroom.monitor.wording import note
from greenroom.trace import Incident

Sink = Callable[[Incident, BaseException | None], None]
"""Is told of each incident once for its scope; the error is ``None`` where nothing was raised."""


class Mode(enum.Enum):
    """What a monitor does with incidents, besides telling its sinks."""

    EXPLAIN = "explain"
    """Puts the explanation on the error, as a note."""
    LOG = "log"
    """Writes one structured record for each."""
    COUNT = "count"
    """Counts them with OpenTelemetry and Prometheus, whichever is installed."""
    RAISE = "raise"
    """Raises also where SQLAlchemy would have got away with it: a latent incident becomes an error."""


class Monitor:
    """One consumer of incidents; made by `install`."""

    def __init__(self, *, explain: bool, sinks: tuple[Sink, ...]) -> None:
        self._explain = explain
        self._sinks = sinks

    @property
    def explains(self) -> bool:
        """Whether it puts the explanation on errors."""
        return self._explain

    def told(self, incident: Incident, error: BaseException | None, *, first: bool) -> None:
        """Take an incident."""
        if self._explain and error is not None:
            explanation = note(incident)
            if explanation not in getattr(error, "__notes__", ()):
                error.add_note(explanation)
        if first:
            for sink in self._sinks:
                sink(incident, error)

    def uninstall(self) -> None:
        """Stop; the last monitor that stops takes the hooks out of SQLAlchemy. Does nothing when it has stopped before."""
        _installed.remove(self)

    def __enter__(self) -> Self:
        """Return this monitor, which is at work already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Stop."""
        self.uninstall()


class _Installed:
    """All monitors of this process."""

    def __init__(self) -> None:
        self._monitors: tuple[Monitor, ...] = ()
        self._lock = threading.Lock()
        self._recorder = Recorder(self._tell)
        self._hooks = Hooks(self._recorder.raised)

    def add(self, monitor: Monitor) -> None:
        with self._lock:
            if not self._monitors:
                self._hooks.attach()
            self._monitors = (*self._monitors, monitor)

    def remove(self, monitor: Monitor) -> None:
        with self._lock:
            if monitor not in self._monitors:
                return
            self._monitors = tuple(one for one in self._monitors if one is not monitor)
            if not self._monitors:
                self._hooks.detach()

    def explaining(self) -> bool:
        return any(monitor.explains for monitor in self._monitors)

    def _tell(self, incident: Incident, error: BaseException | None, first: bool) -> None:  # noqa: FBT001  # the shape of `Told`
        for monitor in self._monitors:
            monitor.told(incident, error, first=first)


_installed = _Installed()


def explaining() -> bool:
    """Whether a monitor that is installed puts explanations on errors."""
    return _installed.explaining()


def install(*modes: Mode | str, sinks: Iterable[Sink] = (), application: Iterable[str | Path] = ()) -> Monitor:
    """Begin to watch SQLAlchemy in this process, and return what ends it.

    ``application`` names directories or packages whose lines count as the application's although they are installed like a library.

    Raises:
        ValueError: A mode or an application does not exist.
        RuntimeError: This version of SQLAlchemy is not known.
    """
    chosen = {_mode(mode) for mode in modes}
    whose.name(application)
    monitor = Monitor(explain=Mode.EXPLAIN in chosen, sinks=tuple(sinks))
    _installed.add(monitor)
    return monitor


def _mode(word: Mode | str) -> Mode:
    try:
        return Mode(word)
    except ValueError:
        raise ValueError(f"monitor: mode {word!r} is none of {', '.join(repr(mode.value) for mode in Mode)}") from None
