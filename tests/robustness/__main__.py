"""``python -m tests.robustness [--mutants N] [--seed S] [--no-suite]``: everything that the default tests sample."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from greenroom.interpret.run import STEPS
from tests.robustness.forced import force, suite
from tests.robustness.mutants import defects_of_backend, defects_of_block, sample


def main() -> int:
    """Print every internal error; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness", description="Hold the analyser against sources without meaning.")
    parser.add_argument("--mutants", type=int, default=10, help="mutants of the backend and of each example (default: 10)")
    parser.add_argument("--seed", type=int, default=1_000, help="the first seed (default: 1000)")
    parser.add_argument("--no-suite", action="store_true", help="leave out the interpreter's own test suite")
    chosen = parser.parse_args()
    failed = 0
    for line in _mutants(range(chosen.seed, chosen.seed + chosen.mutants)):
        failed += 1
        print(line, flush=True)
    if not chosen.no_suite:
        for line in _suite():
            failed += 1
            print(line, flush=True)
    print(f"{failed} failures")
    return 1 if failed else 0


def _mutants(seeds: range) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="greenroom-mutants-") as name:
        for seed in seeds:
            yield from defects_of_backend(seed, Path(name))
        for block, seed in sample(seeds):
            yield from defects_of_block(block, seed, Path(name))


def _suite() -> Iterator[str]:
    files = suite()
    entered = deep = 0
    for path in files:
        outcome = force(path)
        entered += outcome.entered
        deep += outcome.deep
        yield from outcome.errors
        if outcome.steps > 2 * STEPS:
            yield f"{path.name}: {outcome.steps} steps"
    print(f"{len(files)} files of Python's own test suite, {entered} functions, {deep} nested deeper than the stack", flush=True)


if __name__ == "__main__":
    sys.exit(main())
