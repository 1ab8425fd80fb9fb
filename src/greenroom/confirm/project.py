"""What a comparison has to know of the checked projects, as plain data that outlives them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.confirm.records import Endpoint
from greenroom.facts.collect import Backend
from greenroom.interpret.tracker import Tracker
from greenroom.source.file import SourceFile


@dataclass(slots=True)
class Known:
    """All projects of a run; filled one by one."""

    files: dict[Path, Path] = field(default_factory=dict)
    """Every file that was looked at, by its absolute path, and the directory that its imports start from."""
    lineages: dict[str, set[str]] = field(default_factory=dict)
    """The names of mapped classes, with those of the classes that they are mapped as subclasses of."""
    columns: dict[str, set[str]] = field(default_factory=dict)
    """The names of the column attributes of mapped classes."""
    endpoints: list[Endpoint] = field(default_factory=list)
    bounded: list[tuple[Path, range]] = field(default_factory=list)
    """Lines of functions that were not followed to their end; an empty range stands for all that lies below a directory."""

    def add_files(self, files: Iterable[SourceFile]) -> None:
        """Take over which files there are."""
        self.files.update((absolute(file.path), absolute(file.root)) for file in files)

    def add(self, backend: Backend, tracker: Tracker) -> None:
        """Take over what one project declares, and where it was not followed to its end."""
        self.add_classes(backend)
        for route in backend.routes():
            function = route.function
            if route.path is not None and not function.module.is_test and not route.module.is_test:
                place = absolute(function.module.source.path)
                self.endpoints.append(
                    Endpoint(route.methods, route.path, function.module.name, function.qualname, place, function.node.lineno)
                )
        for function in tracker.bounded:
            node = function.node
            first = min([node.lineno, *(decorator.lineno for decorator in function.decorators)])
            self.bounded.append((absolute(function.module.source.path), range(first, (node.end_lineno or node.lineno) + 1)))

    def add_classes(self, backend: Backend) -> None:
        """Take over which mapped classes one project has."""
        for mapped in backend.mapped_classes():
            self.columns.setdefault(mapped.name, set()).update(mapped.columns)
            known = self.lineages.setdefault(mapped.name, {mapped.name})
            parent = mapped.parent
            while parent is not None:
                known.add(parent.name)
                parent = parent.parent

    def skip(self, roots: Iterable[Path]) -> None:
        """Remember that a project could not be analysed at all."""
        self.bounded.extend((absolute(root), range(0)) for root in roots)

    def related(self, one: str, other: str) -> bool:
        """Whether one of two mapped classes is the other, or is mapped as a subclass of it."""
        return one == other or other in self.lineages.get(one, ()) or one in self.lineages.get(other, ())


def absolute(path: Path) -> Path:
    """Return a path with the user's names: links stay."""
    return Path(os.path.abspath(path))  # noqa: PTH100 -- `resolve` follows links
