"""All rules: the modules of this package that hold one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache

from greenroom.domain.events import Observation
from greenroom.rules.finding import Finding
from greenroom.rules.rule import Rule

_NOT_RULES = frozenset({"finding", "pages", "registry", "rule", "wanted"})


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, ordered by code.

    Raises:
        ValueError: Two modules claim one code.
    """
    package = importlib.import_module("greenroom.rules")
    found: dict[str, Rule] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name in _NOT_RULES:
            continue
        rule: Rule = importlib.import_module(f"greenroom.rules.{info.name}").RULE
        if rule.code in found:
            raise ValueError(f"{rule.code} is claimed by {found[rule.code].name} and {rule.name}")
        found[rule.code] = rule
    return tuple(found[code] for code in sorted(found))


def judge(observations: Iterable[Observation]) -> Iterator[Finding]:
    """Ask every rule about every observation of the class it is interested in."""
    by_class: dict[type[Observation], list[Rule]] = {}
    for rule in rules():
        by_class.setdefault(rule.event, []).append(rule)
    for observation in observations:
        for rule in by_class.get(type(observation), ()):
            yield from rule(observation)
