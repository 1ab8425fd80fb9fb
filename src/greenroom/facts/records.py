"""What a backend declares about its data and its edges: plain records that the interpreter asks.

The records say what SQLAlchemy's mapper, pydantic and FastAPI would know after import, found
without importing anything. Names are attribute names, not column names, unless said otherwise.
"""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field

from greenroom.program.symbols import Class, Function, Module
from greenroom.program.types import TypeRef


class Default(enum.Enum):
    """How ``default=`` or ``onupdate=`` produces its value."""

    NONE = "none"
    PYTHON = "python"
    """A constant or a Python callable: the value is in memory after the flush."""
    SQL = "sql"
    """A SQL expression (``func.now()``, a sequence, a select): the database produces it."""


class Direction(enum.Enum):
    """Direction of a relationship, as SQLAlchemy names it."""

    MANY_TO_ONE = "MANYTOONE"
    ONE_TO_MANY = "ONETOMANY"
    MANY_TO_MANY = "MANYTOMANY"


class EagerDefaults(enum.Enum):
    """The mapper's ``eager_defaults`` setting."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Inheritance(enum.Enum):
    """How a mapped class shares a table with its mapped parent."""

    NONE = "none"
    SINGLE = "single"
    JOINED = "joined"
    CONCRETE = "concrete"


@dataclass(frozen=True, slots=True)
class Column:
    """One column attribute of a mapped class."""

    name: str
    node: ast.AST
    primary_key: bool = False
    nullable: bool = True
    python_type: TypeRef | None = None
    """The type inside ``Mapped[...]`` (or the SQLModel annotation), when there is one."""
    sql_type: str | None = None
    """Last part of the SQL type's name (``Integer``, ``Enum``, ``JSON``), when it is given or implied by the annotation."""
    enum: Class | None = None
    """The Python enumeration behind an ``Enum`` column."""
    timezone: bool | None = None
    """Whether a type that is given for dates with times has a timezone; None where the annotation alone decides, or another type does."""
    implied_type: bool = False
    """Whether the annotation alone makes the SQL type, by the tables of SQLAlchemy or the project's ``type_annotation_map``."""
    default: Default = Default.NONE
    default_value: ast.expr | None = None
    onupdate: Default = Default.NONE
    server_default: bool = False
    server_onupdate: bool = False
    computed: bool = False
    identity: bool = False
    deferred: bool = False
    deferred_group: str | None = None
    raises_when_deferred: bool = False
    """``deferred_raiseload=True``."""
    active_history: bool = False
    foreign_keys: tuple[str, ...] = ()
    """``table.column`` targets as written."""
    init: bool = True
    """Whether a dataclass-style ``__init__`` takes it."""
    has_init_default: bool = False
    column_name: str | None = None
    """The name in the table where it differs from the attribute's."""
    declared_in: Class | None = None
    """The class (mixin, abstract base or mapped parent) that declares it."""

    @property
    def ordinary(self) -> bool:
        """Whether assigning to it has no consequences but for the column itself."""
        return not (self.primary_key or self.foreign_keys or self.server_onupdate or self.onupdate is not Default.NONE)

    @property
    def generated_on_insert(self) -> bool:
        """Whether the database produces a value on INSERT when none is given."""
        return self.server_default or self.computed or self.identity or self.default is Default.SQL

    @property
    def generated_on_update(self) -> bool:
        """Whether the database produces a new value on every UPDATE."""
        return self.server_onupdate or self.computed or self.onupdate is Default.SQL


@dataclass(frozen=True, slots=True)
class Relationship:
    """One ``relationship()`` of a mapped class."""

    name: str
    node: ast.AST
    target: Class | None
    """None when the target class cannot be found."""
    direction: Direction | None
    uselist: bool
    lazy: str = "select"
    """The value of ``lazy=`` as a word: ``select``, ``selectin``, ``joined``, ``subquery``, ``immediate``, ``raise``,
    ``raise_on_sql``, ``noload``, ``write_only``, ``dynamic`` (``True`` is ``select``, ``False`` is ``joined``, ``None`` is ``noload``)."""
    local_foreign_keys: tuple[str, ...] = ()
    """For many-to-one: this class's column attributes that hold the key."""
    remote_foreign_keys: tuple[str, ...] = ()
    """For one-to-many: the target's column attributes that hold the key."""
    mirrors: tuple[str, ...] = ()
    """For one-to-many: the target's to-one relationships over the same key, whether or not they are declared as its reverse."""
    back_populates: str | None = None
    """The reverse attribute, from ``back_populates`` or from the other side's ``backref``."""
    secondary: bool = False
    viewonly: bool = False
    cascade: frozenset[str] = frozenset({"save-update", "merge"})
    single_parent: bool = False
    active_history: bool = False
    collection: str = "list"
    """``list``, ``set`` or ``dict``; meaningless when ``uselist`` is false."""
    join_depth: int | None = None
    init: bool = True
    has_init_default: bool = False
    init_default_factory: bool = False
    repr: bool = True
    compare: bool = True
    """Whether a dataclass ``__eq__`` reads it."""
    declared_in: Class | None = None


