"""Draws a program from a seed."""

from __future__ import annotations

from random import Random

from tests.fuzz.author import Author
from tests.fuzz.program import Function, Program
from tests.fuzz.schema import draw_label, draw_links, draw_models, draw_schemas


def generate(seed: int) -> Program:
    """Return the program of a seed, the same one every time."""
    random = Random(seed)  # noqa: S311 -- reproducible programs, no secrets
    models = draw_models(random)
    links = draw_links(random, models)
    models = tuple(draw_label(random, model, links) for model in models)
    schemas = draw_schemas(random, models, links)
    listed = frozenset({random.choice(models).name}) if len(models) > 1 and random.random() < 0.6 else frozenset()
    helpers: list[Function] = []
    for number in range(random.choice((0, 0, 1, 1, 2, 3))):
        helpers.append(Author(random, models, links, schemas, tuple(helpers), listed).helper(f"helper_{number}"))
    author = Author(random, models, links, schemas, tuple(helpers), listed)
    return Program(
        models,
        links,
        author.main(),
        tuple(helpers),
        schemas,
        expire_on_commit=random.random() < 0.5,
        autoflush=random.random() < 0.85,
    )
