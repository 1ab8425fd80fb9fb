"""In the one process that reports: brings together what every process met, and writes trace and baseline once."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from greenroom import __version__, files
from greenroom.pytest.accepted import Accepted, Entry
from greenroom.pytest.options import Settings
from greenroom.pytest.verdicts import Met, Verdict, unpacked
from greenroom.pytest.watching import CARRIED, OUTSIDE
from greenroom.trace import Exercised, Trace, digests, to_json

_DIRECTORY = ".greenroom"
"""Is made where it is missing, and ignored by Git as a whole."""


class Gathered:
    """What the run has met so far, whichever process it was."""

    def __init__(self, settings: Settings, accepted: Accepted | None) -> None:
        self.settings = settings
        self.accepted = accepted
        self.tests: dict[str, list[Met]] = {}
        self.outside: list[Met] = []
        self.stale: list[Entry] = []
        self.problems: list[str] = []
        self.routes: Counter[Exercised] = Counter()
        self.ran: set[str] = set()

    def all(self) -> Iterator[Met]:
        """Yield everything, in an order that does not depend on which process ran what."""
        for _, mets in sorted(self.tests.items()):
            yield from mets
        yield from self.outside

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test has met so far; a later report of it has all of an earlier one."""
        if report.when == "call":
            self.ran.add(report.nodeid)
        data: dict[str, Any] | None = getattr(report, CARRIED, None)
        if data is not None:
            self.tests[report.nodeid], _ = unpacked(data)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what a worker of pytest-xdist has met outside of tests; one that crashed hands over nothing."""
        self._outside(getattr(node, "workeroutput", {}).get(CARRIED))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what is to be written; a run that met something outside of tests has not passed."""
        self._outside(session.config.stash.get(OUTSIDE, None))
        if self.ran or self.tests or self.outside or self.routes:
            self._write_trace(session.config.invocation_params.dir)
        if self.accepted is not None:
            self._compare(self.accepted)
        if session.exitstatus == pytest.ExitCode.OK and any(met.verdict is Verdict.FAILS for met in self.outside):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _outside(self, data: dict[str, Any] | None) -> None:
        if data is None:
            return
        mets, routes = unpacked(data)
        for route in routes:
            self.routes[route] += route.times
        for met in mets:
            known = self.accepted is not None and met.incident in self.accepted
            accepts = met.verdict is Verdict.FAILS and (self.settings.update or known)
            self.outside.append(Met(met.incident, Verdict.ACCEPTED) if accepts else met)

    def _write_trace(self, root: Path) -> None:
        path = self.settings.trace
        routes = tuple(replace(route, times=times) for route, times in sorted(self.routes.items()))
        incidents = tuple(met.incident for met in self.all())
        trace = Trace(incidents, routes, root.name, _versions(), len(self.ran), digests(incidents, root))
        try:
            if path.parent.name == _DIRECTORY:
                path.parent.mkdir(exist_ok=True)
                ignored = path.parent / ".gitignore"
                if not ignored.exists():
                    files.replace(ignored, ["*"], "ascii")
            files.replace(path, json.dumps(to_json(trace), ensure_ascii=False, indent=1).splitlines(), "utf-8")
        except OSError as error:
            self.problems.append(f"the trace {path} could not be written: {error.strerror or error}; give another --greenroom-trace")

    def _compare(self, accepted: Accepted) -> None:
        met: dict[Entry, set[str]] = {}
        for one in self.all():
            if one.verdict is Verdict.ACCEPTED:
                tests = met.setdefault(accepted.entry(one.incident), set())
                tests.update([one.incident.test] if one.incident.test else [])
        if not self.settings.update:
            self.stale = accepted.stale(met, self.ran)
            return
        try:
            accepted.updated(met, self.ran).save()
        except OSError as error:
            self.problems.append(f"the baseline {accepted.path} could not be written: {error.strerror or error}; make its folder writable")


def _versions() -> Mapping[str, str]:
    return {"greenroom": __version__, "python": platform.python_version(), "sqlalchemy": sqlalchemy.__version__}


def shown(path: Path) -> str:
    """Return a path as it is told: relative where it lies below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
