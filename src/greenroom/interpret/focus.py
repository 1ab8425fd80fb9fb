"""The focus of a loop: one element at a time of a collection whose elements have one summary.

What the body does to the element reaches the elements already visited, never those that are still to come. A loop over a part
of the elements (a filtered list, a slice) may leave them in another condition than the rest; from then on the part has a
summary of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from greenroom.domain.heap import Collection, OrmObject, join_objects
from greenroom.domain.loading import EMITS, RAISING
from greenroom.domain.state import State
from greenroom.domain.values import Choice, Ref, Value, atoms, join_all
from greenroom.interpret.run import Run


@dataclass(slots=True)
class Focus:
    """The summary objects that one loop variable goes through."""

    keys: tuple[int, ...]
    node: ast.AST
    parts: dict[int, int] = field(default_factory=dict)
    """What the last loop set apart, by the summaries that it was part of."""

    def elements(self, element: Value) -> tuple[Value, ...]:
        """What to visit one after the other: an iteration sees an object of one summary, never of two."""
        whole = [atom for atom in atoms(element) if isinstance(atom, Ref) and atom.id in self.keys]
        if len(whole) < 2:
            return (element,)
        other = [atom for atom in atoms(element) if atom not in whole]
        return (*whole, join_all(other)) if other else tuple(whole)

    def enter(self, run: Run, state: State, element: Value) -> Value:
        """Split one element off each summary that ``element`` may be of."""
        for key in self.keys if len(self.keys) < 2 else focus_on(state, element, self.node).keys:
            record = state.heap.get(key)
            if isinstance(record, OrmObject):
                state.heap[self.focus(run, key)] = record.evolve(many=False)
        return self._replaced(run, state, element)

    @contextmanager
    def visiting(self, run: Run) -> Iterator[None]:
        """Within the block, the elements being visited are known as rows of this loop."""
        rows = run.tracker.rows
        here = (run.site(self.node), len(run.calls))
        entered = {self.focus(run, key): here for key in self.keys if self.focus(run, key) not in rows}
        rows.update(entered)
        try:
            yield
        finally:
            for key in entered:
                del rows[key]

    def fold(self, run: Run, state: State) -> None:
        """The element has been visited."""
        for key in self.keys:
            focus, done = self.focus(run, key), self.done(run, key)
            record = state.heap.get(focus)
            if isinstance(record, OrmObject):
                known = state.heap.get(done)
                visited = record.evolve(many=True)
                state.heap[done] = visited if known is None else join_objects(known, visited)
                state.rename(focus, done)

    def exhaust(self, run: Run, state: State, walked: Value, *, partial: bool) -> None:
        """The loop went through all of ``walked``, which holds all elements or, if ``partial``, some of them."""
        if not partial:
            self.leave(run, state, exhausted=True)
            return
        self.fold(run, state)
        self.parts = {}
        for visited in self._apart(run, state):
            self._set_apart(run, state, walked, visited)
        self.leave(run, state, exhausted=False)

    def leave(self, run: Run, state: State, *, exhausted: bool) -> None:
        """The loop is over: visited elements are the collection's again."""
        self.fold(run, state)
        for key in self.keys:
            done = self.done(run, key)
            visited = state.heap.get(done)
            rest = state.heap.get(key)
            if visited is None:
                continue
            state.heap[key] = visited if exhausted or rest is None else join_objects(rest, visited)
            state.rename(done, key)

    def focus(self, run: Run, key: int) -> int:
        """Heap id of the element being visited."""
        return run.identity(self.node, ("focus", key))

    def done(self, run: Run, key: int) -> int:
        """Heap id of the elements already visited."""
        return run.identity(self.node, ("done", key))

    def settled(self, run: Run, found: int) -> Ref:
        """A reference to what an object of the loop has become after it."""
        for key in self.keys:
            if found in (key, self.focus(run, key), self.done(run, key)):
                return Ref(self.parts.get(key, key))
        return Ref(found)

    def _apart(self, run: Run, state: State) -> list[list[int]]:
        """The summaries, by their classes, of which the visited elements have something that the rest lacks."""
        found: dict[object, list[int]] = {}
        for key in self.keys:
            rest, visited = state.orm(key), state.orm(self.done(run, key))
            if rest is not None and visited is not None:
                found.setdefault(rest.mapped, []).append(key)
        return [keys for keys in found.values() if any(_lacks(state.orm(key), state.orm(self.done(run, key))) for key in keys)]

    def _set_apart(self, run: Run, state: State, walked: Value, keys: list[int]) -> None:
        """Give the visited elements one summary; what an earlier round has set apart here is one of the rest again."""
        record = state.orm(keys[0])
        assert record is not None
        part = run.identity(self.node, ("part", record.mapped.symbol.node))
        visited = [self.done(run, key) for key in keys]
        for other in visited[1:]:
            state.move(other, visited[0])
        self.parts.update(dict.fromkeys(keys, part))
        rest = [key for key in keys if key != part] or [run.identity(self.node, ("older", part))]
        if part in state.heap:
            state.move(part, rest[0])
        state.move(visited[0], part)
        whole = {Ref(key) for key in rest}
        for key, holder in state.heap.items():
            if isinstance(holder, Collection) and any(atom in whole for value in _elements(holder) for atom in atoms(value)):
                alone = Ref(key) == walked or (isinstance(walked, Ref) and holder.source == walked.id)
                state.heap[key] = _with_part(holder, whole, Ref(part), alone=alone)

    def _replaced(self, run: Run, state: State, value: Value) -> Value:
        if isinstance(value, Ref):
            if value.id in self.keys:
                return Ref(self.focus(run, value.id))
            record = state.heap.get(value.id)
            if isinstance(record, Collection) and record.items is not None and record.kind in ("tuple", "row"):
                key = run.identity(self.node, ("pair", value.id))
                by_key = {name: self._replaced(run, state, item) for name, item in record.by_key.items()}
                state.heap[key] = replace(record, items=tuple(self._replaced(run, state, item) for item in record.items), by_key=by_key)
                return Ref(key)
        if isinstance(value, Choice):
            return join_all(self._replaced(run, state, atom) for atom in value.atoms)
        return value


