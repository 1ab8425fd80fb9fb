"""What stands at the end of a run: by model and attribute, how often, why, where and in which tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from greenroom.monitor.wording import reason
from greenroom.pytest.gathering import Gathered, shown
from greenroom.pytest.verdicts import Met, Verdict
from greenroom.trace import Incident

_TESTS = 3
"""How many tests are named for one line."""


class Summary:
    """The section in the terminal."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered

    def pytest_report_header(self) -> str:
        """Say that tests are watched."""
        settings = self._gathered.settings
        baseline = f", baseline: {shown(settings.baseline)}" if settings.baseline else ""
        return f"greenroom: {settings.mode.value}{baseline}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the section."""
        gathered = self._gathered
        mets = list(gathered.all())
        if not (mets or gathered.ran):
            return
        terminalreporter.section("greenroom")
        failing = [met.incident for met in mets if met.verdict is Verdict.FAILS]
        latent = [met.incident for met in mets if met.verdict is Verdict.LATENT]
        for line in _told(failing):
            terminalreporter.write_line(line)
        if latent:
            terminalreporter.write_line("Present by luck:")
            for line in _told(latent):
                terminalreporter.write_line(line)
        for line in _outcome(mets, gathered):
            terminalreporter.write_line(line)


def _told(incidents: Iterable[Incident]) -> list[str]:
    """Return one paragraph for each subject."""
    subjects: dict[tuple[str, str], list[Incident]] = {}
    for incident in incidents:
        subjects.setdefault((incident.subject, incident.kind.value), []).append(incident)
    lines: list[str] = []
    for (subject, kind), members in sorted(subjects.items()):
        times, tests = sum(one.times for one in members), {one.test for one in members if one.test}
        named = [subject, kind] if kind != subject else [subject]
        lines.append("  ".join((*named, f"{_number(times, 'time')} in {_number(len(tests), 'test')}")))
        for text in dict.fromkeys(_line(one) for one in members):
            lines.append(f"    {text}")
            lines.append(f"        {_tests(one for one in members if _line(one) == text)}")
        lines += [f"    mend: {mend}" for mend in dict.fromkeys(one.mend for one in members if one.mend)]
    return lines


def _line(incident: Incident) -> str:
    place = f"{incident.place} in {incident.place.function}" if incident.place is not None else "outside of the application's lines"
    request = f" ({incident.route})" if incident.route else ""
    why = reason(incident) if incident.attribute else incident.message
    return f"{place}{request}: {why}"


def _tests(incidents: Iterable[Incident]) -> str:
    names = list(dict.fromkeys(one.test or "outside of tests" for one in incidents))
    more = f", and {len(names) - _TESTS} more" if len(names) > _TESTS else ""
    return ", ".join(names[:_TESTS]) + more


def _outcome(mets: Iterable[Met], gathered: Gathered) -> list[str]:
    counts = Counter(met.verdict for met in mets)
    said = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    ran = _number(len(gathered.ran), "test")
    lines = [f"Incidents in {ran}: {', '.join(said)}." if said else f"No implicit IO in {ran}."]
    if counts[Verdict.FAILS] and any(met.verdict is Verdict.FAILS for met in gathered.outside):
        lines.append("What was met outside of tests fails the run.")
    if gathered.settings.update and gathered.settings.baseline:
        lines.append(f"The baseline {shown(gathered.settings.baseline)} is written.")
    lines += [f"No longer met: {entry}; --greenroom-update-baseline takes it out of the baseline." for entry in gathered.stale]
    return lines + gathered.problems


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
