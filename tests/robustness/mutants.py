"""Mutants of the bundled backend and of the executable pages, one at a time."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.executable.page import Block, read_pages
from tests.executable.project import write_project
from tests.robustness.checking import check
from tests.robustness.mutation import mutated

ROOT = Path(__file__).parent.parent.parent
BACKEND = ROOT / "src" / "greenroom" / "demo" / "backend"
PAGES = (ROOT / "src" / "greenroom" / "rules", ROOT / "tests" / "semantics")


@cache
def blocks() -> tuple[Block, ...]:
    """Every example of every page."""
    return tuple(block for folder in PAGES for page in read_pages(folder) for block in page.blocks)


def defects_of_backend(seed: int, folder: Path) -> list[str]:
    """Damage a few files of the bundled backend and check it."""
    generator = random.Random(f"backend {seed}")  # noqa: S311 - repeatable damage
    project = folder / f"backend-{seed}"
    shutil.copytree(BACKEND, project)
    files = sorted(project.rglob("*.py"))
    for path in generator.sample(files, 6):
        path.write_text(mutated(path.read_text(encoding="utf-8"), generator, 6), encoding="utf-8")
    return _defects(project, f"backend, seed {seed}")


def defects_of_block(block: Block, seed: int, folder: Path) -> list[str]:
    """Damage one example, and now and then the models it uses, and check it."""
    generator = random.Random(f"{block.name} {seed}")  # noqa: S311 - repeatable damage
    project = write_project(block, folder / f"{block.page.stem}-{block.line}-{seed}")
    for path in (project.example, project.models, project.database):
        if path == project.example or generator.random() < 0.4:
            path.write_text(mutated(path.read_text(encoding="utf-8"), generator), encoding="utf-8")
    return _defects(project.folder, f"{block.name}, seed {seed}")


def _defects(project: Path, name: str) -> list[str]:
    found = [f"{name}: {line}" for line in check(project, "--format", "json").defects()]
    if not found:
        shutil.rmtree(project)
    return found


def sample(seeds: Iterable[int], every: int = 1) -> Iterator[tuple[Block, int]]:
    """Pairs of examples and seeds: with ``every`` above one, another part of the examples for each seed."""
    for seed in seeds:
        for index, block in enumerate(blocks()):
            if (index + seed) % every == 0:
                yield block, seed
