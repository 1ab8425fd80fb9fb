"""``python -m tests.fuzz [--programs N] [--seed S] [--jobs J]``: hold the analyser against random programs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.campaign import Campaign, Failure, run_campaign
from tests.fuzz.judge import VERSION


def main() -> int:
    """Print the rate of agreement and every shrunk disagreement; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Compare the analyser with the real ORM on random programs.")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first program's seed")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--no-shrink", action="store_true", help="print disagreeing programs as they were drawn")
    parser.add_argument("--stop-after", type=int, default=25, help="shrink and print at most so many disagreeing programs")
    chosen = parser.parse_args()
    started = time.perf_counter()
    whole = Campaign()
    for part in _parts(chosen):
        whole.add(part)
    for failure in whole.failures:
        print(f"\n## Seed {failure.seed}\n\n{failure.text}")
    print(f"\n{_summary(whole)}, {time.perf_counter() - started:.0f} s")
    return 1 if whole.failed else 0


def _parts(chosen: argparse.Namespace) -> Iterator[Campaign]:
    step = -(-chosen.programs // chosen.jobs)
    ranges = [
        range(start, min(start + step, chosen.seed + chosen.programs)) for start in range(chosen.seed, chosen.seed + chosen.programs, step)
    ]
    if len(ranges) == 1:
        yield run_campaign(ranges[0], shrinks=not chosen.no_shrink, limit=chosen.stop_after, tell=_tell, progress=_progress)
        return
    with ProcessPoolExecutor(chosen.jobs) as pool:
        yield from pool.map(_part, [(seeds, not chosen.no_shrink, chosen.stop_after) for seeds in ranges])


def _part(work: tuple[range, bool, int]) -> Campaign:
    seeds, shrinks, limit = work
    return run_campaign(seeds, shrinks=shrinks, limit=limit)


def _tell(failure: Failure) -> None:
    print(f"seed {failure.seed}: {failure.summary}", file=sys.stderr, flush=True)


def _progress(campaign: Campaign) -> None:
    print(_summary(campaign), file=sys.stderr, flush=True)


def _summary(whole: Campaign) -> str:
    tally = whole.tally
    programs = 100 * (tally.programs - whole.failed) / max(tally.programs, 1)
    lines = 100 * (tally.lines - whole.disagreements) / max(tally.lines, 1)
    kinds = ", ".join(f"{count} {verdict.value}" for verdict, count in sorted(whole.kinds.items(), key=lambda item: item[0].name))
    return (
        f"SQLAlchemy {VERSION}: {tally.programs} programs, {programs:.3f} % agree; {tally.lines} lines ran, {lines:.4f} % agree ({kinds}); "
        f"{tally.raised} raised: {tally.raised_definite} definite, {tally.raised_possible} possible; "
        f"{tally.clean_possible} lines that never raised are possible"
    )


if __name__ == "__main__":
    sys.exit(main())
