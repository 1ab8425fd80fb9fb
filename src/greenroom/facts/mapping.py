"""Which classes SQLAlchemy maps, and how they inherit."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator

from greenroom.facts.calls import library_call
from greenroom.facts.declarations import declared_value
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.library import is_harmless, library_base
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Import, Module, Variable

_BASE_MAKERS = {"declarative_base", "generate_base", "automap_base"}
_ROOTS = {"sqlalchemy.orm.DeclarativeBase", "sqlalchemy.orm.DeclarativeBaseNoMeta", "sqlalchemy.orm.decl_api.DeclarativeBase",
          "sqlalchemy.ext.declarative.DeclarativeBase"}  # fmt: skip
_MAPPING_DECORATORS = {"mapped", "mapped_as_dataclass", "as_declarative_base", "unmapped_dataclass"}


class Role(enum.Enum):
    """What a class is to the mapper."""

    PLAIN = "plain"
    """Not mapped; a mixin when a mapped class inherits from it."""
    ABSTRACT = "abstract"
    """A declarative base or an abstract class: its subclasses are mapped."""
    MAPPED = "mapped"


class Recognizer:
    """Decides the role of classes, remembering what it decided."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._roles: dict[Class, Role] = {}

    def role(self, cls: Class) -> Role:
        """Return the role of ``cls``; a class that inherits from itself is plain."""
        if cls not in self._roles:
            self._roles[cls] = Role.PLAIN
            self._roles[cls] = self._decide(cls)
        return self._roles[cls]

    def forget(self) -> None:
        """Drop what was decided."""
        self._roles.clear()

    def mapped_parent(self, cls: Class) -> Class | None:
        """Return the nearest mapped class that ``cls`` inherits from."""
        for base in self._program.mro(cls)[1:]:
            if isinstance(base, Class) and base is not cls and self.role(base) is Role.MAPPED:
                return base
        return None

    def base(self, cls: Class) -> Class | None:
        """Return the declarative base of the project that ``cls`` derives from."""
        classes = [item for item in self._program.mro(cls)[1:] if isinstance(item, Class) and self.role(item) is Role.ABSTRACT]
        return classes[-1] if classes else None

    def sources(self, cls: Class, parent: Class | None) -> list[Class | External]:
        """Return the classes whose attributes ``cls`` maps itself: along its MRO, without what its mapped parent maps."""
        inherited = set(self._program.mro(parent)) if parent is not None else set()
        return [item for item in self._program.mro(cls) if item not in inherited]

    def is_sqlmodel(self, cls: Class) -> bool:
        """Whether the class derives from ``SQLModel``, with or without a table."""
        return self._program.has_external_base(cls, _is_sqlmodel_path)

    def unresolved(self, cls: Class) -> bool:
        """Whether something that ``cls`` inherits from could hold attributes that cannot be seen."""
        for item in self._program.mro(cls):
            if isinstance(item, External):
                if library_base(item.path) is None and not is_harmless(item.path) and not self._is_generated_base(item):
                    return True
            elif any(base is None and not self._is_made(item, node) for base, node in self._bases(item)):
                return True
        return False

    def _decide(self, cls: Class) -> Role:
        program = self._program
        if self.is_sqlmodel(cls):
            return self._decide_sqlmodel(cls)
        if any(isinstance(base, External) and base.path in _ROOTS for base, _ in self._bases(cls)):
            return Role.ABSTRACT
        declarative = self._is_declarative(cls) or _is_decorated(cls)
        has_table = bool(cls.members.keys() & {"__tablename__", "__table__"})
        if not declarative:
            # A base that cannot be resolved is taken for a declarative one when the class says which table it has.
            unknown = any(base is None or (isinstance(base, External) and not is_harmless(base.path)) for base, _ in self._bases(cls))
            declarative = unknown and has_table
        if not declarative:
            return Role.PLAIN
        abstract = declared_value(program, cls, "__abstract__")
        if abstract is not None and abstract.truth():
            return Role.ABSTRACT
        if any(keyword.arg == "metaclass" for keyword in cls.node.keywords) and not has_table:
            return Role.ABSTRACT
        return Role.MAPPED if self._has_table(cls) else Role.ABSTRACT

    def _decide_sqlmodel(self, cls: Class) -> Role:
        # A subclass of a table class that does not say table=True itself is not mapped: SQLModel leaves it to pydantic.
        return Role.MAPPED if table_flag(self._program, cls) else Role.PLAIN

    def _is_declarative(self, cls: Class) -> bool:
        for base, node in self._bases(cls):
            if isinstance(base, Class):
                if self.role(base) is not Role.PLAIN:
                    return True
            elif isinstance(base, External) and base.path != "typing.Any":
                known = library_base(base.path)
                if (known is not None and known.declarative) or self._is_generated_base(base):
                    return True
            elif self._is_made(cls, node):
                return True
        metaclass = self._program.keyword(cls, "metaclass")
        return metaclass is not None and Expression(metaclass, Scope(self._program, cls.module)).name() == "DeclarativeMeta"

    def _has_table(self, cls: Class) -> bool:
        """Whether a table name, a mapped parent or a key column can be seen; a base without these is abstract in effect."""
        for item in self._program.mro(cls):
            if isinstance(item, Class):
                if item.members.keys() & {"__tablename__", "__table__"}:
                    return True
                if item is not cls and self.role(item) is Role.MAPPED:
                    return True
                if "__init_subclass__" in item.members and item is not cls:
                    return True
            elif (known := library_base(item.path)) is not None and (known.table or known.generated_table_name):
                return True
        return _is_decorated(cls) or any(isinstance(node, ast.Attribute) and node.attr == "Model" for _, node in self._bases(cls))

    def _bases(self, cls: Class) -> Iterator[tuple[Class | External | None, ast.expr]]:
        nodes = [node for node in cls.node.bases if not isinstance(node, ast.Starred)]
        yield from zip(self._program.bases(cls), nodes, strict=False)

    def _is_made(self, cls: Class, node: ast.expr) -> bool:
        """Whether a base is the result of ``declarative_base()`` or the ``Model`` of a Flask-like extension."""
        owner = cls.owner if isinstance(cls.owner, Class) else None
        expression = Expression(node, Scope(self._program, cls.module, owner=owner))
        call = library_call(expression)
        if call is not None and call.name in _BASE_MAKERS:
            return True
        if any(self._makes_base(variable) for variable in self._variables(cls.module, expression.spelled())):
            return True
        if isinstance(node, ast.Attribute) and node.attr == "Model":
            return True
        if isinstance(node, ast.Attribute) and node.attr in ("Base", "model"):
            return library_call(expression.at(node.value)) is not None
        return False

    def _makes_base(self, variable: Variable) -> bool:
        if variable.value is None:
            return False
        call = library_call(Expression(variable.value, Scope(self._program, variable.module)))
        return call is not None and call.name in _BASE_MAKERS

    def _variables(self, module: Module, name: str, depth: int = 5) -> Iterator[Variable]:
        """Yield every assignment to a name that is bound more than once, as under ``if TYPE_CHECKING``."""
        for binding in module.bindings.get(name, ()):
            if isinstance(binding, Variable):
                yield binding
            elif isinstance(binding, Import) and binding.name is not None and depth:
                other = self._program.module(binding.module, module)
                if other is not None:
                    yield from self._variables(other, binding.name, depth - 1)

    def _is_generated_base(self, base: External) -> bool:
        return base.name == "Model" and base.root in ("flask_sqlalchemy", "quart_sqlalchemy", "flask_appbuilder")


def table_flag(program: Program, cls: Class) -> bool | None:
    """Return what a SQLModel class itself says about ``table``: by class keyword or in its ``model_config``."""
    keyword = program.keyword(cls, "table")
    if keyword is not None:
        return Expression(keyword, Scope(program, cls.module)).truth()
    config = declared_value(program, cls, "model_config")
    entry = config.entries().get("table") if config is not None else None
    return entry.truth() if entry is not None else None


def _is_decorated(cls: Class) -> bool:
    for decorator in cls.node.decorator_list:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(node, ast.Attribute) and node.attr in _MAPPING_DECORATORS - {"unmapped_dataclass"}:
            return True
        if isinstance(node, ast.Name) and node.id == "mapped_as_dataclass":
            return True
    return False


def _is_sqlmodel_path(path: str) -> bool:
    return path.startswith("sqlmodel.") and path.endswith(".SQLModel")
