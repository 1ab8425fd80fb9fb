"""``python -m tests.prove [FOLDER ...]``: prove every finding of projects, or of the rules' pages, and print what came of it.

The pages read their database from ``DATABASE_URL``; in-memory SQLite is given to them where it is not set.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from greenroom.prove.claim import ERRORS
from greenroom.prove.verdict import Outcome
from tests.executable.page import read_page
from tests.executable.project import write_project
from tests.prove.proving import claims, proved

PAGES = Path(__file__).parents[2] / "src" / "greenroom" / "rules"


def main() -> int:
    """Print one line a finding; 1 when a definite one was not reproduced though all of it ran."""
    os.environ.setdefault("DATABASE_URL", "sqlite+aiosqlite://")
    tally: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="greenroom-prove-") as scratch:
        for folder in [Path(word).absolute() for word in sys.argv[1:]] or list(_pages(Path(scratch))):
            for file in sorted(folder.rglob("*.py")):
                for claim in claims(folder, file):
                    started = time.perf_counter()
                    proof = proved(folder, claim)
                    finding, outcome = claim.finding, proof.verdict.outcome
                    tally[f"{finding.confidence.value} {outcome.value}"] += 1
                    wrong += outcome is Outcome.NOT_REPRODUCED and finding.confidence.value == "definite"
                    spent = f"{proof.runs} runs, {time.perf_counter() - started:.1f} s"
                    place = f"{finding.path.relative_to(folder.parent)}:{finding.span.line}"
                    print(
                        f"{place}: {finding.rule} {finding.confidence.value}: {outcome.value} ({spent}): {proof.verdict.reason}", flush=True
                    )
    print(", ".join(f"{number} {what}" for what, number in sorted(tally.items())))
    return 1 if wrong else 0


def _pages(scratch: Path) -> Iterator[Path]:
    """The examples of the pages of those rules that a run can show, each as a project of its own."""
    for path in sorted(PAGES.glob("*.md")):
        page = read_page(path)
        if any(f"({code})" in page.text.partition("\n## ")[0] for code in ERRORS):
            for block in page.blocks:
                if "sqlite" in block.dialects:
                    yield write_project(block, scratch / f"{path.stem}_{block.line}").folder


if __name__ == "__main__":
    sys.exit(main())
