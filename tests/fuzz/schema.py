"""Draws the mapped classes, links and schemas of a program."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.fuzz.program import Link, Model, Schema, Side
from tests.fuzz.render import COLUMNS, NEEDING_OTHERS, NULLABLE, WRAPPERS

NAMES = ("Alpha", "Beta", "Gamma")
LAZY = ("selectin", "joined", "subquery", "immediate", "raise", "raise_on_sql", "noload", "write_only", "dynamic")
PLAIN = 0.6
"""The share of relationships with the default strategy."""
CASCADES = ("", "", "", "all, delete-orphan", "all", "save-update, merge", "merge")
ANNOTATIONS = {"id": "int", "name": "str", "length": "int | None", "mood": "object"}


def draw_models(random: Random) -> tuple[Model, ...]:
    """One to three classes."""
    names = NAMES[: random.choice((1, 2, 2, 2, 3))]
    models = []
    for name in names:
        columns = tuple(kind for kind in COLUMNS if random.random() < 0.3)
        models.append(Model(name, columns, random.choice(("", "", "", "", "True", "False"))))
    return tuple(models)


def draw_inheritance(random: Random, models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Now and then a class that inherits from another one, and mixins."""
    models = tuple(replace(model, mixin=random.random() < 0.15) for model in models)
    if random.random() > 0.2:
        return models
    base = random.choice(models)
    single = random.random() < 0.4
    kinds = [kind for kind in COLUMNS if kind not in base.columns and (kind in NULLABLE or not single) and kind not in NEEDING_OTHERS]
    columns = tuple(kind for kind in kinds if kind != "worked" and random.random() < 0.4)
    return (*models, Model("Delta", columns, base=base.name, single=single, mixin=random.random() < 0.15))


def flattened(models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Classes with the columns that they inherit."""
    known = {model.name: model for model in models}
    return tuple(
        replace(model, columns=(*known[model.base].columns, *model.columns), label=model.label or known[model.base].label)
        if model.base
        else model
        for model in models
    )


def inherited(models: tuple[Model, ...], links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Links with those that classes inherit."""
    found = list(links)
    for model in models:
        if model.base:
            found += [replace(link, one=model.name, back=None, keyless=True) for link in links if link.one == model.base]
            found += [replace(link, many=model.name, forward=None) for link in links if link.many == model.base]
    return tuple(found)


def draw_links(random: Random, models: tuple[Model, ...]) -> tuple[Link, ...]:
    """Links between neighbours, and now and then one from a class to itself."""
    links = []
    pairs = [(models[index].name, models[index + 1].name) for index in range(len(models) - 1)]
    if len(models) == 3 and random.random() < 0.3:
        pairs.append((models[0].name, models[2].name))
    if random.random() < 0.1:
        pairs.append((models[0].name, models[0].name))
    for one, many in pairs:
        kind = "many" if one == many else random.choice(("many", "many", "many", "one", "both"))
        links.append(_link(random, one, many, kind))
    return tuple(links)


def _link(random: Random, one: str, many: str, kind: str) -> Link:
    if one == many:
        forward, back = "children", "parent"
    else:
        forward = f"{many.lower()}s" if kind != "one" else f"{many.lower()}_one"
        back = one.lower() if kind != "both" else f"{one.lower()}s"
    ends = random.choice(("both", "both", "both", "forward", "back"))
    cascade = random.choice(CASCADES)
    if "delete-orphan" in cascade and kind == "both":
        cascade = "all"
    lazy = _lazy(random, several=kind != "one")
    return Link(
        one,
        many,
        kind,
        Side(forward, lazy, cascade) if ends != "back" else None,
        Side(back, _lazy(random, several=kind == "both")) if ends != "forward" else None,
        nullable=one == many or random.random() < 0.7,
    )


def _lazy(random: Random, *, several: bool) -> str:
    if random.random() < PLAIN:
        return "select"
    lazy = random.choice(LAZY)
    return "select" if lazy in WRAPPERS and not several else lazy


def draw_label(random: Random, model: Model, links: tuple[Link, ...]) -> Model:
    """Give a class a property now and then."""
    if random.random() > 0.25:
        return model
    names = ["name", *model.columns, *(side.name for side, _, _ in sides_of(model.name, links) if side.lazy not in WRAPPERS)]
    label = random.choice(names)
    return replace(model, label=label, hybrid=label in names[: 1 + len(model.columns)] and random.random() < 0.5)


def sides_of(model: str, links: tuple[Link, ...]) -> list[tuple[Side, str, bool]]:
    """The relationships of a class: attribute, target and whether it is a collection."""
    found = []
    for link in links:
        if link.one == model and link.forward is not None:
            found.append((link.forward, link.many, link.kind != "one"))
        if link.many == model and link.back is not None:
            found.append((link.back, link.one, link.kind == "both"))
    return found


def draw_schemas(random: Random, models: tuple[Model, ...], links: tuple[Link, ...]) -> tuple[Schema, ...]:
    """A schema for a class now and then, with columns and perhaps a relationship."""
    schemas: list[Schema] = []
    if random.random() > 0.25:
        return ()
    model = random.choice(models)
    nested = [
        (side, target, several)
        for side, target, several in sides_of(model.name, links)
        if side.lazy not in WRAPPERS and target != model.name
    ]
    fields = _fields(random, model)
    if nested and random.random() < 0.6:
        side, target, several = random.choice(nested)
        inner = next(other for other in models if other.name == target)
        schemas.append(Schema(f"{target}Read", _fields(random, inner)))
        fields = (*fields, (side.name, f"list[{target}Read]" if several else f"{target}Read | None"))
    schemas.append(Schema(f"{model.name}Read", fields))
    return tuple(schemas)


def _fields(random: Random, model: Model) -> tuple[tuple[str, str], ...]:
    names = [name for name in ("id", "name", *model.columns) if random.random() < 0.6] or ["id"]
    return tuple((name, ANNOTATIONS.get(name, "str | None")) for name in names)
