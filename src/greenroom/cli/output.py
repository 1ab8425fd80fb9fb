"""Where reports go: the chosen format to stdout, in characters that it can show."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from greenroom.config import Config
from greenroom.report import statistics
from greenroom.report.formats import FORMATS
from greenroom.report.report import Report
from greenroom.report.style import style_of


def write(report: Report, config: Config, base: Path) -> None:
    """Print the report to stdout, with paths as seen from the absolute directory ``base``.

    The statistics of a report that is one document go to stderr.
    """
    chosen = FORMATS[config.format]
    write_lines(chosen.render(report, base, style_of(sys.stdout)), sys.stdout)
    if config.statistics:
        table = statistics.render(report)
        write_lines(table, sys.stderr if chosen.is_document else sys.stdout)


def write_lines(lines: Iterable[str], stream: TextIO) -> None:
    """Print lines; what the stream's encoding lacks is printed as an escape instead of failing."""
    encoding = stream.encoding or "ascii"
    stream.writelines(line.encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines)
