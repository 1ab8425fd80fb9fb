# Runs in the environments of other projects, old ones too.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
# The objects are whatever the analysed package's SQLAlchemy makes; older ones have no types.
"""Writes what SQLAlchemy's mappers know after importing the given modules, as JSON on standard output.

    python mapper_export.py [--shallow] PACKAGE_OR_MODULE...

Runs inside the environment of the analysed package, so it needs nothing but SQLAlchemy. A package is
imported with all modules below it, unless ``--shallow`` is given; modules that cannot be imported are
named on standard error.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import json
import pkgutil
import sys
import warnings

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import mapperlib

# Before 2.0 the default was False, which the static side calls auto as well: it does not know the version.
EAGER_DEFAULTS = {True: "always", False: "never" if sa.__version__ >= "2" else "auto", "auto": "auto"}


def import_all(name, failures, *, deep=True):
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever an import raises is written down
        failures.append(f"{name}: {type(error).__name__}: {error}")
        return
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])) if deep else ():
        import_all(f"{name}.{info.name}", failures)


def key(cls):
    return f"{cls.__module__}:{cls.__qualname__}"


def default_kind(default):
    if default is None:
        return "none"
    if getattr(default, "is_sequence", False) or getattr(default, "is_clause_element", False) or getattr(default, "is_sentinel", False):
        return "sql"
    return "python"


def enum_name(sql_type):
    """The enumeration of an Enum, or the one that a decorated type was made with."""
    if isinstance(sql_type, sa.types.TypeDecorator):
        held = [value for value in vars(sql_type).values() if isinstance(value, type) and issubclass(value, enum.Enum)]
        return held[0].__name__ if held else enum_name(sql_type.impl_instance if hasattr(sql_type, "impl_instance") else sql_type.impl)
    found = getattr(sql_type, "enum_class", None)
    return found.__name__ if isinstance(sql_type, sa.Enum) and found is not None else None


def column_facts(mapper, prop):
    column = prop.columns[0]
    server_onupdate = column.server_onupdate is not None or column.computed is not None
    return {
        "primary_key": column.primary_key,
        "nullable": bool(column.nullable),
        "default": default_kind(column.default),
        "onupdate": default_kind(column.onupdate),
        "server_default": column.server_default is not None,
        "server_onupdate": server_onupdate,
        "computed": column.computed is not None,
        "identity": column.identity is not None,
        "deferred": bool(prop.deferred),
        "deferred_group": prop.group,
        "raises_when_deferred": bool(prop.raiseload),
        "active_history": bool(prop.active_history),
        "enum": enum_name(column.type),
        "foreign_keys": sorted(".".join(fk.target_fullname.split(".")[-2:]) for fk in column.foreign_keys),
        "column_name": column.name if column.name != prop.key else None,
    }


def attribute_names(mapper, columns):
    found = set()
    for column in columns:
        try:
            found.add(mapper.get_property_by_column(column).key)
        except Exception:  # noqa: BLE001 - whatever a mapper raises is written down
            found.add(f"?{column.key}")
    return sorted(found)


def relationship_facts(prop):
    collection = prop.collection_class or list
    kind = "set" if isinstance(collection, type) and issubclass(collection, set) else "list"
    if not isinstance(collection, type) and callable(collection):
        made = collection()
        collection = type(made)
    if issubclass(collection, dict):
        kind = "dict"
    if issubclass(collection, set):
        kind = "set"
    local = attribute_names(prop.parent, prop.local_columns & prop._calculated_foreign_keys)
    return {
        "target": key(prop.mapper.class_),
        "direction": prop.direction.name,
        "uselist": prop.uselist,
        "lazy": {None: "noload", True: "select", False: "joined"}.get(prop.lazy, prop.lazy),
        "local_foreign_keys": local if prop.direction.name == "MANYTOONE" else [],
        "back_populates": prop.back_populates,
        "secondary": prop.secondary is not None,
        "viewonly": prop.viewonly,
        "cascade": sorted(prop.cascade),
        "single_parent": bool(prop.single_parent),
        "active_history": bool(prop.active_history),
        "collection": kind if prop.uselist else None,
        "join_depth": prop.join_depth,
    }


def mapper_facts(mapper):
    columns, properties, queries = {}, {}, []
    for prop in mapper.column_attrs:
        if isinstance(prop.columns[0], sa.Column):
            columns[prop.key] = column_facts(mapper, prop)
        elif prop.strategy_key == (("query_expression", True),):
            queries.append(prop.key)
        else:
            properties[prop.key] = bool(prop.deferred)
    kind = "none"
    if mapper.inherits is not None:
        kind = "concrete" if mapper.concrete else "single" if mapper.single else "joined"
    polymorphic = mapper.polymorphic_on
    if polymorphic is not None:
        polymorphic = mapper.get_property_by_column(polymorphic).key if polymorphic in mapper._columntoproperty else None
    descriptors = mapper.all_orm_descriptors
    return {
        "table": getattr(mapper.local_table, "name", None),
        "parent": key(mapper.inherits.class_) if mapper.inherits is not None else None,
        "inheritance": kind,
        "polymorphic_on": polymorphic,
        "polymorphic_load": mapper.polymorphic_load,
        "eager_defaults": EAGER_DEFAULTS[mapper.eager_defaults],
        "version_column": mapper.get_property_by_column(mapper.version_id_col).key if mapper.version_id_col is not None else None,
        "implicit_returning": getattr(mapper.local_table, "implicit_returning", True),
        "primary_key": sorted({mapper.get_property_by_column(column).key for column in mapper.primary_key}),
        "is_dataclass": "__dataclass_fields__" in mapper.class_.__dict__,
        "columns": columns,
        "relationships": {prop.key: relationship_facts(prop) for prop in mapper.relationships},
        "synonyms": {prop.key: prop.name for prop in mapper.synonyms},
        "composites": {prop.key: [item.key for item in prop.props] for prop in mapper.composites},
        "column_properties": properties,
        "query_expressions": sorted(queries),
        # An accessor made with `inplace` is a hybrid under its own name as well; the getter's name is the attribute.
        "hybrids": sorted(name for name, item in descriptors.items() if isinstance(item, hybrid_property) and item.fget.__name__ == name),
        "proxies": {
            name: [item.target_collection, item.value_attr] for name, item in descriptors.items() if isinstance(item, AssociationProxy)
        },
    }


def export(names: list[str]) -> tuple[dict[str, object], list[str]]:
    failures = []
    deep = "--shallow" not in names
    for name in names:
        if not name.startswith("-"):
            import_all(name, failures, deep=deep)
    try:
        orm.configure_mappers()
    except Exception as error:  # noqa: BLE001 - as above
        failures.append(f"configure_mappers: {error}")
    found = {}
    for registry in mapperlib._all_registries():
        for mapper in registry.mappers:
            try:
                found[key(mapper.class_)] = mapper_facts(mapper)
            except Exception as error:  # noqa: BLE001 - as above
                failures.append(f"{mapper}: {type(error).__name__}: {error}")
    return found, failures


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # What the imported package prints must not mix with the result.
    with contextlib.redirect_stdout(sys.stderr):
        facts, failed = export(sys.argv[1:])
    print("\n".join(failed), file=sys.stderr)
    print(json.dumps({"sqlalchemy": sa.__version__, "mappers": facts}, indent=1, sort_keys=True))