@dataclass(frozen=True, slots=True)
class AssociationProxy:
    """``association_proxy("memberships", "team")``."""

    name: str
    relationship: str
    attribute: str


@dataclass(eq=False, slots=True)
class MappedClass:
    """A class that SQLAlchemy maps, with everything it inherits already merged in."""

    symbol: Class
    table: str | None
    columns: dict[str, Column] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)
    composites: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Composite attribute to the column attributes it is made of."""
    hybrids: dict[str, Function] = field(default_factory=dict)
    column_properties: dict[str, bool] = field(default_factory=dict)
    """``column_property()`` attributes of SQL expressions; the value says whether it is deferred."""
    query_expressions: frozenset[str] = frozenset()
    proxies: dict[str, AssociationProxy] = field(default_factory=dict)
    parent: MappedClass | None = None
    inheritance: Inheritance = Inheritance.NONE
    polymorphic_on: str | None = None
    polymorphic_load: str | None = None
    """``inline`` or ``selectin``."""
    with_polymorphic: bool = False
    """``with_polymorphic="*"`` in ``__mapper_args__``: queries of the base load subclass columns."""
    eager_defaults: EagerDefaults = EagerDefaults.AUTO
    implicit_returning: bool = True
    version_column: str | None = None
    """The attribute that the ORM compares in each UPDATE: it always knows its value, whoever makes it."""
    is_dataclass: bool = False
    """``MappedAsDataclass``: generated ``__init__``, ``__repr__`` and ``__eq__`` read the fields."""
    dataclass_repr: bool = True
    dataclass_eq: bool = True
    is_sqlmodel: bool = False
    always_refresh: bool = False
    unresolved: bool = False
    """True when a base or mixin could not be found, so that attributes may be missing here."""

    @property
    def name(self) -> str:
        """The class name."""
        return self.symbol.name

    def is_kind_of(self, cls: Class) -> bool:
        """Whether the class is ``cls``, or is mapped as a subclass of it."""
        mapped: MappedClass | None = self
        while mapped is not None:
            if mapped.symbol is cls:
                return True
            mapped = mapped.parent
        return False

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Attribute names of the primary key, in declaration order."""
        return tuple(name for name, column in self.columns.items() if column.primary_key)


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a pydantic model."""

    name: str
    reads: str
    """The attribute read from an ORM object: the validation alias when there is one, else the name."""
    type: TypeRef
    required: bool
    excluded: bool = False
    node: ast.AST | None = None
    otherwise: tuple[str, ...] = ()
    """Attributes that are tried in this order when the object has no attribute ``reads``: more alias choices, and the
    field's own name under ``populate_by_name``."""
    bounded: bool = False
    """Whether ``ge`` or ``gt`` keeps small numbers out."""
    checked: bool = False
    """Whether something in ``Annotated`` looks at the value or changes it."""


@dataclass(eq=False, slots=True)
class Schema:
    """A pydantic model (or a SQLModel class without a table), inherited fields merged in."""

    symbol: Class
    fields: dict[str, SchemaField] = field(default_factory=dict)
    from_attributes: bool = False
    before_validators: list[Function] = field(default_factory=list)
    """``model_validator(mode="before")`` / ``root_validator(pre=True)``: they see the ORM object itself."""
    wraps: bool = False
    """Whether a ``mode="wrap"`` validator may replace the default reading of fields."""
    getter_dict: bool = False
    is_root_model: bool = False
    validated: frozenset[str] = frozenset()
    """The fields that validators look at or change; ``*`` when one sees all of them."""
    open: bool = False
    """``extra="allow"``: the client may send any field."""

    @property
    def name(self) -> str:
        """The class name."""
        return self.symbol.name


@dataclass(frozen=True, slots=True)
class SessionDefaults:
    """What the project's own session factories agree on; None where they differ or none was found."""

    expire_on_commit: bool | None
    autoflush: bool | None
    dialects: tuple[str, ...]
    """SQLAlchemy dialect names found in engine URLs, settings and dependency files, most telling first."""


@dataclass(eq=False, slots=True)
class Route:
    """One HTTP endpoint, or another function that a web framework calls."""

    function: Function
    methods: tuple[str, ...]
    path: str | None
    module: Module
    """The module of the registration (decorators and ``add_api_route`` arguments are read there)."""
    response_model: ast.expr | None = None
    response_model_given: bool = False
    """False: the return annotation is the response model."""
    dependencies: tuple[tuple[ast.expr, Module], ...] = ()
    """``Depends(...)`` expressions of the route, its routers and the app, outermost first."""
    route_class: Class | None = None
    response_is_raw: bool = False
    """A ``response_class`` or return annotation that is a Response: nothing is serialized."""
    node: ast.AST | None = None
