# Facts are compared whatever their type.
# ruff: noqa: ANN401
"""Compares the statically collected facts with what SQLAlchemy's mappers said, attribute by attribute.

    python mapper_differential.py SOURCE_DIRECTORY FACTS.json [--prefix MODULE_PREFIX]

``FACTS.json`` is what ``mapper_export.py`` printed in an environment where the package can be imported.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from greenroom.facts.collect import Backend
from greenroom.facts.records import Column, MappedClass, Relationship
from greenroom.program.program import Program
from greenroom.source.discover import discover

Facts = dict[str, Any]


class Difference(NamedTuple):
    """One disagreement: ``real`` is what the mapper says."""

    where: str
    fact: str
    real: object
    static: object


class Comparison(NamedTuple):
    """How many facts were compared, and which differ."""

    classes: int
    compared: int
    differences: list[Difference]


def compare(backend: Backend, facts: Facts, prefixes: tuple[str, ...] = ()) -> Comparison:
    """Compare every mapper whose module starts with one of ``prefixes``."""
    found = {key: mapped for mapped in backend.mapped_classes() if (key := key_of(mapped)).startswith(prefixes or ("",))}
    wanted = {key: real for key, real in facts.items() if key.startswith(prefixes or ("",))}
    differences = [Difference(key, "mapped", real=key in wanted, static=key in found) for key in sorted(wanted.keys() ^ found.keys())]
    both = sorted(wanted.keys() & found.keys())
    for key in both:
        differences.extend(diff(key, "", wanted[key], describe(found[key])))
    return Comparison(len(wanted), sum(count(wanted[key]) for key in both), differences)


def key_of(mapped: MappedClass | None) -> str:
    """Return ``module:qualname``."""
    return f"{mapped.symbol.module.name}:{mapped.symbol.qualname}" if mapped is not None else ""


def describe(mapped: MappedClass) -> Facts:
    """Return static facts in the form of the export."""
    return {
        "table": mapped.table,
        "parent": key_of(mapped.parent) or None,
        "inheritance": mapped.inheritance.value,
        "polymorphic_on": mapped.polymorphic_on,
        "polymorphic_load": mapped.polymorphic_load,
        "eager_defaults": mapped.eager_defaults.value,
        "version_column": mapped.version_column,
        "implicit_returning": mapped.implicit_returning,
        "primary_key": sorted(mapped.primary_key),
        "is_dataclass": mapped.is_dataclass,
        "columns": {name: column_facts(column) for name, column in mapped.columns.items()},
        "relationships": {name: relationship_facts(item) for name, item in mapped.relationships.items()},
        "synonyms": mapped.synonyms,
        "composites": {name: list(parts) for name, parts in mapped.composites.items()},
        "column_properties": mapped.column_properties,
        "query_expressions": sorted(mapped.query_expressions),
        "hybrids": sorted(mapped.hybrids),
        "proxies": {name: [proxy.relationship, proxy.attribute] for name, proxy in mapped.proxies.items()},
    }


def column_facts(column: Column) -> Facts:
    """Return one column in the form of the export."""
    names = ("primary_key", "nullable", "server_default", "server_onupdate", "computed", "identity", "deferred", "deferred_group",
             "raises_when_deferred", "active_history", "column_name")  # fmt: skip
    return {
        **{name: getattr(column, name) for name in names},
        "default": column.default.value,
        "onupdate": column.onupdate.value,
        "enum": column.enum.name if column.enum is not None else None,
        "foreign_keys": sorted(".".join(text.split(".")[-2:]) for text in column.foreign_keys),
    }


def relationship_facts(item: Relationship) -> Facts:
    """Return one relationship in the form of the export."""
    names = ("uselist", "lazy", "back_populates", "secondary", "viewonly", "single_parent", "active_history", "join_depth")
    target = item.target
    return {
        **{name: getattr(item, name) for name in names},
        "target": f"{target.module.name}:{target.qualname}" if target is not None else None,
        "direction": item.direction.value if item.direction is not None else None,
        "local_foreign_keys": sorted(item.local_foreign_keys),
        "cascade": sorted(item.cascade),
        "collection": item.collection if item.uselist else None,
    }


def diff(where: str, path: str, real: Any, static: Any) -> Iterator[Difference]:
    """Yield the leaves that differ."""
    if isinstance(real, dict) and isinstance(static, dict):
        for name in sorted(real.keys() | static.keys()):
            if name not in static or name not in real:
                yield Difference(where, f"{path}.{name}".lstrip("."), name in real, name in static)
            else:
                yield from diff(where, f"{path}.{name}".lstrip("."), real[name], static[name])
    elif real != static:
        yield Difference(where, path, real, static)


def count(value: Any) -> int:
    """Return the number of leaves."""
    return sum(count(item) for item in value.values()) if isinstance(value, dict) else 1


def main() -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("facts", type=Path)
    parser.add_argument("--prefix", action="append", default=[])
    arguments = parser.parse_args()
    backend = Backend(Program(discover([arguments.source])))
    comparison = compare(backend, json.loads(arguments.facts.read_text())["mappers"], tuple(arguments.prefix))
    for difference in comparison.differences:
        print(f"{difference.where}  {difference.fact}: mapper {difference.real!r}, static {difference.static!r}")
    print(f"{comparison.classes} classes, {comparison.compared} facts, {len(comparison.differences)} differences", file=sys.stderr)
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
