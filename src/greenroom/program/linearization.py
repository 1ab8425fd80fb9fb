"""The method resolution order, for classes that may be broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenroom.program.symbols import Class, External


def linearize(cls: Class, orders: Sequence[Sequence[Class | External]], bases: Sequence[Class | External]) -> tuple[Class | External, ...]:
    """Merge the orders of the bases by C3; where Python would refuse the class, depth-first without repetition."""
    if len(orders) == 1:
        return _once([cls, *orders[0]])
    merged = _merge([list(order) for order in orders] + [list(bases)])
    return _once([cls, *(merged if merged is not None else (item for order in orders for item in order))])


def _merge(sequences: list[list[Class | External]]) -> list[Class | External] | None:
    result: list[Class | External] = []
    heads = [0] * len(sequences)
    later: dict[Class | External, int] = {}
    for sequence in sequences:
        for item in sequence[1:]:
            later[item] = later.get(item, 0) + 1
    while True:
        open_heads = [sequence[head] for sequence, head in zip(sequences, heads, strict=True) if head < len(sequence)]
        if not open_heads:
            return result
        chosen = next((item for item in open_heads if not later.get(item)), None)
        if chosen is None:
            return None
        result.append(chosen)
        for index, sequence in enumerate(sequences):
            if heads[index] < len(sequence) and sequence[heads[index]] == chosen:
                heads[index] += 1
                if heads[index] < len(sequence):
                    later[sequence[heads[index]]] -= 1


def _once(items: Iterable[Class | External]) -> tuple[Class | External, ...]:
    return tuple(dict.fromkeys(items))
