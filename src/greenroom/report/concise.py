"""One line a finding, in the form that editors and ``grep`` know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from greenroom.report.observed import standing
from greenroom.report.paths import shown
from greenroom.report.report import Report
from greenroom.report.style import Style


def render(report: Report, base: Path, style: Style) -> Iterator[str]:
    """Yield ``path:line:column: CODE [confidence] message`` for each finding."""
    for finding in report.findings:
        place = f"{shown(finding.path, base)}:{finding.span.line}:{finding.span.column}"
        message = " ".join(finding.message.split())
        yield f"{place}: {style.rule(finding.rule)} [{standing(finding, report)}] {message}"
