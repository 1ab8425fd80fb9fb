"""The databases on which pages run."""

from tests.executable.fixtures import sqlite

__all__ = ["sqlite"]
