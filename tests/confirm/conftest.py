"""The databases on which pages run."""

from tests.executable.fixtures import postgres, sqlite

__all__ = ["postgres", "sqlite"]
