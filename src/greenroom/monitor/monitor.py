"""The monitor: what is done with incidents, and its hooks, which stand as long as one monitor is installed."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from traceback import print_exc
from types import TracebackType
from typing import Self

from greenroom.monitor.hooks import Hooks
from greenroom.monitor.latent.hooks import LatentHooks
from greenroom.monitor.latent.judging import Judge
from greenroom.monitor.logs import log_sink
from greenroom.monitor.places import application as whose
from greenroom.monitor.recording import Recorder
from greenroom.monitor.sinks import Sink
from greenroom.monitor.telemetry import count_sink
from greenroom.monitor.wording import note
from greenroom.trace import Incident


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


SINKS: dict[Mode, Callable[[], Sink]] = {Mode.LOG: log_sink, Mode.COUNT: count_sink}
"""Modes that are sinks; making one raises ``ImportError`` where what it writes to is not installed."""


class LatentHazardError(RuntimeError):
    """A read that went well by luck, under a monitor that raises; ``incident`` says how it did."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(f"{incident.message}; {incident.mend}")
        self.incident = incident


class Monitor:
    """One consumer of incidents; made by `install`."""

    def __init__(self, modes: frozenset[Mode], sinks: tuple[Sink, ...], *, latent: bool) -> None:
        self._explain = Mode.EXPLAIN in modes
        self._sinks = (*(SINKS[mode]() for mode in SINKS if mode in modes), *sinks)
        self.raises = Mode.RAISE in modes
        """Whether latent incidents become errors."""
        self.latent = latent or self.raises
        """Whether it wants to know of latent incidents."""

    @property
    def explains(self) -> bool:
        """Whether it puts the explanation on errors."""
        return self._explain

    def told(self, incident: Incident, error: BaseException | None, *, first: bool) -> None:
        """Take an incident."""
        if incident.kind.latent and not self.latent:
            return
        if self._explain and error is not None:
            explanation = note(incident)
            if explanation not in getattr(error, "__notes__", ()):
                error.add_note(explanation)
        if first:
            for sink in self._sinks:
                _hand(sink, incident, error)

    def uninstall(self) -> None:
        """Stop; the last monitor that stops takes the hooks out of SQLAlchemy. Does nothing when it has stopped before."""
        _installed.remove(self)

    def __enter__(self) -> Self:
        """Return this monitor, which is at work already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Stop."""
        self.uninstall()


def _hand(sink: Sink, incident: Incident, error: BaseException | None) -> None:
    """Call a sink. Its failures are printed, as those of log handlers are: this runs in the middle of SQLAlchemy's own work."""
    try:
        sink(incident, error)
    except Exception:  # noqa: BLE001  # whatever it is, it is not the application's error
        print_exc()


class _Installed:
    """All monitors of this process."""

    def __init__(self) -> None:
        self._monitors: tuple[Monitor, ...] = ()
        self._lock = threading.Lock()
        self._recorder = Recorder(self._tell)
        self._hooks = Hooks(self._recorder.raised)
        self._latent_hooks = LatentHooks(Judge(self._lucky))

    def add(self, monitor: Monitor) -> None:
        with self._lock:
            if not self._monitors:
                self._hooks.attach()
            if monitor.latent and not self._wants_latent():
                self._latent_hooks.attach()
            self._monitors = (*self._monitors, monitor)

    def remove(self, monitor: Monitor) -> None:
        with self._lock:
            if monitor not in self._monitors:
                return
            self._monitors = tuple(one for one in self._monitors if one is not monitor)
            if monitor.latent and not self._wants_latent():
                self._latent_hooks.detach()
            if not self._monitors:
                self._hooks.detach()

    def _wants_latent(self) -> bool:
        return any(monitor.latent for monitor in self._monitors)

    def _lucky(self, incident: Incident) -> None:
        self._recorder.met(incident, None)
        if any(monitor.raises for monitor in self._monitors):
            raise LatentHazardError(incident)

    def explaining(self) -> bool:
        return any(monitor.explains for monitor in self._monitors)

    def _tell(self, incident: Incident, error: BaseException | None, first: bool) -> None:  # noqa: FBT001  # the shape of `Told`
        for monitor in self._monitors:
            monitor.told(incident, error, first=first)


_installed = _Installed()


def explaining() -> bool:
    """Whether a monitor that is installed puts explanations on errors."""
    return _installed.explaining()


def install(*modes: Mode | str, sinks: Iterable[Sink] = (), application: Iterable[str | Path] = (), latent: bool = False) -> Monitor:
    """Begin to watch SQLAlchemy in this process, and return what ends it.

    ``application`` names directories or packages whose lines count as the application's although they are installed like a library.
    ``latent`` looks at reads that go well, too, which costs time at each: it is for tests. Install it before the application is imported,
    so that its session factories are known.

    Raises:
        ValueError: A mode or an application does not exist.
        ImportError: Nothing is installed that a mode needs.
        RuntimeError: This version of SQLAlchemy is not known.
    """
    chosen = frozenset(map(_mode, modes))
    whose.name(application)
    monitor = Monitor(chosen, tuple(sinks), latent=latent)
    _installed.add(monitor)
    return monitor


def _mode(word: Mode | str) -> Mode:
    try:
        return Mode(word)
    except ValueError:
        raise ValueError(f"monitor: mode {word!r} is none of {', '.join(repr(mode.value) for mode in Mode)}") from None
