"""Renders a program as Python source: ``models``, ``schemas``, ``database``, ``helpers`` and ``service``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests.fuzz.program import Function, If, Line, Link, Load, Model, New, Node, Program, Schema, Side, Suite, Try

COLUMNS: Mapping[str, str] = {
    "spare": "spare: Mapped[str | None]",
    "preset": 'preset: Mapped[str] = mapped_column(default="p")',
    "stamped": 'stamped: Mapped[str] = mapped_column(server_default="s")',
    "touched": 'touched: Mapped[str] = mapped_column(server_default="s", onupdate=func.lower("T"))',
    "clocked": 'clocked: Mapped[str] = mapped_column(default="c", onupdate=lambda: "d")',
    "bulky": "bulky: Mapped[str | None] = mapped_column(deferred=True)",
    "mood": "mood: Mapped[Mood] = mapped_column(default=Mood.GOOD)",
    "worked": "worked: Mapped[str] = mapped_column(Computed(\"name || '!'\"))",
    "length": "length: Mapped[int] = column_property(func.length(name))",
    "checked": 'checked: Mapped[str] = mapped_column(default="k", active_history=True)',
}
"""Kinds of columns, each under an attribute name of its own."""

NEEDING_OTHERS = frozenset({"length"})
"""Kinds that mention another column of the class."""
NULLABLE = frozenset({"spare", "bulky"})
"""Kinds that other classes of the same table can be without."""
READ_ONLY = frozenset({"worked", "length", "id"})
WRAPPERS = {"write_only": "WriteOnlyMapped", "dynamic": "DynamicMapped"}

_MODELS = """\
from __future__ import annotations

import enum

from sqlalchemy import Column, Computed, ForeignKey, Table, func
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase, DynamicMapped, Mapped, WriteOnlyMapped, column_property, declared_attr, mapped_column, relationship
)


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Base(AsyncAttrs, DeclarativeBase):
    pass
