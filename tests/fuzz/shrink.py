"""Makes a program smaller while something stays true of it: delta debugging over its records, not over its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any

from tests.fuzz.program import If, Program, Suite, Try

ATTEMPTS = 600
"""Candidates that are tried before the shrinker is content with what it has."""


def shrink(program: Program, holds: Callable[[Program], bool], attempts: int = ATTEMPTS) -> Program:
    """Return a smaller program of which ``holds`` is still true."""
    while attempts > 0:
        for candidate in _smaller(program):
            attempts -= 1
            if holds(candidate):
                program = candidate
                break
            if attempts <= 0:
                break
        else:
            return program
    return program


def _smaller(program: Program) -> Iterator[Program]:
    """Candidates, those that save most first."""
    for candidate in _variants(program):
        if isinstance(candidate, Program) and candidate != program:
            yield candidate


def _variants(value: Any) -> Iterator[Any]:  # noqa: ANN401 -- any part of a program
    if isinstance(value, tuple):
        yield from _shorter(value)
        for index, item in enumerate(value):
            for inner in _inlined(item):
                yield (*value[:index], *inner, *value[index + 1 :])
        for index, item in enumerate(value):
            for variant in _variants(item):
                yield (*value[:index], variant, *value[index + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            old = getattr(value, field.name)
            if field.default is not MISSING and old != field.default and not isinstance(old, tuple):
                yield replace(value, **{field.name: field.default})
        for field in reversed(fields(value)) if isinstance(value, Program) else fields(value):
            for variant in _variants(getattr(value, field.name)):
                yield replace(value, **{field.name: variant})


def _shorter(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield (*items[:start], *items[start + size :])
        size //= 2


def _inlined(node: object) -> Iterator[tuple[Any, ...]]:
    """A compound statement replaced by what is inside it."""
    match node:
        case If(body=body, orelse=orelse):
            yield body
            if orelse:
                yield orelse
                yield (replace(node, orelse=()),)
        case Suite(body=body):
            yield body
        case Try(body=body, handler=handler):
            yield body
            yield (*body, *handler)
