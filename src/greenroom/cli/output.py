"""Where reports go: the chosen format to stdout, in characters that it can show."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from greenroom.config import Config, Format
from greenroom.report import concise, json, statistics, text
from greenroom.report.report import Report
from greenroom.report.style import style_of


def write(report: Report, config: Config, base: Path) -> None:
    """Print the report to stdout, with paths as seen from the absolute directory ``base``.

    The statistics of a JSON report go to stderr, so that stdout stays one document.
    """
    write_lines(_lines(report, config, base), sys.stdout)
    if config.statistics:
        table = statistics.render(report)
        write_lines(table, sys.stderr if config.format is Format.JSON else sys.stdout)


def write_lines(lines: Iterable[str], stream: TextIO) -> None:
    """Print lines; what the stream's encoding lacks is printed as an escape instead of failing."""
    encoding = stream.encoding or "ascii"
    stream.writelines(line.encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines)


def _lines(report: Report, config: Config, base: Path) -> Iterator[str]:
    style = style_of(sys.stdout)
    match config.format:
        case Format.JSON:
            yield json.render(report, base)
        case Format.CONCISE:
            yield from concise.render(report, base, style)
        case Format.TEXT:
            yield from text.render(report, base, style)