"""
_DATABASE = """\
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("sqlite+aiosqlite://")
Session = async_sessionmaker(engine{options})
"""
ORM = (
    "contains_eager", "defer", "immediateload", "joinedload", "lazyload", "load_only", "noload", "raiseload",
    "selectinload", "subqueryload", "undefer",
)  # fmt: skip


def modules_of(program: Program) -> dict[str, str]:
    """Return the source of each module by its name."""
    options = ", expire_on_commit=False" * (not program.expire_on_commit) + ", autoflush=False" * (not program.autoflush)
    modules = {"models": _models(program), "database": _DATABASE.format(options=options)}
    if program.schemas:
        modules["schemas"] = _schemas(program.schemas)
    if program.helpers:
        modules["helpers"] = _module(program, "\n\n\n".join("\n".join(_function(helper)) for helper in program.helpers), ())
    names = tuple(helper.name for helper in program.helpers)
    modules["service"] = _module(program, "\n".join(_function(program.main)), names)
    return modules


def _models(program: Program) -> str:
    parts = [_MODELS]
    parts.extend(_secondary(link) for link in program.links if link.kind == "both")
    parts.extend(_model(model, program) for model in program.models)
    return "\n\n".join(parts)


def table_of(model: str) -> str:
    """The table of a model."""
    return f"{model.lower()}_table"


def secondary_of(link: Link) -> str:
    """The table between two models, as a name of the module."""
    return f"{link.one.lower()}_{link.many.lower()}"


def _secondary(link: Link) -> str:
    lines = [
        f"{secondary_of(link)} = Table(",
        f'    "{secondary_of(link)}",',
        "    Base.metadata,",
        f'    Column("{link.one.lower()}_id", ForeignKey("{table_of(link.one)}.id"), primary_key=True),',
        f'    Column("{link.many.lower()}_id", ForeignKey("{table_of(link.many)}.id"), primary_key=True),',
        ")\n",
    ]
    return "\n".join(lines)


def _model(model: Model, program: Program) -> str:
    columns = [f"    {COLUMNS[kind]}" for kind in model.columns]
    ends = [end for link in program.links for end in _ends(model.name, link)]
    bases, parts = [model.base or "Base"], []
    if model.mixin:
        mixed = [f"    {COLUMNS[kind]}" for kind in model.columns if kind not in NEEDING_OTHERS]
        mixed += [line for name, text in ends if name and "remote_side" not in text for line in _declared(name, text)]
        if mixed:
            bases.insert(0, f"{model.name}Mixin")
            parts.append("\n".join([f"class {model.name}Mixin:", *mixed]) + "\n")
            columns = [f"    {COLUMNS[kind]}" for kind in model.columns if kind in NEEDING_OTHERS]
            ends = [(name, text) for name, text in ends if not name or "remote_side" in text]
    lines = [f"class {model.name}({', '.join(bases)}):"]
    if not model.single:
        lines.append(f'    __tablename__ = "{table_of(model.name)}"')
    options = _mapper_options(model, program)
    if options:
        lines.append(f"    __mapper_args__ = {{{', '.join(options)}}}")
    lines.append("")
    if model.base and not model.single:
        lines.append(f'    id: Mapped[int] = mapped_column(ForeignKey("{table_of(model.base)}.id"), primary_key=True)')
    elif not model.base:
        lines.append("    id: Mapped[int] = mapped_column(primary_key=True)")
        lines.append("    name: Mapped[str] = mapped_column()")
        if len(options) > bool(model.eager_defaults):
            lines.append("    kind: Mapped[str] = mapped_column()")
    lines += columns
    lines += [f"    {text}" for _, text in ends]
    if model.label:
        lines += ["", "    @hybrid_property" if model.hybrid else "    @property", "    def label(self) -> object:"]
        lines.append(f"        return self.{model.label}")
    parts.append("\n".join(lines) + "\n")
    return "\n\n".join(parts)


def _mapper_options(model: Model, program: Program) -> list[str]:
    options = [f'"eager_defaults": {model.eager_defaults}'] if model.eager_defaults else []
    if any(other.base == model.name for other in program.models):
        options.append('"polymorphic_on": "kind"')
    if model.base or len(options) > bool(model.eager_defaults):
        options.append(f'"polymorphic_identity": "{model.name.lower()}"')
    return options


def _declared(name: str, text: str) -> Iterator[str]:
    """A relationship as a mixin declares it."""
    annotation, _, value = text.removeprefix(f"{name}: ").partition(" = ")
    yield ""
    yield "    @declared_attr"
    yield f"    def {name}(cls) -> {annotation}:"
    yield f"        return {value}"


def key_of(link: Link) -> str:
    """The foreign key attribute of a link without a table of its own."""
    return f"{link.one.lower()}_id"


def _ends(model: str, link: Link) -> Iterator[tuple[str, str]]:
    """What a link adds to a class: the names of relationships, empty for the key, with the lines that declare them."""
    if model == link.many and link.kind != "both":
        optional = " | None" * link.nullable
        yield "", f'{key_of(link)}: Mapped[int{optional}] = mapped_column(ForeignKey("{table_of(link.one)}.id"))'
    if model == link.one and link.forward is not None:
        yield link.forward.name, _relationship(link, link.forward, link.back, link.many, several=link.kind != "one")
    if model == link.many and link.back is not None:
        yield link.back.name, _relationship(link, link.back, link.forward, link.one, several=link.kind == "both")


def _relationship(link: Link, side: Side, other: Side | None, target: str, *, several: bool) -> str:
    arguments = [f"secondary={secondary_of(link)}"] if link.kind == "both" else []
    if other is not None:
        arguments.append(f'back_populates="{other.name}"')
    if side.lazy in WRAPPERS:
        annotation = f"{WRAPPERS[side.lazy]}[{target}]"
    else:
        annotation = f"Mapped[list[{target}]]" if several else f"Mapped[{target} | None]"
        if side.lazy != "select":
            arguments.append(f'lazy="{side.lazy}"')
    if side.cascade:
        arguments.append(f'cascade="{side.cascade}"')
    if link.one == link.many and side is link.back:
        arguments.append("remote_side=id")
    return f"{side.name}: {annotation} = relationship({', '.join(arguments)})"


def _schemas(schemas: tuple[Schema, ...]) -> str:
    parts = ["from __future__ import annotations\n\nfrom pydantic import BaseModel, ConfigDict\n"]
    for schema in schemas:
        lines = [f"class {schema.name}(BaseModel):", "    model_config = ConfigDict(from_attributes=True)\n"]
        lines.extend(f"    {name}: {annotation}" for name, annotation in schema.fields)
        parts.append("\n".join(lines) + "\n")
    return "\n\n".join(parts)


def _module(program: Program, body: str, helpers: tuple[str, ...]) -> str:
    words = set(re.findall(r"\w+", body))
    lines = ["from __future__ import annotations\n"]

    def imported(home: str, names: list[str]) -> None:
        used = [name for name in names if name in words]
        if used:
            lines.append(f"from {home} import {', '.join(used)}")

    imported("sqlalchemy", ["delete", "func", "select", "update"])
    imported("sqlalchemy.exc", ["IntegrityError", "SQLAlchemyError"])
    imported("sqlalchemy.ext.asyncio", ["AsyncSession"])
    imported("sqlalchemy.orm", list(ORM))
    imported("database", ["Session"])
    imported("helpers", list(helpers))
    imported("models", ["Mood", *(model.name for model in program.models)])
    imported("schemas", [schema.name for schema in program.schemas])
    return "\n".join(lines) + "\n\n\n" + body + "\n"


def _function(function: Function) -> Iterator[str]:
    yield f"{'async ' * function.coroutine}def {function.name}{function.head}:"
    yield from block_of(function.body, 1)


def block_of(body: tuple[Node, ...], depth: int) -> Iterator[str]:
    """Render statements; an empty block passes."""
    if not body:
        yield "    " * depth + "pass"
    for node in body:
        yield from _node(node, depth)


def _node(node: Node, depth: int) -> Iterator[str]:
    indent = "    " * depth
    match node:
        case Line(text):
            yield indent + text
        case Load():
            yield indent + _load(node)
        case New(var, model, given):
            pairs = given if any(name == "name" for name, _ in given) else (("name", '"n"'), *given)
            yield f"{indent}{var} = {model}({', '.join(f'{name}={value}' for name, value in pairs)})"
        case If(test, body, orelse):
            yield f"{indent}if {test}:"
            yield from block_of(body, depth + 1)
            if orelse:
                yield f"{indent}else:"
                yield from block_of(orelse, depth + 1)
        case Suite(head, body):
            yield f"{indent}{head}:"
            yield from block_of(body, depth + 1)
        case Try(body, error, handler, final):
            yield f"{indent}try:"
            yield from block_of(body, depth + 1)
            yield f"{indent}except {error}:"
            yield from block_of(handler, depth + 1)
            if final:
                yield f"{indent}finally:"
                yield from block_of(final, depth + 1)


def _load(node: Load) -> str:
    options = f", options=[{', '.join(node.options)}]" if node.options else ""
    if node.how in ("get", "get_one"):
        populate = ", populate_existing=True" * node.populate
        return f"{node.var} = await session.{node.how}({node.model}, {node.key or 1}{options}{populate})"
    query = f"select({node.model})"
    if node.key:
        query += f".where({node.model}.id == {node.key})"
    if node.options:
        query += f".options({', '.join(node.options)})"
    if node.populate:
        query += ".execution_options(populate_existing=True)"
    if node.how == "scalar":
        return f"{node.var} = await session.scalar({query})"
    if node.how.startswith("execute."):
        return f"{node.var} = (await session.execute({query})).unique().{node.how.removeprefix('execute.')}"
    return f"{node.var} = (await session.scalars({query})).unique().{node.how}"
