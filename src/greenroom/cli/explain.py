"""``greenroom explain CODE|name|path:line``: print the page of a rule, or what is known at a line."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from greenroom.cli.check import add_analysis_options, add_config_options, demand_readable, with_progress, written
from greenroom.cli.main import CLEAN
from greenroom.cli.markdown import rendered
from greenroom.cli.output import write_lines
from greenroom.cli.selection import page_of, unknown_rule
from greenroom.cli.usage import Parser, fail
from greenroom.config import ConfigError
from greenroom.report.style import style_of
from greenroom.rules.pages import pages

PROG = "greenroom explain"
_PLACE = re.compile(r"(?P<path>.+):(?P<line>\d+)$")
_ROOTS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")
"""What lies in the folder of a project."""


def run(words: list[str]) -> int:
    """Print the page, with headings and code set off on a terminal and as plain Markdown elsewhere, or the state at a line."""
    parser = Parser(
        prog=PROG,
        description="Print the page of a rule, or the load state of every object where a line of a project is about to run.",
        allow_abbrev=False,
    )
    parser.add_argument("what", metavar="CODE|name|path:line", help="for example GR101, expired-after-commit or app/users.py:42")
    parser.add_argument("--project", metavar="PATH", help="the sources that a line belongs to (default: the folder of its project)")
    add_config_options(parser)
    add_analysis_options(parser)
    chosen = parser.parse_args(words)
    place = _PLACE.match(chosen.what)
    if place is not None:
        return _explain_line(chosen, Path(place["path"]), int(place["line"]))
    known = pages()
    page = page_of(chosen.what, known)
    if page is None:
        fail(f"{PROG}: {unknown_rule(chosen.what, known)}")
    lines = page.text.rstrip().split("\n")
    write_lines(rendered(lines, style_of(sys.stdout)) if sys.stdout.isatty() else lines, sys.stdout)
    return CLEAN


def _explain_line(chosen: argparse.Namespace, path: Path, line: int) -> int:
    from greenroom.pipeline import inspect  # noqa: PLC0415 -- pages need no interpreter
    from greenroom.report.situation import render  # noqa: PLC0415 -- as above

    demand_readable(path, PROG)
    project = Path(chosen.project) if chosen.project is not None else project_of(path)
    demand_readable(project, PROG)
    try:
        base = written(chosen, [project])
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    config = replace(
        base,
        dialect=chosen.dialect or base.dialect,
        sqlalchemy=chosen.sqlalchemy or base.sqlalchemy,
        exclude=(*base.exclude, *chosen.exclude),
    )
    found = with_progress(lambda progress: inspect([project], config, path, line, progress))
    if found is None:
        fail(f"{PROG}: {path} is not among the sources under {project}; give the folder that holds it with --project")
    if not found:
        write_lines([f"{path}:{line}: no statement that was followed stands here"], sys.stdout)
        return CLEAN
    write_lines(render(found, f"{path}:{line}", Path.cwd()), sys.stdout)
    return CLEAN


def project_of(path: Path) -> Path:
    """The nearest folder around a file that looks like a project's; else the file's own."""
    folder = path.absolute().parent
    return next((around for around in (folder, *folder.parents) if any((around / name).exists() for name in _ROOTS)), folder)
