"""Small projects made of strings."""

from __future__ import annotations

import textwrap
from pathlib import Path

from greenroom.facts.collect import Backend
from greenroom.facts.records import MappedClass
from greenroom.program.program import Program
from greenroom.program.symbols import Class
from greenroom.source.discover import discover


def backend(folder: Path, **files: str) -> Backend:
    """Write one module per keyword argument (`__` separates packages) and return their backend."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for parent in path.relative_to(folder).parents[:-1]:
            (folder / parent / "__init__.py").touch()
        path.write_text(textwrap.dedent(text))
    return Backend(Program(discover([folder])))


def symbol(facts: Backend, module: str, name: str) -> Class:
    """Return a class by module and name."""
    found_module = facts.program.module(module)
    assert found_module is not None
    found = facts.program.lookup(found_module, name)
    assert isinstance(found, Class)
    return found


def mapped(facts: Backend, name: str) -> MappedClass:
    """Return the one mapped class of this name."""
    found = facts.mapped_by_name(name)
    assert found is not None
    return found
