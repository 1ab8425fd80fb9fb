"""The variables that a statement can use."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Type:
    """An object of a mapped class, or a list of such."""

    model: str
    many: bool = False


class Scope:
    """Variables and what they hold; ``count`` makes names that no inner scope has used."""

    def __init__(self, types: dict[str, Type] | None = None, count: list[int] | None = None) -> None:
        self.types = types if types is not None else {}
        self._count = count if count is not None else [0]

    def copy(self) -> Scope:
        """The scope of an inner block: its variables stay there."""
        return Scope(dict(self.types), self._count)

    def name(self, stem: str = "box") -> str:
        """A new name."""
        self._count[0] += 1
        return f"{stem}{self._count[0]}"

    def bind(self, known: Type) -> str:
        """A new variable."""
        var = self.name(known.model.lower() + "s_" if known.many else known.model.lower() + "_")
        self.types[var] = known
        return var

    def any(self, random: Random) -> str | None:
        """Some variable."""
        return random.choice(list(self.types)) if self.types else None

    def one(self, random: Random) -> str | None:
        """Some variable that holds one object."""
        found = [var for var, known in self.types.items() if not known.many]
        return random.choice(found) if found else None

    def of(self, random: Random, model: str, *, many: bool = False) -> str | None:
        """Some variable that holds an object of a class, or a list of them."""
        found = [var for var, known in self.types.items() if known.model == model and known.many is many]
        return random.choice(found) if found else None
