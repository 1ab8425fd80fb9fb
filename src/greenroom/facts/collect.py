"""The backend: everything a project declares, collected when first asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from greenroom.facts.declarations import Bodies
from greenroom.facts.engines import Engine, read_engines
from greenroom.facts.fastapi import mentions_framework, read_routes
from greenroom.facts.pydantic import SchemaReader
from greenroom.facts.records import MappedClass, Route, Schema, SessionDefaults
from greenroom.facts.sessionclasses import SessionKind, session_kind
from greenroom.facts.sessions import Factory, read_defaults, read_factories, served_dialects
from greenroom.facts.sqlalchemy import Mappings
from greenroom.facts.suites import Difference, differences
from greenroom.program.program import Program
from greenroom.program.suites import is_test
from greenroom.program.symbols import Class, Module, Symbol
from greenroom.source.dependencies import Dependencies
from greenroom.source.discover import Group
from greenroom.source.file import SourceFile

_MODEL_WORDS = (
    *(b"sqlalchemy", b"sqlmodel", b"SQLModel", b"advanced_alchemy", b"db.Model", b"map_imperatively"),
    *(b"__tablename__", b"__abstract__", b"__mapper_args__", b"mapped_column", b"Mapped[", b"declared_attr"),
)
"""A file without any of these words declares no mapped class that could not be found through its bases when asked for."""


_PRAGMA = re.compile(rb"pragma\s+foreign_keys", re.IGNORECASE)
_DATABASE_ERRORS = rb"[\w.]*(?:IntegrityError|ForeignKeyViolation\w*|SQLAlchemyError|DBAPIError|DatabaseError)"
_HANDLER = re.compile(
    rb"exception_handler\(\s*" + _DATABASE_ERRORS + rb"|exception_handlers\[\s*" + _DATABASE_ERRORS + rb"\s*\]"
    rb"|exception_handlers\s*(?::[^=\n]*)?=\s*\{[^}]*?" + _DATABASE_ERRORS + rb"\s*:"
)
"""An exception handler of an application that answers a foreign key that leads nowhere."""
_CAUGHT = re.compile(rb"except\b[^:]*" + _DATABASE_ERRORS)
"""A middleware that catches such errors."""


class Backend:
    """The declared facts of one project of a program, or of all its files."""

    def __init__(self, program: Program, group: Group | None = None) -> None:
        self.program = program
        self.sqlalchemy = "2.1"
        """The minor version of SQLAlchemy that the project runs on."""
        self._migrated: dict[str, bool] = {}
        self.dialects: tuple[str, ...] = ()
        """The dialects that it runs on, most telling first."""
        self._group = group
        self._bodies = Bodies(program)
        self._reader = SchemaReader(self._bodies)
        self._schemas: dict[Class, Schema | None] = {}

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files whose declarations are collected."""
        return self._group.files if self._group is not None else self.program.files

    def mapped(self, cls: Class) -> MappedClass | None:
        """Return how SQLAlchemy maps ``cls``, or None when it does not."""
        return self._mappings.of(cls)

    def mapped_by_name(self, name: str) -> MappedClass | None:
        """Return the mapped class called ``name``; None when there is none or more than one."""
        found = self._mappings.registry.named(name)
        return found[0] if len(found) == 1 else None

    def mapped_classes(self) -> list[MappedClass]:
        """Return every mapped class found."""
        return list(self._mappings.registry.by_class.values())

    def schema(self, cls: Class) -> Schema | None:
        """Return the pydantic schema that ``cls`` declares, or None when it declares none."""
        if cls not in self._schemas:
            self._schemas[cls] = self._reader.read(cls)
        return self._schemas[cls]

    @cached_property
    def _routes(self) -> list[Route]:
        return read_routes(self.program, self._modules([file for file in self.files if mentions_framework(file.data)]))

    def routes(self) -> list[Route]:
        """Return the routes in order of files and lines."""
        return self._routes

    @cached_property
    def _defaults(self) -> SessionDefaults:
        return read_defaults(self.program, self._modules(self._relevant()), self.files, self._distributions())

    def _distributions(self) -> list[str]:
        groups = [self._group] if self._group is not None else list(self.program.groups)
        return [name for group in groups for name in self.program.tree.dependencies(group).versions]

    def session_defaults(self) -> SessionDefaults:
        """Return what the session factories of the project agree on."""
        return self._defaults

    @cached_property
    def _engines(self) -> list[Engine]:
        return list(read_engines(self.program, self._modules(self._relevant())))

    def engines(self) -> list[Engine]:
        """Return every engine that the project makes."""
        return self._engines

    def relevant_modules(self) -> list[Module]:
        """Return the modules that mention the database side."""
        return list(self._modules(self._relevant()))

    def factories(self) -> list[Factory]:
        """Return every factory of sessions, and every session that is made without one."""
        return list(read_factories(self.program, self._modules(self._relevant())))

    def differences(self) -> list[Difference]:
        """Return what the test suite has otherwise than production."""
        modules = self._modules(self._relevant())
        tests = [module for module in modules if module.is_test]
        if not tests:
            return []
        named = served_dialects([file for file in self.files if not is_test(file.module)], self._distributions())
        return list(differences(self.program, read_factories(self.program, modules), self.engines(), tests, named))

    @cached_property
    def dependencies(self) -> Dependencies:
        """The distributions that the project asks for."""
        found = Dependencies()
        for group in [self._group] if self._group is not None else self.program.groups:
            found = found.merged(self.program.tree.dependencies(group))
        return found

    def migrated_with_timezone(self, column: str) -> bool:
        """Whether a migration gives columns of a name a timezone, whatever the classes say."""
        if column not in self._migrated:
            sought = re.compile(
                rb"""["']""" + re.escape(column).encode() + rb"""["'],\s*(?:\w+\.)*(?:DateTime|TIMESTAMP)\(\s*timezone\s*=\s*True"""
            )
            self._migrated[column] = any(sought.search(file.data) is not None for file in self.files)
        return self._migrated[column]

    @property
    def dialect(self) -> str | None:
        """The database of production, where one is named."""
        return next(iter(self.dialects), None)

    @cached_property
    def has_asyncpg(self) -> bool:
        """Whether PostgreSQL is reached by asyncpg: it is asked for, or no other driver is."""
        return "asyncpg" in self.dependencies or not any(name in self.dependencies for name in ("psycopg", "psycopg-binary", "psycopg2"))

    @cached_property
    def turns_foreign_keys_on(self) -> bool:
        """Whether something sets the pragma without which SQLite takes foreign keys that lead nowhere."""
        return any(_PRAGMA.search(file.data) is not None for file in self.files)

    @cached_property
    def handles_integrity_errors(self) -> bool:
        """Whether an application answers integrity errors, wherever they happen, by an exception handler of its own."""
        return any(
            (b"exception_handler" in file.data and _HANDLER.search(file.data) is not None)
            or (b"call_next(" in file.data and _CAUGHT.search(file.data) is not None)
            for file in self.files
        )

    def session_kind(self, symbol: Symbol | None) -> SessionKind | None:
        """Return what kind of session a class is an instance factory of, or None when it is no session class."""
        return session_kind(self.program, symbol)

    def is_async_session(self, symbol: Symbol | None) -> bool:
        """Whether instances of the class are async sessions."""
        return self.session_kind(symbol) is SessionKind.ASYNC

    def is_sync_session(self, symbol: Symbol | None) -> bool:
        """Whether instances of the class are plain sessions."""
        return self.session_kind(symbol) is SessionKind.SYNC

    @cached_property
    def _mappings(self) -> Mappings:
        return Mappings(self._bodies, self._modules([file for file in self.files if _declares_models(file.data)]))

    def _relevant(self) -> list[SourceFile]:
        return self.program.relevant(self.files)

    def _modules(self, files: Sequence[SourceFile]) -> list[Module]:
        found = (self.program.module_of(file) for file in files)
        return [module for module in found if module is not None]


def _declares_models(data: bytes) -> bool:
    return any(word in data for word in _MODEL_WORDS)
