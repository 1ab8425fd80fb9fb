"""Draws loader options."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.fuzz.program import Link, Model
from tests.fuzz.render import WRAPPERS
from tests.fuzz.schema import sides_of

RELATIONSHIP = (
    "selectinload", "selectinload", "selectinload", "joinedload", "joinedload", "subqueryload", "immediateload", "raiseload", "noload",
    "lazyload",
)  # fmt: skip
EAGER = frozenset({"selectinload", "joinedload", "subqueryload", "immediateload"})


def draw_options(random: Random, models: Mapping[str, Model], links: tuple[Link, ...], model: str) -> tuple[str, ...]:
    """One or two options for a query of a class."""
    options = []
    for _ in range(random.choice((1, 1, 2))):
        sides = [item for item in sides_of(model, links) if item[0].lazy not in WRAPPERS]
        if sides and random.random() < 0.75:
            options.append(_path(random, models, links, model))
        elif random.random() < 0.1 and not options:
            return ('raiseload("*")',)
        elif not any(option.startswith(("load_only", "defer", "undefer")) for option in options):
            options.append(_columns(random, models[model]))
    return tuple(options)


def _path(random: Random, models: Mapping[str, Model], links: tuple[Link, ...], model: str) -> str:
    text, owner = "", model
    for _ in range(random.choice((1, 1, 1, 2))):
        sides = [item for item in sides_of(owner, links) if item[0].lazy not in WRAPPERS]
        if not sides:
            break
        side, target, _ = random.choice(sides)
        name = random.choice(RELATIONSHIP)
        text += f"{'.' if text else ''}{name}({owner}.{side.name})"
        owner = target
        if name not in EAGER:
            return text
    if random.random() < 0.2:
        text += "." + _columns(random, models[owner])
    return text


def _columns(random: Random, model: Model) -> str:
    names = ["name", *model.columns]
    name = random.choice(names)
    option = "undefer" if name == "bulky" and random.random() < 0.6 else random.choice(("load_only", "defer", "undefer"))
    raising = ", raiseload=True" if option != "undefer" and random.random() < 0.15 else ""
    return f"{option}({model.name}.{name}{raising})"
