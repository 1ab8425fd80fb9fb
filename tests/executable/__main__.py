"""``python -m tests.executable [--python PYTHON] [--url URL] [PAGE ...]``: run pages under any installed SQLAlchemy."""

from __future__ import annotations

import argparse
import io
import logging
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

from tests.executable.page import read_page
from tests.executable.postgres import private_postgres
from tests.executable.project import write_project
from tests.executable.runtime import disagreements, environment_of
from tests.executable.stock import PostgresStock, Stock, sqlite_stock

ROOT = Path(__file__).parent.parent.parent
FOLDERS = (ROOT / "src" / "greenroom" / "rules", ROOT / "tests" / "semantics")


def main() -> int:
    """Print every disagreement between pages and runtime; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.executable", description="Run the examples of pages on a real database.")
    parser.add_argument("pages", nargs="*", type=Path, help="pages (default: all rule pages and all semantics)")
    parser.add_argument("--python", help="another interpreter, with another SQLAlchemy installed")
    parser.add_argument("--url", help="a PostgreSQL database that may be emptied (default: SQLite)")
    parser.add_argument("--postgres", action="store_true", help="start a private PostgreSQL and use it")
    parser.add_argument("--everything", action="store_true", help="run all blocks, whatever dialects they name")
    chosen = parser.parse_args()
    if chosen.python:
        words = [word for word in sys.argv[1:] if word not in {"--python", chosen.python}]
        return subprocess.run([chosen.python, "-m", "tests.executable", *words], cwd=ROOT, check=False).returncode
    return _run(chosen.pages or [page for folder in FOLDERS for page in sorted(folder.glob("*.md"))], chosen)


def _run(pages: list[Path], chosen: argparse.Namespace) -> int:
    logging.disable(logging.ERROR)  # The pool complains about connections that failing examples leave behind.
    started = time.perf_counter()
    failed = blocks = 0
    with ExitStack() as resources:
        stock: Stock
        if chosen.url or chosen.postgres:
            stock = PostgresStock(chosen.url or resources.enter_context(private_postgres()))
        else:
            stock = resources.enter_context(sqlite_stock())
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="greenroom-pages-")))
        environment = environment_of(stock)
        for page in map(read_page, pages):
            for block in page.blocks:
                if not (chosen.everything or block.runs_in(environment)):
                    continue
                blocks += 1
                try:
                    with redirect_stdout(io.StringIO()):
                        wrong = disagreements(write_project(block, folder / page.path.stem / str(block.line)), stock)
                except Exception as error:  # noqa: BLE001 -- one broken page must not hide the others
                    wrong = [f"line {block.line}: {error!r}"]
                failed += bool(wrong)
                for line in wrong:
                    print(f"{page.path.name}: {line}")
    print(f"{sorted(environment)}: {len(pages)} pages, {blocks} blocks, {failed} disagree, {time.perf_counter() - started:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
