"""A trace of a running application, for ``check --observed``: what production met, without one line of log parsed."""

from __future__ import annotations

import atexit
import json
import os
import platform
import threading
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from traceback import print_exc

import sqlalchemy

from greenroom import __version__, files
from greenroom.monitor.exercised import exercised
from greenroom.trace import Incident, Trace, digests, to_json

BOUND = 1000
"""How many different incidents a file holds; of those that come later none is new."""


class TraceFile:
    """A sink that keeps incidents and writes them, with the routes that have answered, to a file.

    What differs only in its request is one incident, met several times. The file is replaced as a whole, ``every`` so many seconds while
    there is something new, by a thread, and when the process ends. ``{pid}`` in ``path`` becomes the number of the process: each worker
    writes a file of its own.

    Raises:
        OSError: No file can be written there.
    """

    def __init__(self, path: str | Path, *, every: float = 10.0) -> None:
        self._named = Path(path).absolute()
        self._root = Path.cwd()
        self._every = every
        self._begin()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        files.demand_writable(self.path)
        atexit.register(self.write)
        if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
            os.register_at_fork(after_in_child=self._begin)  # a worker tells what it has met itself

    def _begin(self) -> None:
        self._kept: dict[Hashable, Incident] = {}
        self._lock = threading.Lock()
        self._waiting = False

    @property
    def path(self) -> Path:
        """Where this process writes."""
        return Path(str(self._named).replace("{pid}", str(os.getpid())))

    def __call__(self, incident: Incident, error: BaseException | None) -> None:
        """Keep an incident."""
        del error  # the incident has its class
        same = (incident.kind, incident.model, incident.attribute, incident.place, incident.origin, incident.route)
        with self._lock:
            known = self._kept.get(same)
            if known is not None:
                self._kept[same] = replace(known, times=known.times + incident.times)
            elif len(self._kept) < BOUND:
                self._kept[same] = replace(incident, request_id=None, trace_id=None)
            if self._waiting:
                return
            self._waiting = True
        later = threading.Timer(self._every, self._write_later)
        later.daemon = True
        later.start()

    def write(self) -> None:
        """Write the file now.

        Raises:
            OSError: It cannot be written; what was there is untouched.
        """
        with self._lock:
            self._waiting = False
            incidents = tuple(self._kept.values())
        versions = {"greenroom": __version__, "python": platform.python_version(), "sqlalchemy": sqlalchemy.__version__}
        trace = Trace(incidents, exercised(), self._root.name, versions, files=digests(incidents, self._root))
        files.replace(self.path, json.dumps(to_json(trace), ensure_ascii=False, indent=1).splitlines(), "utf-8")

    def _write_later(self) -> None:
        try:
            self.write()
        except OSError:
            print_exc()
