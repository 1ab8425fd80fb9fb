"""Which modules belong to a test suite."""

from __future__ import annotations

_TESTS = frozenset({"test", "tests", "testing", "conftest"})


def is_test(module: str) -> bool:
    """Whether a module belongs to a test suite, by its dotted name."""
    return any(part in _TESTS or part.startswith("test_") or part.endswith("_test") for part in module.split("."))