def focus_on(state: State, element: Value | None, node: ast.AST) -> Focus:
    """A focus for everything in ``element`` that stands for many objects."""
    keys: list[int] = []
    waiting = [(element, 0)] if element is not None else []
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Choice):
            waiting.extend((atom, depth) for atom in reversed(value.atoms))
        elif isinstance(value, Ref):
            record = state.heap.get(value.id)
            if isinstance(record, OrmObject) and record.many and value.id not in keys:
                keys.append(value.id)
            elif isinstance(record, Collection) and depth < 2 and record.kind in ("tuple", "row"):
                waiting.extend((item, depth + 1) for item in reversed(record.items or ()))
    return Focus(tuple(keys), node)


def _lacks(rest: OrmObject | None, visited: OrmObject | None) -> bool:
    """Whether something is certainly absent from the rest, and not from what was visited."""
    if rest is None or visited is None:
        return False
    absent = ((name, known.sure & (EMITS | RAISING)) for name, known in rest.attributes.items())
    return any(bits & ~visited.attributes[name].sure for name, bits in absent if bits and name in visited.attributes)


def _elements(record: Collection) -> Iterable[Value]:
    return (*(record.items or ()), *record.by_key.values(), *((record.element,) if record.element is not None else ()))


def _with_part(record: Collection, whole: set[Ref], part: Ref, *, alone: bool) -> Collection:
    """A collection whose elements may be of the part as well; of it ``alone``, if they are just the part."""

    def one(value: Value) -> Value:
        if not any(atom in whole for atom in atoms(value)):
            return value
        rest = [atom for atom in atoms(value) if not alone or atom not in whole]
        return join_all([*rest, part]) if rest else part

    items = None if record.items is None else tuple(one(item) for item in record.items)
    by_key = {key: one(value) for key, value in record.by_key.items()}
    element = None if record.element is None else one(record.element)
    return replace(record, items=items, element=element, by_key=by_key, partial=record.partial and not alone)
