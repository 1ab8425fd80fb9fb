"""The report for people: where, what, why it happens step by step, and how to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from greenroom.report.frame import Excerpts, excerpt, frame
from greenroom.report.observed import sections, sentence, standing
from greenroom.report.paths import shown
from greenroom.report.report import Note, Report
from greenroom.report.style import Style
from greenroom.report.words import counted
from greenroom.rules.finding import Finding, Step
from greenroom.vocabulary import Confidence


def render(report: Report, base: Path, style: Style) -> Iterator[str]:
    """Yield the lines of the report: one block a finding, then notes, then a summary."""
    excerpts = Excerpts(base)
    for finding in report.findings:
        yield from _block(finding, report, excerpts, base, style)
        yield ""
    if report.observed is not None:
        yield from sections(report.observed, base, style)
    yield from _notes("warning", report.warnings, base, style)
    yield from _notes("not analysed", report.not_analysed, base, style)
    yield summary(report, style)


def _block(finding: Finding, report: Report, excerpts: Excerpts, base: Path, style: Style) -> Iterator[str]:
    place = f"{shown(finding.path, base)}:{finding.span.line}:{finding.span.column}"
    yield f"{style.strong(place)}: {style.rule(finding.rule)} {finding.name} [{standing(finding, report)}]"
    yield f"  {finding.message}"
    for line in frame(excerpts, finding.path, finding.span, style):
        yield f"    {line}"
    mark = report.mark(finding)
    if mark is not None:
        yield f"  {style.strong(sentence(mark))}"
    if finding.trace:
        yield from _chain(finding.trace, excerpts, base, style)
    if finding.mend:
        yield f"  {style.good('mend:')} {finding.mend}"
    yield f"  {style.quiet(f'more: greenroom explain {finding.rule}')}"


def _chain(trace: tuple[Step, ...], excerpts: Excerpts, base: Path, style: Style) -> Iterator[str]:
    """Number the steps; the arrow says that a step follows from the one before, the source line shows what it speaks of."""
    yield "  why:"
    places = [f"{shown(step.path, base)}:{step.line}" for step in trace]
    width = min(max(map(len, places)), 48)
    margin = len(str(len(trace)))
    for number, (step, place) in enumerate(zip(trace, places, strict=True), 1):
        sign = " " * len(style.arrow) if number == 1 else style.arrow
        yield f"   {number:>{margin}} {sign} {place:<{width}}  {step.message}"
        source = excerpt(excerpts, step.path, step.line, style)
        if source is not None:
            yield f"   {' ' * margin} {' ' * len(style.arrow)}   {style.quiet(source)}"


def _notes(title: str, notes: tuple[Note, ...], base: Path, style: Style) -> Iterator[str]:
    for note in notes:
        place = "" if note.path is None else shown(note.path, base) + ("" if note.line is None else f":{note.line}") + ": "
        yield f"{style.quiet(f'{title}:')} {place}{note.message}"
    if notes:
        yield ""


def summary(report: Report, style: Style) -> str:
    """Return the last line: how many findings, in how much code."""
    stats = report.stats
    looked = f"{counted(stats.files, 'file')}, {counted(stats.functions, 'function')}, {stats.seconds:.2f} s"
    rest = f", {counted(len(report.assumptions), 'assumption')}" if report.assumptions else ""
    rest += f", {stats.suppressed} suppressed" if stats.suppressed else ""
    rest += f", {stats.known} in the baseline" if stats.known else ""
    if report.observed is not None:
        rest += f", {len(report.observed.marks)} observed, {len(report.observed.missed)} missed"
    if not report.findings:
        return f"{style.good('No findings')} in {looked}{rest}"
    kinds = Counter(finding.confidence for finding in report.findings)
    parts = ", ".join(f"{kinds[kind]} {kind.value}" for kind in Confidence if kinds[kind])
    return f"{style.strong(counted(len(report.findings), 'finding'))} ({parts}) in {looked}{rest}"
