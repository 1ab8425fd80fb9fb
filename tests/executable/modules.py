"""Imports the modules of a block's project without leaving traces for the next block."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import MetaData
from sqlalchemy.orm import configure_mappers

from tests.executable.page import Block
from tests.executable.project import PRELUDES, Project

_loaded: dict[tuple[Path, str], ModuleType] = {}
"""Preludes by path and, for sessions, database; mapped classes cannot be defined twice in one registry."""


def models_of(block: Block) -> ModuleType:
    """Return the prelude of a block."""
    return _prelude(PRELUDES / f"{block.prelude}.py", "models", "")


def database_of(block: Block, url: str) -> ModuleType:
    """Return the module with the engine and the session factory of a block."""
    return _prelude(PRELUDES / "sessions" / f"{block.sessions}.py", "database", url)


def metadata_of(models: ModuleType) -> MetaData:
    """Return the tables of a prelude: those of its ``Base``, else those of SQLModel."""
    metadata = models.Base.metadata if hasattr(models, "Base") else models.SQLModel.metadata
    assert isinstance(metadata, MetaData)
    return metadata


@contextmanager
def imported_example(project: Project, url: str) -> Iterator[ModuleType]:
    """Import the module of a block; inside the ``with`` block, ``import`` and ``pickle`` find the modules of its project."""
    block = project.block
    with _registered(models=models_of(block), database=database_of(block, url)):
        module = _import(project.example, block.module)
        with _registered(**{block.module: module}):
            yield module


def _prelude(path: Path, name: str, url: str) -> ModuleType:
    key = (path, url)
    if key not in _loaded:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", url)
            _loaded[key] = _import(path, name)
        configure_mappers()
    return _loaded[key]


def _import(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _registered(**{name: module}):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _registered(**modules: ModuleType) -> Iterator[None]:
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
