"""Which rules are on, for a run and for each file of it."""

from __future__ import annotations

import os
from pathlib import Path

from greenroom.config import Config
from greenroom.rules.registry import rules
from greenroom.source.globs import Globs


class Wanted:
    """The codes of the rules that a configuration wants, by file."""

    def __init__(self, config: Config) -> None:
        self._config = config
        top = str(config.folder or Path.cwd())
        self._special = tuple((Globs([rules.glob], top), rules) for rules in config.per_path)
        self._known: dict[tuple[bool, ...], frozenset[str]] = {}

    def at(self, path: Path) -> frozenset[str]:
        """Return the codes of the rules that are on for the file at ``path``."""
        name = os.path.abspath(path)  # noqa: PTH100 -- links keep the user's names
        key = tuple(globs.somewhere(name) for globs, _ in self._special)
        found = self._known.get(key)
        if found is None:
            there = [special for (_, special), holds in zip(self._special, key, strict=True) if holds]
            found = self._known[key] = frozenset(
                rule.code for rule in rules() if self._config.enabled(rule.code, default=rule.default, there=there)
            )
        return found
