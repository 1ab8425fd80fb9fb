"""``greenroom prove path:line``: write a test that reproduces a finding, run it, and say what happened."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from greenroom.cli.check import add_config_options, add_selection_options, demand_readable, selected, with_progress, written
from greenroom.cli.explain import project_of
from greenroom.cli.main import CLEAN, FAILED, FINDINGS
from greenroom.cli.output import demand_writable, write_file, write_lines
from greenroom.cli.usage import Parser, fail
from greenroom.config import ConfigError, seen
from greenroom.pipeline import Located, locate
from greenroom.prove.claim import ERRORS, at_line, claim_of
from greenroom.prove.planning import Plan
from greenroom.prove.running import Observed, missing
from greenroom.prove.running import run as run_test
from greenroom.prove.search import Proof, Setting, search
from greenroom.prove.verdict import Outcome
from greenroom.report.paths import shown
from greenroom.rules.finding import Finding

PROG = "greenroom prove"
TIMEOUT = 60.0
CODES = {Outcome.REPRODUCED: CLEAN, Outcome.NOT_REPRODUCED: FINDINGS, Outcome.UNDERIVED: FAILED}
_PLACE = re.compile(r"(?P<path>.+):(?P<line>\d+)$")
_NEEDED = ("sqlalchemy", "aiosqlite", "greenlet")


def run(words: list[str]) -> int:
    """Prove the finding at a line."""
    chosen = _parser().parse_args(words)
    if not chosen.timeout > 0:
        fail(f"{PROG}: --timeout: {chosen.timeout} is no time; give seconds, such as {TIMEOUT:.0f}")
    place = _PLACE.match(chosen.place)
    if place is None:
        fail(f"{PROG}: {chosen.place!r} is no place; give path:line, such as app/users.py:42")
    path, line = Path(place["path"]), int(place["line"])
    demand_readable(path, PROG)
    project = Path(chosen.project) if chosen.project is not None else project_of(path)
    demand_readable(project, PROG)
    output = None if chosen.output is None else Path(chosen.output)
    try:
        config = replace(selected(chosen, written(chosen, [project])), baseline=None)
        if output is not None:
            demand_writable(output)
    except ConfigError as error:
        fail(f"{PROG}: {error}")
    located = with_progress(lambda progress: locate([project], config, path, progress))
    if located is None:
        fail(f"{PROG}: {path} is not among the sources under {project}; give the folder that holds it with --project")
    finding = _chosen(located, line, chosen)
    proof = _prove(located, finding, chosen)
    return _tell(proof, finding, output, keep=chosen.keep)


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Write a test that reproduces the finding at a line on a database in memory, run it, and say what happened. "
        "Running it executes code of the project, in a process of its own and without network; no other command does.",
        epilog="exit codes: 0 reproduced, 1 not reproduced, 2 no test could be derived, or greenroom could not do its work",
        allow_abbrev=False,
    )
    parser.add_argument("place", metavar="path:line", help="a line with a finding of `greenroom check`, for example app/users.py:42")
    parser.add_argument(
        "--python", default=sys.executable, metavar="PYTHON", help="the project's interpreter (default: the one that runs greenroom)"
    )
    parser.add_argument("--output", metavar="FILE", help="write the test to this file instead of stdout")
    parser.add_argument("--keep", action="store_true", help="give the nearest test as well where none reproduces the finding")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help=f"stop each run after this long (default: {TIMEOUT:.0f})"
    )
    parser.add_argument("--project", metavar="PATH", help="the sources that the line belongs to (default: the folder of its project)")
    add_config_options(parser)
    add_selection_options(parser)
    return parser


def _chosen(located: Located, line: int, chosen: argparse.Namespace) -> Finding:
    """The finding to prove: the first at the line whose rule speaks of what a run shows."""
    found = at_line((finding for finding, _ in located.findings), line)
    if not found:
        near = sorted({finding.span.line for finding, _ in located.findings}, key=lambda other: (abs(other - line), other))
        there = f"the nearest is at line {near[0]}" if near else "there is none in this file"
        fail(f"{PROG}: no finding at {chosen.place}: {there}; `greenroom check` lists them")
    others = [finding.rule for finding in found[1:] if finding.rule != found[0].rule]
    if others:
        write_lines([f"{chosen.place} has more findings, {', '.join(dict.fromkeys(others))}: choose with --select"], sys.stderr)
    return found[0]


def _prove(located: Located, finding: Finding, chosen: argparse.Namespace) -> Proof:
    backend = located.backend
    claim = claim_of(finding, backend)
    if claim is None:
        fail(
            f"{PROG}: {finding.rule} ({finding.name}) cannot be proved by a run: it speaks of what no error shows, "
            f"or of what one run does not; rules that can be: {', '.join(sorted(ERRORS))}"
        )
    path = list(dict.fromkeys(str(root.absolute()) for root in _roots(located)))
    absent = _missing(chosen, _NEEDED, path)
    if absent:
        fail(
            f"{PROG}: {chosen.python} has no {' and no '.join(absent)}; give the project's interpreter with --python, and install it there"
        )
    asks = not _missing(chosen, ("httpx",), path)

    def execute(text: str, plan: Plan) -> Observed:
        return run_test(text, chosen.python, path, plan.claim.witness, chosen.timeout)

    observed = dict(located.findings)[finding]
    return with_progress(lambda _: search(claim, observed, Setting(backend, Path.cwd(), execute, asks)))


def _roots(located: Located) -> Sequence[Path]:
    return [file.root for file in located.backend.files]


def _missing(chosen: argparse.Namespace, names: Sequence[str], path: Sequence[str]) -> list[str]:
    try:
        return missing(chosen.python, names, path, chosen.timeout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or error
        fail(f"{PROG}: cannot run {chosen.python}: {reason}; give the project's interpreter with --python")


def _tell(proof: Proof, finding: Finding, output: Path | None, *, keep: bool) -> int:
    """Print or write the test, and say what it showed; the verdict goes to stderr where stdout is the test."""
    verdict = proof.verdict
    derived = verdict.outcome is not Outcome.UNDERIVED
    written = proof.text is not None and (derived or keep)
    if proof.text is not None and written:
        lines = [proof.text.rstrip("\n")]
        if output is None:
            write_lines(lines, sys.stdout)
        else:
            try:
                write_file(output, lines)
            except ConfigError as error:
                fail(f"{PROG}: {error}")
    told = [
        f"{shown(finding.path, Path.cwd())}:{finding.span.line}: {finding.rule} {finding.name}: {verdict.outcome.value}: {verdict.reason}"
    ]
    if verdict.swallowed:
        told.append("The application catches the error, so that the test alone passes; `pytest --greenroom` fails it.")
    if proof.text is not None and not written:
        told.append("Give --keep for the nearest test, to be finished by hand.")
    if written and output is not None:
        told.append(f"Wrote {seen(output)}")
    write_lines(told, sys.stdout if derived and output is not None else sys.stderr)
    return CODES[verdict.outcome]
