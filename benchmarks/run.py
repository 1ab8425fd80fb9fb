"""Measure greenroom beside ast.parse, ruff, mypy and pyright on the same code, in the same run, interleaved.

    python benchmarks/run.py CORPUS [--rounds 3] [--heavy FOLDER,FOLDER] [--json FILE]

CORPUS is a directory whose sub-directories are projects (``src`` of benchmarks/corpus.py). Every tool starts cold, without a cache, as a
process of its own; the figures are CPU seconds (user and system) of the whole process tree and its largest peak of resident memory.
Wall time is printed, but depends on what else the machine does. mypy and pyright are slow: they run on the ``--heavy`` projects only,
one process a project, and are compared with greenroom on exactly those.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SCRIPTS = Path(sys.executable).parent
PARSE = """
import ast, os, sys, warnings
warnings.simplefilter("ignore")
for top in sys.argv[1:]:
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), "rb") as file:
                    try:
                        ast.parse(file.read())
                    except (SyntaxError, ValueError):
                        pass
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a tool took."""

    cpu: float
    wall: float
    megabytes: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.megabytes, other.megabytes))


@dataclass(frozen=True, slots=True)
class Tool:
    """A command line; ``per_project`` tools start once per project because they refuse several with equal module names."""

    name: str
    command: tuple[str, ...]
    accepted: frozenset[int]
    per_project: bool = False


@dataclass(slots=True)
class Row:
    """All rounds of one tool on one input."""

    tool: str
    lines: int
    costs: list[Cost]

    @property
    def cpu(self) -> float:
        """The median of the rounds."""
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def megabytes(self) -> float:
        """The largest peak of any round."""
        return max(cost.megabytes for cost in self.costs)


def tools(scratch: Path) -> list[Tool]:
    """Return the tools that are installed beside this Python or on the PATH."""
    ok = frozenset({0, 1})
    mypy_options = ("--ignore-missing-imports", "--no-error-summary", "--namespace-packages", "--explicit-package-bases")
    known = [
        Tool("ast.parse", (sys.executable, "-S", "-c", PARSE), ok),
        Tool("greenroom", (_found("greenroom"), "check", "--format", "concise", "--exit-zero"), ok),
        Tool("ruff", (_found("ruff"), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero"), ok),
        Tool("mypy", (_found("mypy"), "--config-file=", f"--cache-dir={scratch / 'mypy'}", *mypy_options), ok, per_project=True),
        Tool("pyright", (_found("pyright"),), ok, per_project=True),
    ]
    return [tool for tool in known if tool.command[0]]


def measure(tool: Tool, projects: Sequence[Path]) -> Cost:
    """Run the tool cold and return what its process tree took."""
    if not tool.per_project:
        return _run(tool, projects)
    total = Cost(0, 0, 0)
    for project in projects:
        total += _run(tool, [project])
    return total


def lines_of(projects: Iterable[Path]) -> int:
    """Count newlines in Python files."""
    return sum(path.read_bytes().count(b"\n") for project in projects for path in project.rglob("*.py"))


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--heavy", default="", metavar="FOLDER,FOLDER", help="projects for mypy and pyright")
    parser.add_argument("--skip", default="", metavar="TOOL,TOOL")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single measurement as well")
    chosen = parser.parse_args()
    projects = sorted(path for path in chosen.corpus.iterdir() if path.is_dir())
    heavy = [chosen.corpus / name for name in chosen.heavy.split(",") if name]
    with tempfile.TemporaryDirectory() as scratch:
        available = [tool for tool in tools(Path(scratch)) if tool.name not in chosen.skip.split(",")]
        light = [tool for tool in available if not tool.per_project]
        rows = _rounds(light, projects, chosen.rounds, Path(scratch))
        _table(f"{len(projects)} projects", rows, "ast.parse")
        heavy_rows = _rounds(available, heavy, chosen.rounds, Path(scratch)) if heavy else []
        if heavy:
            _table(", ".join(path.name for path in heavy), heavy_rows, "greenroom")
    print(f"\n`greenroom --version`: {_start_up():.0f} ms of wall time, the median of 20")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in (*rows, *heavy_rows)], indent=2) + "\n", encoding="utf-8")


def _rounds(chosen: Sequence[Tool], projects: Sequence[Path], rounds: int, scratch: Path) -> list[Row]:
    """Interleave: each round runs every tool once, so that a busy moment of the machine hits all of them."""
    lines = lines_of(projects)
    rows = {tool.name: Row(tool.name, lines, []) for tool in chosen}
    for number in range(rounds):
        for tool in chosen:
            print(f"round {number + 1} of {rounds}: {tool.name} ...", file=sys.stderr)
            rows[tool.name].costs.append(measure(tool, projects))
            shutil.rmtree(scratch / "mypy", ignore_errors=True)
    return list(rows.values())


def _table(title: str, rows: Sequence[Row], anchor: str) -> None:
    reference = next((row.cpu for row in rows if row.tool == anchor), None)
    lines = rows[0].lines if rows else 0
    print(f"\n{title}: {lines:,} lines\n")
    print(f"{'tool':<12} {'CPU s':>8} {'x ' + anchor:>12} {'lines / CPU s':>14} {'wall s':>8} {'peak MB':>8}")
    for row in rows:
        ratio = f"{row.cpu / reference:.2f}" if reference else "-"
        speed = f"{lines / row.cpu:,.0f}" if row.cpu else "-"
        wall = statistics.median(cost.wall for cost in row.costs)
        print(f"{row.tool:<12} {row.cpu:>8.2f} {ratio:>12} {speed:>14} {wall:>8.1f} {row.megabytes:>8.0f}")


def _run(tool: Tool, projects: Sequence[Path]) -> Cost:
    command = [*tool.command, *map(str, projects)]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in tool.accepted:
            errors.seek(0)
            text = errors.read().decode(errors="replace").strip()[-500:]
            print(f"note: {tool.name} ended with {process.returncode} on {projects[0].name}: {text}", file=sys.stderr)
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024)


def _start_up() -> float:
    command = [_found("greenroom"), "--version"]
    times = []
    for _ in range(20):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def _found(name: str) -> str:
    beside = SCRIPTS / name
    return str(beside) if beside.exists() else shutil.which(name) or ""


if __name__ == "__main__":
    main()
