"""Libraries that build on SQLAlchemy, as the analyser sees them: short modules that do what the library does to a session.

A name that a project imports from such a library means the definition of that name in the stand-in, whatever module of the
library it is imported from; names that the stand-in does not define stay outside the project.
"""

from __future__ import annotations

from pathlib import Path

from greenroom.program.modules import Modules
from greenroom.program.symbols import Class, Function, Module
from greenroom.source.file import SourceFile

FOLDER = Path(__file__).parent / "standins"
STANDINS = {"advanced_alchemy": "advanced_alchemy", "litestar": "advanced_alchemy"}
"""By the library's package, the module that stands for it."""


class Libraries:
    """The stand-ins, read when a project first imports from their library."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._files: dict[str, SourceFile] = {}

    def find(self, path: str) -> Class | Function | None:
        """Return what stands for the name at a dotted path; None where nothing does."""
        root, _, rest = path.partition(".")
        standin = STANDINS.get(root)
        if standin is None or not rest:
            return None
        module = self._module(standin)
        for binding in module.bindings.get(rest.rpartition(".")[2], ()) if module is not None else ():
            if isinstance(binding, Class | Function):
                return binding
        return None

    def _module(self, standin: str) -> Module | None:
        file = self._files.get(standin)
        if file is None:
            file = self._files[standin] = SourceFile(FOLDER / f"{standin}.py", f"greenroom.{standin}", FOLDER)
        module = self._modules.load(file)
        if module is not None:
            module.standin = True
        return module
