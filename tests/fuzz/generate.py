"""Draws a program from a seed."""

from __future__ import annotations

from random import Random

from tests.fuzz.author import Author
from tests.fuzz.program import Function, Program
from tests.fuzz.schema import draw_inheritance, draw_label, draw_links, draw_models, draw_schemas, flattened, inherited


def generate(seed: int) -> Program:
    """Return the program of a seed, the same one every time."""
    random = Random(seed)  # noqa: S311 -- reproducible programs, no secrets
    models = draw_models(random)
    links = draw_links(random, models)
    models = tuple(draw_label(random, model, links) for model in models)
    schemas = draw_schemas(random, models, links)
    models = draw_inheritance(Random(f"inheritance {seed}"), models)  # noqa: S311 -- of its own, so that programs without it stay as they were
    listed = frozenset({random.choice(models).name}) if len(models) > 1 and random.random() < 0.6 else frozenset()
    known, ends = flattened(models), inherited(models, links)
    helpers: list[Function] = []
    for number in range(random.choice((0, 0, 1, 1, 2, 3))):
        helpers.append(Author(random, known, ends, schemas, tuple(helpers), listed).helper(f"helper_{number}"))
    author = Author(random, known, ends, schemas, tuple(helpers), listed)
    main = author.main()
    helpers = _called(main, helpers)
    return Program(
        models,
        links,
        main,
        tuple(helpers),
        schemas,
        expire_on_commit=random.random() < 0.5,
        autoflush=random.random() < 0.85,
    )


def _called(main: Function, helpers: list[Function]) -> list[Function]:
    """The helpers that are called: of one that never runs, nothing can be compared."""
    text = repr(main.body)
    kept: list[Function] = []
    for helper in reversed(helpers):  # A helper calls those before it.
        if f"{helper.name}(" in text:
            kept.insert(0, helper)
            text += repr(helper.body)
    return kept
