"""In each process that runs tests: makes every test a scope, and fails those that met what fails in production.

A test's scope is that of the whole process, for one test runs at a time in it: so it holds in the loops and contexts of pytest-asyncio
and anyio, in threads and in tasks that an application began earlier.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from greenroom.monitor import Scope, install
from greenroom.monitor.exercised import exercised, forget
from greenroom.monitor.handlers import caught_by_name
from greenroom.monitor.instrumentation import instrument, uninstrument
from greenroom.monitor.latent.code import is_test
from greenroom.monitor.recording import identity
from greenroom.monitor.scopes import everywhere
from greenroom.monitor.wording import note
from greenroom.pytest.accepted import Accepted
from greenroom.pytest.allowances import Allowance, AllowanceError, allowance
from greenroom.pytest.expecting import noticed
from greenroom.pytest.verdicts import Met, Verdict, packed
from greenroom.trace import Incident, Kind

CARRIED = "greenroom"
"""The attribute of a report, and the key of a worker's output, by which `packed` data travel."""


@dataclass(slots=True)
class Running:
    """The test that is running."""

    scope: Scope
    allowed: Allowance = field(default_factory=Allowance)
    mistake: str | None = None
    """What is wrong with its marker."""
    expected: set[object] = field(default_factory=set)
    """What the test has caught by its name."""
    handled: set[object] = field(default_factory=set)
    """What code under test catches by its name."""
    unhandled: set[object] = field(default_factory=set)
    judged: set[object] = field(default_factory=set)
    phase: list[Met] = field(default_factory=list)
    """What the phase that has just ended has met."""


def _thought_of(incident: Incident, error: BaseException) -> bool:
    """Whether the code that is about to catch an error has thought of it.

    An application can mean to do without what a detached object has not loaded. Implicit IO it cannot mean: the query has begun when the
    error is made, and what catches it hides a defect. Only a test may be about that.
    """
    catcher = caught_by_name(sys._getframe(), error)  # noqa: SLF001 -- the documented way to the current frame
    return catcher is not None and (incident.kind is not Kind.IMPLICIT_IO or is_test(catcher.co_filename))


class Watch:
    """The hooks of pytest around tests."""

    def __init__(self, *, latent: bool) -> None:
        self._accepted: Accepted | None = None
        self._update = False
        self._running: Running | None = None
        self._outside: list[Incident] = []
        self._ends = ExitStack()
        self._ends.enter_context(install("explain", sinks=[self._met], latent=latent))
        self._ends.enter_context(noticed(self._expect))
        if instrument():
            self._ends.callback(uninstrument)
        forget()

    def know(self, accepted: Accepted | None, *, update: bool) -> None:
        """Fail no test for what is accepted, or for anything where that is to be updated."""
        self._accepted = accepted
        self._update = update

    def end(self) -> None:
        """Watch no longer."""
        self._ends.close()

    def _met(self, incident: Incident, error: BaseException | None) -> None:
        """Notice who is about to catch it; keep what no running test is to blame for, as what is met while modules are imported."""
        named = error is not None and _thought_of(incident, error)
        if self._running is not None and incident.test == self._running.scope.test:
            (self._running.handled if named else self._running.unhandled).add(identity(incident))
        elif not named:
            self._outside.append(incident)

    def _expect(self, incident: Incident) -> None:
        if self._running is not None:
            self._running.expected.add(identity(incident))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Make the test a scope."""
        with everywhere(Scope(test=item.nodeid)) as scope:
            self._running = Running(scope)
            try:
                self._running.allowed = allowance(item.iter_markers("greenroom"))
            except AllowanceError as error:
                self._running.mistake = str(error)
            try:
                return (yield)
            finally:
                self._running = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """Judge the setup, and the marker before it."""
        result = yield from self._judged()
        if self._running is not None and self._running.mistake:
            pytest.fail(self._running.mistake, pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Judge the test."""
        return (yield from self._judged())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Judge the teardown."""
        return (yield from self._judged())

    def _judged(self) -> Generator[None, object, object]:
        """Fail a phase for what it has met; one that has failed already stays as it is."""
        try:
            result = yield
        finally:
            met = self._settle()
        failing = [note(one.incident) for one in met if one.verdict is Verdict.FAILS]
        if failing:
            told = "No error reached the test; it fails all the same. @pytest.mark.greenroom(allow=...) is for a test that is about it."
            pytest.fail("\n".join((*failing, told)), pytrace=False)
        return result

    def _settle(self) -> list[Met]:
        """Return what no earlier phase of the test has been judged for, and keep it for the report of this one."""
        running = self._running
        if running is None:
            return []
        new = [self._verdict(running, incident) for key, incident in list(running.scope.incidents.items()) if key not in running.judged]
        running.judged |= {identity(met.incident) for met in new}
        running.phase = new
        return new

    def _verdict(self, running: Running, incident: Incident) -> Met:
        if incident.kind.latent:
            verdict = Verdict.LATENT
        elif identity(incident) in running.expected | (running.handled - running.unhandled):
            verdict = Verdict.EXPECTED
        elif running.allowed.covers(incident):
            verdict = Verdict.ALLOWED
        elif self._update or (self._accepted is not None and incident in self._accepted):
            verdict = Verdict.ACCEPTED
        else:
            verdict = Verdict.FAILS
        return Met(incident, verdict)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what was met on the report: for JUnit, for whoever reads a failure, and for the process that gathers."""
        running = self._running
        if running is None:
            return (yield)
        # A plugin may ask for reports of parts of a test, while a phase lasts: there is nothing yet to put on them.
        new, running.phase = running.phase, []
        item.user_properties += [("greenroom", _property(met)) for met in new]
        report = yield
        if report.failed:
            shown = str(report.longrepr)
            report.sections += [("greenroom", text) for met in new if (text := note(met.incident)).partition("\n")[0] not in shown]
        everything = [self._verdict(running, incident) for incident in list(running.scope.incidents.values())]
        if everything:
            setattr(report, CARRIED, packed(everything))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over what was met outside of tests, and the routes that have answered."""
        outside = [Met(incident, Verdict.LATENT if incident.kind.latent else Verdict.FAILS) for incident in self._outside]
        data = packed(outside, exercised())
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[CARRIED] = data
        else:
            session.config.stash[OUTSIDE] = data


OUTSIDE = pytest.StashKey[dict[str, Any]]()
"""What was met outside of tests, and the routes, where tests run in the process that reports."""


def _property(met: Met) -> str:
    incident = met.incident
    place = f" at {incident.place}" if incident.place is not None else ""
    request = f" in {incident.route}" if incident.route else ""
    return f"{met.verdict.value}: {incident.kind.value} {incident.subject}{place}{request}"
