"""Base classes, inherited members and subclasses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from greenroom.program.linearization import linearize
from greenroom.program.modules import Modules
from greenroom.program.scan import ACCESSORS
from greenroom.program.symbols import Class, External, Function, Member, Module, Symbol, Variable

ResolveBase = Callable[[Class, ast.expr], Symbol | None]


class Hierarchy:
    """Inheritance between the classes of the project; what a base expression denotes is asked of ``resolve_base``."""

    def __init__(self, modules: Modules, resolve_base: ResolveBase) -> None:
        self._modules = modules
        self._resolve_base = resolve_base
        self._bases: dict[Class, tuple[Class | External | None, ...]] = {}
        self._orders: dict[Class, tuple[Class | External, ...]] = {}
        self._found: dict[tuple[Class, str], Member | None] = {}
        self._children: dict[Class, list[Class]] = {}
        self._indexed: set[Module] = set()
        self._parsed = -1

    def forget(self) -> None:
        """Drop all answers."""
        for answers in (self._bases, self._orders, self._found, self._children):
            answers.clear()
        self._parsed = -1
        self._indexed.clear()

    def bases(self, cls: Class) -> tuple[Class | External | None, ...]:
        """Return the direct bases in order, None for each that is not a class we can name."""
        found = self._bases.get(cls)
        if found is None:
            # While its bases are looked up a class has none, which ends every cycle of inheritance through nested names.
            self._bases[cls] = ()
            symbols = [self._resolve_base(cls, base) for base in cls.node.bases]
            found = tuple(symbol if isinstance(symbol, (Class, External)) and symbol is not cls else None for symbol in symbols)
            self._bases[cls] = found
        return found

    def mro(self, cls: Class) -> tuple[Class | External, ...]:
        """Return the method resolution order; classes that inherit from themselves are cut where the cycle closes."""
        waiting = [cls]
        entered: set[Class] = set()
        while waiting:
            current = waiting[-1]
            if current in self._orders:
                waiting.pop()
                continue
            bases = [base for base in self.bases(current) if base is not None]
            missing = [base for base in bases if isinstance(base, Class) and base not in self._orders and base not in entered]
            if current not in entered and missing:
                entered.add(current)
                waiting.extend(reversed(missing))
                continue
            orders = [self._orders.get(base, (base,)) if isinstance(base, Class) else (base,) for base in bases]
            self._orders[current] = linearize(current, orders, bases)
            waiting.pop()
        return self._orders[cls]

    def member(self, cls: Class, name: str) -> Member | None:
        """Return what ``cls.name`` finds first along the MRO."""
        key = (cls, name)
        if key not in self._found:
            owners = [base for base in self.mro(cls) if isinstance(base, Class) and name in base.members]
            chosen = (_effective(owner.members[name]) for owner in owners)
            # A subclass that only adds a setter still has the inherited getter.
            fallback = owners[0].members[name][-1] if owners else None
            self._found[key] = next((member for member in chosen if member is not None), fallback)
        return self._found[key]

    def members(self, cls: Class) -> dict[str, Member]:
        """Return every member by name, in the order of definition from the most basic class on."""
        names: dict[str, None] = {}
        for base in reversed(self.mro(cls)):
            if isinstance(base, Class):
                names.update(dict.fromkeys(base.members))
        found = ((name, self.member(cls, name)) for name in names)
        return {name: member for name, member in found if member is not None}

    def subclasses(self, cls: Class) -> list[Class]:
        """Return the direct and indirect subclasses in the modules loaded so far, nearest first."""
        self._index()
        found: dict[Class, None] = {}
        waiting = list(self._children.get(cls, ()))
        for child in waiting:
            if child is not cls and child not in found:
                found[child] = None
                waiting.extend(self._children.get(child, ()))
        return list(found)

    def _index(self) -> None:
        if self._modules.parsed == self._parsed:
            return
        # Looking up bases may load further modules, hence the loop.
        while new := [module for module in self._modules.loaded if module not in self._indexed]:
            self._indexed.update(new)
            for module in new:
                for cls in _classes(module):
                    for base in self.bases(cls):
                        if isinstance(base, Class):
                            self._children.setdefault(base, []).append(cls)
        self._parsed = self._modules.parsed


def _effective(members: Sequence[Member]) -> Member | None:
    """Return the definition that counts: the last, but no accessor, and a stub or bare annotation only where nothing else is."""
    real = [member for member in members if not (isinstance(member, Function) and member.kind in ACCESSORS)]
    full = [member for member in real if not _is_stub(member)]
    return full[-1] if full else real[-1] if real else None


def _is_stub(member: Member) -> bool:
    if isinstance(member, Function):
        return member.kind == "overload"
    return isinstance(member, Variable) and member.value is None


def _classes(module: Module) -> Iterator[Class]:
    # The copy allows classes inside functions to be discovered while the caller works.
    for symbol in list(module.definitions.values()):
        if isinstance(symbol, Class):
            yield symbol
