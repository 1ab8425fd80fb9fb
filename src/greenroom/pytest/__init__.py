"""What greenroom is to pytest: ``pytest --greenroom``, fixtures for a database per test, and budgets of queries."""

from greenroom.pytest.queries import Queries, Query, assert_queries

__all__ = ["Queries", "Query", "assert_queries"]
