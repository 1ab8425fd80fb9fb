"""Writes the small project that a block stands for: models, sessions and the block as a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.executable.names import header_for
from tests.executable.page import Block

PRELUDES = Path(__file__).parent.parent / "preludes"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that the analyser can check and the runtime can import."""

    folder: Path
    block: Block

    @property
    def example(self) -> Path:
        """The module made from the block; its lines have the numbers that they have on the page."""
        return self.folder / f"{self.block.module}.py"

    @property
    def models(self) -> Path:
        """The prelude."""
        return self.folder / "models.py"

    @property
    def database(self) -> Path:
        """The engine and the session factory."""
        return self.folder / "database.py"


def write_project(block: Block, folder: Path) -> Project:
    """Write the project of a block into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = {
        "models": (PRELUDES / f"{block.prelude}.py").read_text(encoding="utf-8"),
        "database": (PRELUDES / "sessions" / f"{block.sessions}.py").read_text(encoding="utf-8"),
    }
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    project = Project(folder, block)
    project.example.write_text(_module_of(block, modules), encoding="utf-8")
    return project


def _module_of(block: Block, modules: dict[str, str]) -> str:
    """Put imports before the block and fill up with empty lines, so that a line has the same number here and on the page."""
    try:
        header = header_for(block.source, modules)
    except SyntaxError:
        header = []
    room = block.line - 1
    if len(header) > room:
        msg = f"{block.name}: {len(header)} imports do not fit above the block"
        raise ValueError(msg)
    return "\n".join(header + [""] * (room - len(header))) + "\n" * bool(room) + block.source
