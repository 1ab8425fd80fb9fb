"""Where reports go: the chosen format to stdout, in characters that it can show."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from greenroom import files
from greenroom.config import Config, ConfigError, seen
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


def demand_writable(output: Path) -> None:
    """Refuse a place where no file can be written, before long work is done for nothing.

    Raises:
        ConfigError: It is such a place; the message names it and the mend.
    """
    try:
        files.demand_writable(output)
    except (OSError, ValueError) as error:
        raise _unwritable(output, error) from None


def write_file(output: Path, lines: Iterable[str]) -> None:
    """Write lines to the file that ``--output`` names, all of them or nothing.

    Raises:
        ConfigError: It cannot be written; the message names it and the mend.
    """
    try:
        files.replace(output, lines, "utf-8")
    except (OSError, ValueError) as error:
        raise _unwritable(output, error) from None


def _unwritable(output: Path, error: Exception) -> ConfigError:
    reason = getattr(error, "strerror", None) or error
    return ConfigError(f"cannot write {seen(output)}: {reason}; make its folder writable, or give another place with --output")
