"""Fixtures for tests: the same sessions and the same kind of database as production."""
