"""The grammar: a small program as data. Rendering, running, judging and shrinking all work on these records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

FLAGS = ("first", "second")
"""The boolean inputs of a program; it runs for every combination of those that it mentions."""


@dataclass(frozen=True, slots=True)
class Model:
    """A mapped class; every one has ``id`` and ``name``, the others by kind (see ``render.COLUMNS``)."""

    name: str
    columns: tuple[str, ...] = ()
    eager_defaults: str = ""
    label: str = ""
    """What the property ``label`` reads of ``self``; empty where the class has none."""
    hybrid: bool = False
    """Whether ``label`` is a hybrid property."""
    base: str = ""
    """The mapped class from which it inherits."""
    single: bool = False
    """Whether it inherits in the table of its base, else in one of its own."""
    mixin: bool = False
    """Whether its columns and relationships are those of a mixin."""


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a link: a relationship attribute."""

    name: str
    lazy: str = "select"
    cascade: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key from ``many`` to ``one`` (``kind`` is ``many`` or ``one``), or a table between them (``both``)."""

    one: str
    many: str
    kind: str = "many"
    forward: Side | None = None
    back: Side | None = None
    nullable: bool = True
    keyless: bool = False
    """Whether the foreign key is another link's: this one is inherited."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A pydantic model that reads the attributes of a mapped class."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A variable that comes out of the database."""

    var: str
    model: str
    how: str = "get_one"
    key: int = 0
    """The primary key; 0 for a query of all rows (a ``get`` takes 1 then)."""
    options: tuple[str, ...] = ()
    populate: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """A new object, with what its constructor is given."""

    var: str
    model: str
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of one line."""

    text: str


@dataclass(frozen=True, slots=True)
class If:
    """A branch on a flag, or on any other expression."""

    test: str
    body: tuple[Node, ...]
    orelse: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """``for``, ``with`` or ``async with``: a head and a body."""

    head: str
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """``try`` with one handler."""

    body: tuple[Node, ...]
    error: str
    handler: tuple[Node, ...]
    final: tuple[Node, ...] = ()


Node: TypeAlias = Load | New | Line | If | Suite | Try


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ``helpers`` or, when it is the program's main function, of ``service``."""

    name: str
    head: str
    """Its parameters and the result annotation."""
    body: tuple[Node, ...]
    coroutine: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """Models, schemas, helpers, and the main function that is run."""

    models: tuple[Model, ...]
    links: tuple[Link, ...]
    main: Function
    helpers: tuple[Function, ...] = ()
    schemas: tuple[Schema, ...] = ()
    expire_on_commit: bool = True
    autoflush: bool = True
