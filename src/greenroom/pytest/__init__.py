"""What greenroom is to pytest: ``pytest --greenroom``, fixtures for a database per test, and budgets of queries."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom.pytest.queries import Queries, Query, assert_queries

__all__ = ["Queries", "Query", "assert_queries"]


def __getattr__(name: str) -> object:
    """Import what is asked for when it is: pytest loads this package in every run, also in those that have no use for it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from greenroom.pytest import queries  # noqa: PLC0415 -- see above

    return getattr(queries, name)
