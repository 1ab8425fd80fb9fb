"""``pytest.raises(MissingGreenlet)`` and its kin: a test that names the error expects the incident, and says so by that."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from greenroom.monitor.errors import incidents_of
from greenroom.trace import Incident

Expected = Callable[[Incident], None]


@contextmanager
def noticed(expected: Expected) -> Generator[None, None, None]:
    """Tell ``expected`` of each incident whose error a test catches by its name, for as long as the context lasts.

    What counts is that the block has caught the very error, and that it names a class of SQLAlchemy's errors or gives a pattern that
    matched: ``pytest.raises(Exception)`` around a request expects something else.
    """
    with pytest.MonkeyPatch.context() as patch:
        for cls in _contexts():
            patch.setattr(cls, "__exit__", _noticing(cls.__exit__, expected))
        yield


def _contexts() -> Iterator[type[Any]]:
    yield type(pytest.raises(ValueError))  # noqa: PT011 -- only its class is wanted
    if hasattr(pytest, "RaisesGroup"):  # from pytest 8.4 on
        yield pytest.RaisesGroup
    case = unittest.TestCase()
    yield type(case.assertRaises(ValueError))  # noqa: PT027 -- only its class is wanted


def _noticing(leave: Callable[..., Any], expected: Expected) -> Callable[..., Any]:
    def left(self: object, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> object:
        caught = leave(self, kind, error, traceback)
        if caught and error is not None and _intended(self):
            for incident in incidents_of(error):
                expected(incident)
        return caught

    return left


def _intended(context: object) -> bool:
    if getattr(context, "match", None) is not None or getattr(context, "match_expr", None) is not None:
        return True
    if getattr(context, "expected_regex", None) is not None:
        return True
    return any(issubclass(cls, SQLAlchemyError) and cls is not SQLAlchemyError for cls in _named(context))


def _named(context: object) -> Iterator[type[BaseException]]:
    """Yield the classes that it waits for; the attributes are those of pytest from 8.4 on, of pytest before, and of unittest."""
    for name in ("expected_exceptions", "expected_exception", "expected"):
        given = getattr(context, name, ())
        for one in given if isinstance(given, tuple) else (given,):
            if isinstance(one, type):
                yield one
            else:
                yield from _named(one)
