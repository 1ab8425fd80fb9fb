"""What the application has: the session factory whose options tests take over, and the tables that they need.

Either a setting names it, or it is looked for in the modules of the application that are imported by then; tests' own are left out.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from greenroom.monitor.latent.code import is_test
from greenroom.monitor.places import Role, application

Factory: TypeAlias = async_sessionmaker[Any] | sessionmaker[Any]
Found = TypeVar("Found")


class SettingError(ValueError):
    """A setting that names nothing of use, or that is missing where it is needed; the message says what would do."""


def named_factory(name: str) -> Factory:
    """Return the factory of ``module:name``.

    Raises:
        SettingError: There is none.
    """
    found = _named("greenroom_factory", name)
    if not isinstance(found, async_sessionmaker | sessionmaker):
        raise SettingError(f"greenroom_factory = {name} is {type(found).__name__}; name an async_sessionmaker or a sessionmaker")
    return found


def found_factory() -> Factory | None:
    """Return the factory of the application; ``None`` where it has none.

    Raises:
        SettingError: It has several that differ in their options.
    """
    found: dict[str, Factory] = _by_name(_factory)
    if len({_options(factory) for factory in found.values()}) > 1:
        raise SettingError(f"session factories with different options: {', '.join(sorted(found))}; set greenroom_factory to one of them")
    return next(iter(found.values()), None)


def named_metadata(names: Iterable[str]) -> list[MetaData]:
    """Return the metadata of each ``module:name``, which may be that of a class of models.

    Raises:
        SettingError: One of them is not there.
    """
    found: list[MetaData] = []
    for name in names:
        value = _named("greenroom_metadata", name)
        metadata = _metadata(value)
        if metadata is None:
            raise SettingError(f"greenroom_metadata = {name} is {type(value).__name__}; name a MetaData, or the base class of models")
        found.append(metadata)
    return found


def found_metadata() -> list[MetaData]:
    """Return the metadata of the application's models; none where it has none.

    Raises:
        SettingError: It has several: which of them a test needs, and in which order, cannot be known.
    """
    found = _by_name(_with_tables)
    if len(found) > 1:
        raise SettingError(f"several collections of tables: {', '.join(sorted(found))}; set greenroom_metadata to those that tests need")
    return list(found.values())


def sessions(factory: Factory | None, bind: Any) -> async_sessionmaker[AsyncSession]:  # noqa: ANN401 -- an engine or a connection
    """Return a factory with the classes and options of ``factory``, or with SQLAlchemy's own, bound to ``bind`` alone."""
    if factory is None:
        return async_sessionmaker(bind)
    options = {name: value for name, value in factory.kw.items() if name not in {"bind", "binds"}}
    if isinstance(factory, async_sessionmaker):
        return async_sessionmaker(bind, class_=factory.class_, **options)
    return async_sessionmaker(bind, sync_session_class=factory.class_, **options)


def _options(factory: Factory) -> frozenset[tuple[str, str]]:
    base = next((cls for cls in factory.class_.__mro__[1:]), Session)
    options = {name: value for name, value in factory.kw.items() if name not in {"bind", "binds", "info"}}
    return frozenset((name, repr(value)) for name, value in {"class": base, **options}.items())


def _factory(value: object) -> Factory | None:
    return value if isinstance(value, async_sessionmaker | sessionmaker) else None


def _with_tables(value: object) -> MetaData | None:
    found = _metadata(value)
    return found if found is not None and found.tables else None


def _metadata(value: object) -> MetaData | None:
    found = getattr(value, "metadata", None) if isinstance(value, type) else value
    return found if isinstance(found, MetaData) else None


def _named(setting: str, name: str) -> Any:  # noqa: ANN401 -- whatever stands there
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise SettingError(f"{setting} = {name} names nothing; write module:name, such as app.database:session_factory")
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:
        raise SettingError(
            f"{setting} = {name}: {module} cannot be imported ({type(error).__name__}: {error}); write module:name"
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise SettingError(f"{setting} = {name}: {module} has no {path}; write module:name")
        found = getattr(found, part)
    return found


def _by_name(wanted: Callable[[object], Found | None]) -> dict[str, Found]:
    """Return what is wanted, each under the first name that a module of the application has for it."""
    found: dict[int, tuple[str, Found]] = {}
    for module, names in _modules():
        for name, value in names.items():
            one = wanted(value)
            if one is not None:
                found.setdefault(id(one), (f"{module}:{name}", one))
    return dict(found.values())


def _modules() -> Iterator[tuple[str, dict[str, object]]]:
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and not is_test(file) and application.role(file) is Role.APPLICATION:
            yield name, dict(vars(module))
