"""``greenroom check [PATH ...]``."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from greenroom.cli.main import CLEAN, FINDINGS
from greenroom.cli.output import write
from greenroom.cli.progress import Progress
from greenroom.cli.selection import codes_of
from greenroom.cli.stack import with_room
from greenroom.cli.usage import Parser, fail
from greenroom.config import DIALECTS, SQLALCHEMY_VERSIONS, Config, ConfigError, Selection
from greenroom.configfile import find, from_file, read
from greenroom.pipeline import check
from greenroom.report.formats import FORMATS
from greenroom.report.report import Report
from greenroom.rules.pages import pages
from greenroom.vocabulary import Confidence

PROG = "greenroom check"

Result = TypeVar("Result")


def run(words: list[str]) -> int:
    """Check the paths and print the report."""
    chosen = _parser().parse_args(words)
    paths = [Path(path) for path in chosen.paths] or [Path()]
    for path in paths:
        demand_readable(path, PROG)
    try:
        config = with_traces(chosen, _with_baseline(chosen, config_of(chosen, written(chosen, paths))))
        report = analyse(paths, config)
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    if not report.stats.files and not report.findings:
        where = ", ".join(str(path) for path in paths)
        fail(f"{PROG}: nothing to check: no Python files under {where}; give the directory that holds the sources")
    write(report, config, Path.cwd())
    return FINDINGS if report.findings and not config.exit_zero else CLEAN


def analyse(paths: Sequence[Path], config: Config) -> Report:
    """Run the pipeline with a progress line."""
    return with_progress(lambda progress: check(paths, config, progress))


def with_progress(action: Callable[[Progress], Result]) -> Result:
    """Do long work with a progress line, without the cyclic collector, which would scan a heap that only grows."""
    progress = Progress(sys.stderr)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return with_room(lambda: action(progress))
    finally:
        progress.erase()
        if collecting:
            gc.enable()


def written(chosen: argparse.Namespace, paths: Sequence[Path]) -> Config:
    """Return what the configuration file for the paths says, or the one that the user names; the defaults where there is none.

    Raises:
        ConfigError: The file cannot be read, or something in it cannot be.
    """
    path = None if chosen.isolated else Path(chosen.config) if chosen.config is not None else find(paths)
    if path is None:
        return Config()
    known = pages()
    return from_file(read(path), path, lambda words, place: codes_of(words, place, known), FORMATS)


def config_of(chosen: argparse.Namespace, base: Config) -> Config:
    """Put the flags on top of ``base``.

    Raises:
        ConfigError: A flag names a rule that does not exist.
    """
    config = selected(chosen, base)
    return replace(config, format=chosen.format or base.format, exit_zero=chosen.exit_zero, statistics=chosen.statistics)


def selected(chosen: argparse.Namespace, base: Config) -> Config:
    """Put the flags that say what is looked for, and where, on top of ``base``.

    Raises:
        ConfigError: A flag names a rule that does not exist.
    """
    known = pages()
    return replace(
        base,
        override=Selection(
            codes_of(chosen.select, "--select", known),
            codes_of(chosen.extend_select, "--extend-select", known),
            codes_of(chosen.ignore, "--ignore", known),
        ),
        min_confidence=base.min_confidence if chosen.min_confidence is None else Confidence(chosen.min_confidence),
        dialect=chosen.dialect or base.dialect,
        sqlalchemy=chosen.sqlalchemy or base.sqlalchemy,
        exclude=(*base.exclude, *chosen.exclude),
    )


def _with_baseline(chosen: argparse.Namespace, config: Config) -> Config:
    path = None if chosen.no_baseline else config.baseline if chosen.baseline is None else Path(chosen.baseline)
    if chosen.update_baseline and path is None:
        raise ConfigError("--update-baseline needs a file: give --baseline FILE, or `baseline` in [tool.greenroom]")
    return replace(config, baseline=path, update_baseline=chosen.update_baseline)


def with_traces(chosen: argparse.Namespace, config: Config) -> Config:
    """Put the traces that are given into ``config``."""
    return replace(config, observed=tuple(Path(path) for path in chosen.observed))


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where a project keeps what greenroom has to know of it."""
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--baseline", metavar="FILE", help="leave out the findings that this file knows")
    known.add_argument("--no-baseline", action="store_true", help="tell all findings, whatever the configuration file says")
    parser.add_argument("--update-baseline", action="store_true", help="write what is found now into the baseline")
    add_config_options(parser)


def add_observed_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names traces."""
    parser.add_argument(
        "--observed", action="append", default=[], metavar="TRACE", help="mark the findings that this trace of a run confirms"
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which configuration file is read."""
    file = parser.add_mutually_exclusive_group()
    file.add_argument("--config", metavar="FILE", help="a TOML file with [tool.greenroom] (default: the nearest pyproject.toml with it)")
    file.add_argument("--isolated", action="store_true", help="read no configuration file")


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command with a report has."""
    parser.add_argument("--format", choices=FORMATS, help="how to print findings (default: text)")
    add_selection_options(parser)
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 even when there are findings")
    parser.add_argument("--statistics", action="store_true", help="print a table of findings per rule")


def add_selection_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is looked for, and where."""
    parser.add_argument("--select", action="append", default=[], metavar="CODES", help="only these rules: codes, prefixes or names")
    parser.add_argument(
        "--extend-select", action="append", default=[], metavar="CODES", help="these rules as well, such as ones that are off by default"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="CODES", help="all but these rules; wins over --select")
    parser.add_argument(
        "--min-confidence",
        choices=("definite", "possible"),
        help="leave out findings below this confidence (default: possible)",
    )
    add_analysis_options(parser)


def add_analysis_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say for what the sources are taken."""
    parser.add_argument("--dialect", choices=DIALECTS, help="the database (default: what the project's URLs and settings say)")
    parser.add_argument("--sqlalchemy", choices=SQLALCHEMY_VERSIONS, help="the version (default: what the project's dependency files say)")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave out matching files and directories")


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Find implicit IO in the Python projects under the paths, without importing or running them.",
        epilog="exit codes: 0 nothing found, 1 findings, 2 greenroom could not do its work",
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: the current directory)")
    add_project_options(parser)
    add_observed_option(parser)
    add_report_options(parser)
    return parser


def demand_readable(path: Path, prog: str) -> None:
    """Refuse a path at which there is nothing to read; what is unreadable deeper inside becomes a finding."""
    try:
        if path.is_dir():
            with os.scandir(path):
                return
        path.stat()
    except FileNotFoundError:
        fail(f"{prog}: no such file or directory: {path}; check the spelling and the working directory")
    except PermissionError:
        fail(f"{prog}: cannot read {path}: permission denied; run as a user who may read it")
    except (OSError, ValueError) as error:
        fail(f"{prog}: cannot read {path}: {getattr(error, 'strerror', None) or error}; give a readable file or directory")
