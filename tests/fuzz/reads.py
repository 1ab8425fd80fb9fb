"""Draws expressions that read attributes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.fuzz.program import Link, Model, Schema
from tests.fuzz.schema import sides_of
from tests.fuzz.scope import Scope, Type


def draw_read(
    random: Random, models: Mapping[str, Model], links: tuple[Link, ...], schemas: tuple[Schema, ...], var: str, known: Type
) -> str:
    """An expression that reads something of a variable."""
    if known.many:
        if random.random() < 0.3:
            return f"[{_leaf(random, models, links, 'item', known.model)} for item in {var}]"
        return draw_read(random, models, links, schemas, f"{var}[0]", Type(known.model))
    fitting = [schema for schema in schemas if schema.name == f"{known.model}Read"]
    if fitting and random.random() < 0.3:
        return f"{fitting[0].name}.model_validate({var})"
    if models[known.model].label and random.random() < 0.2:
        return f"{var}.label"
    if random.random() < 0.55 or not sides_of(known.model, links):
        return _column(random, var, models[known.model], links)
    return _relationship(random, models, links, var, known.model)


def draw_condition(random: Random, models: Mapping[str, Model], links: tuple[Link, ...], scope: Scope) -> str:
    """A test that depends on data."""
    var = scope.one(random)
    if var is None:
        return "first"
    model = scope.types[var].model
    choices = [f'{var}.name == "x"']
    choices += [
        f"{var}.{side.name}" if several else f"{var}.{side.name} is not None"
        for side, _, several in sides_of(model, links)
        if side.lazy not in ("write_only", "dynamic")
    ]
    return random.choice(choices)


def _column(random: Random, owner: str, model: Model, links: tuple[Link, ...]) -> str:
    keys = [f"{link.one.lower()}_id" for link in links if link.many == model.name and link.kind != "both" and not link.keyless]
    name = random.choice(("id", "name", *model.columns, *model.columns, *keys))
    plain = f"{owner}.{name}"
    return random.choice((plain, plain, plain, f'f"{{{plain}}}"', f'getattr({owner}, "{name}", None)', f"{plain} is None"))


def _relationship(random: Random, models: Mapping[str, Model], links: tuple[Link, ...], owner: str, model: str) -> str:
    side, target, several = random.choice(sides_of(model, links))
    plain = f"{owner}.{side.name}"
    if side.lazy == "write_only":
        return f"{plain}.select()"
    if side.lazy == "dynamic":
        return random.choice((f"{plain}.all()", f"list({plain})", f"{plain}.count()", plain))
    if several:
        inner = _leaf(random, models, links, "item", target)
        walks = (f"[{inner} for item in {plain}]", f"list({plain})", f"{plain}[0].name")
        return random.choice((plain, f"len({plain})", f"bool({plain})", *walks))
    leaf = _leaf(random, models, links, plain, target)
    return random.choice((plain, f"{plain} is None", f"{plain} and {leaf}", leaf, f'getattr({owner}, "{side.name}", None)'))


def _leaf(random: Random, models: Mapping[str, Model], links: tuple[Link, ...], owner: str, model: str) -> str:
    sides = [item for item in sides_of(model, links) if item[0].lazy != "write_only"]
    if sides and random.random() < 0.3:
        return f"{owner}.{random.choice(sides)[0].name}"
    return f"{owner}.{random.choice(('id', 'name', *models[model].columns))}"
