"""Seeded damage to sources that parse: the result parses too, but means something nobody wrote."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Sequence

Expressions = list[tuple[ast.AST, str, int | None]]
"""Where expressions stand: in a field of a node, or at an index of it."""


def mutated(source: str, generator: random.Random, damages: int = 3) -> str:
    """Damage ``source`` in a few places; text that does not parse stays as it is."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    for _ in range(generator.randint(1, damages)):
        generator.choice(MUTATIONS)(tree, generator)
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (RecursionError, ValueError, AttributeError, TypeError):
        return source  # an expression where no expression can be written, such as inside a format


def _delete_statement(tree: ast.Module, generator: random.Random) -> None:
    body = generator.choice(_bodies(tree))
    del body[generator.randrange(len(body))]
    if not body:
        body.append(ast.Pass())


def _duplicate_statement(tree: ast.Module, generator: random.Random) -> None:
    body = generator.choice(_bodies(tree))
    other = generator.choice(_bodies(tree))
    statement = copy.deepcopy(generator.choice(body))
    other.insert(generator.randrange(len(other) + 1), statement)


def _swap_statements(tree: ast.Module, generator: random.Random) -> None:
    one, other = generator.choice(_bodies(tree)), generator.choice(_bodies(tree))
    first, second = generator.randrange(len(one)), generator.randrange(len(other))
    one[first], other[second] = copy.deepcopy(other[second]), copy.deepcopy(one[first])


def _rename(tree: ast.Module, generator: random.Random) -> None:
    """Call one thing by the name of another, everywhere or in one place."""
    named = [
        (node, name) for node in ast.walk(tree) for name in ("id", "attr", "arg", "name") if isinstance(getattr(node, name, None), str)
    ]
    if not named:
        return
    node, slot = generator.choice(named)
    old, new = getattr(node, slot), getattr(*generator.choice(named))
    everywhere = generator.random() < 0.5
    for candidate, name in named:
        if (candidate is node and name == slot) or (everywhere and getattr(candidate, name) == old):
            setattr(candidate, name, new)


def _replace_expression(tree: ast.Module, generator: random.Random) -> None:
    places = _expressions(tree)
    if places:
        donor = copy.deepcopy(_at(generator.choice(places)))
        node, slot, index = generator.choice(places)
        if index is None:
            setattr(node, slot, donor)
        else:
            getattr(node, slot)[index] = donor


MUTATIONS: Sequence[Callable[[ast.Module, random.Random], None]] = (
    _delete_statement,
    _duplicate_statement,
    _swap_statements,
    _rename,
    _replace_expression,
)


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    found = [getattr(node, slot, None) for node in ast.walk(tree) for slot in ("body", "orelse", "finalbody")]
    return [body for body in found if isinstance(body, list) and body] or [tree.body]


def _expressions(tree: ast.Module) -> Expressions:
    """Every place of an expression that can take any other: targets and parts of formatted strings stay."""
    places: Expressions = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            continue
        for slot, value in ast.iter_fields(node):
            if slot in ("target", "targets", "optional_vars", "format_spec") or isinstance(node, ast.pattern):
                continue
            if isinstance(value, list):
                places.extend((node, slot, index) for index, item in enumerate(value) if isinstance(item, ast.expr))
            elif isinstance(value, ast.expr):
                places.append((node, slot, None))
    return places


def _at(place: tuple[ast.AST, str, int | None]) -> ast.expr:
    node, slot, index = place
    found = getattr(node, slot)
    value: ast.expr = found if index is None else found[index]
    return value
