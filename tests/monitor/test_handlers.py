# ruff: noqa: BLE001, E722, S110, SIM105, TRY203, TRY301 -- blocks of these shapes are what is tested

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.orm.exc import DetachedInstanceError

from greenroom.monitor.handlers import caught_by_name

SEVERAL = (ValueError, DetachedInstanceError)
asked: list[bool] = []


def fail() -> None:
    error = DetachedInstanceError("no session")
    asked.append(caught_by_name(sys._getframe(), error) is not None)
    raise error


def by_class() -> None:
    try:
        fail()
    except DetachedInstanceError:
        pass


def by_one_of_several() -> None:
    try:
        fail()
    except (KeyError, DetachedInstanceError):
        pass


def by_a_tuple_with_a_name() -> None:
    try:
        fail()
    except SEVERAL:
        pass


def by_suppress() -> None:
    with contextlib.suppress(DetachedInstanceError):
        fail()


def in_a_comprehension() -> None:
    calls: list[Callable[[], object]] = [fail]
    try:
        [call() for call in calls]
    except DetachedInstanceError:
        pass


def further_out() -> None:
    try:
        try:
            fail()
        finally:
            pass
    except KeyError:
        pass
    except DetachedInstanceError:
        pass


def passed_on_to_one_that_names_it() -> None:
    try:
        try:
            fail()
        except Exception:
            raise
    except DetachedInstanceError:
        pass


def in_a_generator() -> None:
    def values() -> Iterator[str]:
        try:
            fail()
            yield "nothing failed"
        except DetachedInstanceError:
            yield "failed"

    list(values())


def by_everything() -> None:
    try:
        fail()
    except Exception:
        pass


def by_bare() -> None:
    try:
        fail()
    except:
        pass


def by_all_of_sqlalchemy() -> None:
    try:
        fail()
    except SQLAlchemyError:
        pass


def by_everything_before_its_name() -> None:
    try:
        try:
            fail()
        except Exception:
            pass
    except DetachedInstanceError:
        pass


def as_another_error() -> None:
    try:
        try:
            fail()
        except DetachedInstanceError as error:
            raise ValueError from error
    except ValueError:
        pass


def around_the_definition_alone() -> None:
    calls: list[Callable[[], object]] = []
    try:

        def inner() -> None:
            fail()

        calls.append(inner)
    except DetachedInstanceError:
        pass
    with contextlib.suppress(Exception):
        calls[0]()


def in_the_handler_of_another() -> None:
    with contextlib.suppress(Exception):
        try:
            raise KeyError
        except KeyError:
            fail()
        except InvalidRequestError:
            pass


@pytest.mark.parametrize(
    "function",
    [
        by_class,
        by_one_of_several,
        by_a_tuple_with_a_name,
        by_suppress,
        in_a_comprehension,
        further_out,
        passed_on_to_one_that_names_it,
        in_a_generator,
    ],
)
def test_it_is_named(function: Callable[[], None]) -> None:
    asked.clear()
    function()
    assert asked == [True]


@pytest.mark.parametrize(
    "function",
    [
        by_everything,
        by_bare,
        by_all_of_sqlalchemy,
        by_everything_before_its_name,
        as_another_error,
        around_the_definition_alone,
        in_the_handler_of_another,
    ],
)
def test_it_is_not(function: Callable[[], None]) -> None:
    asked.clear()
    function()
    assert asked == [False]


def test_nobody_catches_it() -> None:
    asked.clear()
    with pytest.raises(DetachedInstanceError):
        fail()
    assert asked == [False]
