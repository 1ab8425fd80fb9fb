"""Builds the mapped classes of a program: what SQLAlchemy's mappers would know after import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from greenroom.facts.attributes import read_attribute, read_construct
from greenroom.facts.calls import library_call
from greenroom.facts.columns import CONSTRUCTORS, column_of_call, read_column
from greenroom.facts.declarations import Bodies, Declaration, declared_value, later_declarations
from greenroom.facts.expression import Expression
from greenroom.facts.imperative import ImperativeMapping, imperative_mappings, table_column
from greenroom.facts.library import library_base
from greenroom.facts.linking import Linker
from greenroom.facts.mapping import Recognizer, Role
from greenroom.facts.records import Column, Inheritance, MappedClass
from greenroom.facts.registry import Registry
from greenroom.facts.relationships import CONSTRUCTORS as RELATIONSHIPS
from greenroom.facts.relationships import RelationshipDraft, draft_relationship, read_relationship
from greenroom.facts.settings import apply_dataclass_arguments, apply_mapper_arguments, mapper_arguments, names_own_table, table_name
from greenroom.facts.sqlmodel import read_fields, read_relationships
from greenroom.facts.tables import TableFacts, read_table, read_table_args, with_constraints
from greenroom.program.symbols import Class, External, Module


class Mappings:
    """All mapped classes of the given modules, and of any class that is asked for."""

    def __init__(self, bodies: Bodies, modules: Iterable[Module]) -> None:
        program = self._program = bodies.program
        self._bodies = bodies
        self.recognizer = Recognizer(program)
        self.registry = Registry()
        self._linker = Linker(self.registry, self.of)
        self._seen: set[Class] = set()
        modules = list(modules)
        self._later = later_declarations(program, modules)
        # Imperative mappings come first: they decide that their classes are mapped.
        for module in modules:
            for mapping in imperative_mappings(program, module):
                self._declare_imperatively(mapping)
        for module in modules:
            for cls in classes(module):
                self._declare(cls)
        self._linker.link(list(self.registry.by_class.values()))

    def of(self, cls: Class) -> MappedClass | None:
        """Return the mapping of ``cls``; classes outside the given modules are mapped when first asked for."""
        known = self.registry.by_class.get(cls)
        if known is not None or cls in self._seen:
            return known
        mapped = self._declare(cls)
        if mapped is not None:
            self._linker.link([mapped])
        return mapped

    def _declare(self, cls: Class) -> MappedClass | None:
        """Read everything that does not need the other side of a relationship."""
        if cls in self._seen or self.recognizer.role(cls) is not Role.MAPPED:
            return self.registry.by_class.get(cls)
        self._seen.add(cls)
        parent_class = self.recognizer.mapped_parent(cls)
        parent = self._declare(parent_class) if parent_class is not None else None
        sources = self.recognizer.sources(cls, parent_class)
        mapped = MappedClass(symbol=cls, table=None, parent=parent)
        mapped.is_sqlmodel = self.recognizer.is_sqlmodel(cls)
        mapped.unresolved = self.recognizer.unresolved(cls)
        apply_dataclass_arguments(mapped, self._program)
        arguments = mapper_arguments(self._program, sources)
        drafts = self._read_bodies(mapped, sources)
        self._settle_table(mapped, sources, concrete="concrete" in arguments and arguments["concrete"].truth())
        if parent is not None:
            _inherit(mapped, parent)
        apply_mapper_arguments(mapped, arguments)
        self._add(mapped, drafts)
        return mapped

    def _add(self, mapped: MappedClass, drafts: dict[str, RelationshipDraft]) -> None:
        self.registry.add(mapped, self.recognizer.base(mapped.symbol))
        self._linker.drafts[mapped.symbol] = drafts

    def _read_bodies(self, mapped: MappedClass, sources: Sequence[Class | External]) -> dict[str, RelationshipDraft]:
        """Read the class body and its mixins; the first class along the MRO that binds a name wins."""
        drafts: dict[str, RelationshipDraft] = {}
        bound: set[str] = set()
        if mapped.is_sqlmodel:
            mapped.columns.update(read_fields(self._bodies, mapped.symbol))
            drafts.update(read_relationships(self._bodies, mapped.symbol))
        table = self._table(mapped, sources)
        if table is not None:
            mapped.columns.update(table.columns)
            mapped.table, mapped.implicit_returning = table.name, table.implicit_returning
        for item in sources:
            if isinstance(item, External):
                self._read_library(mapped, item, bound)
                continue
            stated = [*self._bodies.of(item), *self._later.get(item, ())]
            found = [declaration for declaration in stated if declaration.name not in bound]
            for declaration in found:
                if not (mapped.is_sqlmodel and declaration.name in mapped.columns):
                    self._read_declaration(mapped, declaration, drafts, table)
            bound.update(declaration.name for declaration in found if _binds(declaration))
        return drafts

    def _read_declaration(
        self, mapped: MappedClass, declaration: Declaration, drafts: dict[str, RelationshipDraft], table: TableFacts | None
    ) -> None:
        name = declaration.name
        if name.startswith("__") and name.endswith("__"):
            return
        draft = read_relationship(declaration)
        if draft is not None:
            drafts[name] = draft
            return
        if table is not None and declaration.value is not None and (renamed := table_column(declaration.value)) in mapped.columns:
            mapped.columns[name] = replace(mapped.columns.pop(renamed), name=name, column_name=renamed)
            return
        if mapped.is_sqlmodel and declaration.construct in ("Field", "Relationship"):
            return
        column = read_column(declaration) if table is None or declaration.call is not None else None
        if column is not None:
            mapped.columns[name] = column
        else:
            read_attribute(mapped, declaration, self._program)

    def _read_library(self, mapped: MappedClass, item: External, bound: set[str]) -> None:
        known = library_base(item.path)
        for column in known.columns if known is not None else ():
            if column.name not in bound:
                mapped.columns.setdefault(column.name, column)

    def _table(self, mapped: MappedClass, sources: Sequence[Class | External]) -> TableFacts | None:
        for item in sources:
            value = declared_value(self._program, item, "__table__") if isinstance(item, Class) else None
            if value is not None:
                return read_table(value, mapped.symbol) or TableFacts()
        return None

    def _settle_table(self, mapped: MappedClass, sources: list[Class | External], *, concrete: bool) -> None:
        """Find the table and how it relates to the parent's, and apply ``__table_args__``."""
        program, cls, parent = self._program, mapped.symbol, mapped.parent
        own = names_own_table(program, cls)
        if parent is not None:
            # A generated name alone does not make a table: a joined subclass has a key column of its own.
            has_key = any(column.primary_key for column in mapped.columns.values())
            generated = own is None and has_key and table_name(program, cls, sources) is not None
            joined = own or generated
            mapped.inheritance = Inheritance.CONCRETE if concrete else Inheritance.JOINED if joined else Inheritance.SINGLE
        if mapped.inheritance is Inheritance.SINGLE and parent is not None:
            mapped.table, mapped.implicit_returning = parent.table, parent.implicit_returning
        elif mapped.table is None:
            mapped.table = table_name(program, cls, sources)
        stated = (declared_value(program, item, "__table_args__") for item in sources if isinstance(item, Class))
        arguments = next((value for value in stated if value is not None), None)
        if arguments is not None:
            facts = read_table_args(arguments)
            mapped.columns = with_constraints(mapped.columns, facts)
            mapped.implicit_returning = mapped.implicit_returning and facts.implicit_returning

    def _declare_imperatively(self, mapping: ImperativeMapping) -> None:
        cls = mapping.cls
        if cls in self._seen:
            return
        self._seen.add(cls)
        mapped = MappedClass(symbol=cls, table=mapping.table.name if mapping.table else None)
        if mapping.table is not None:
            mapped.columns.update(mapping.table.columns)
            mapped.implicit_returning = mapping.table.implicit_returning
        inherits = mapping.call.keywords.get("inherits")
        parent = inherits.resolve() if inherits is not None else None
        if isinstance(parent, Class) and (known := self.registry.by_class.get(parent)) is not None:
            mapped.parent = known
            concrete = mapping.call.flag("concrete")
            mapped.inheritance = Inheritance.CONCRETE if concrete else Inheritance.JOINED if mapped.columns else Inheritance.SINGLE
            mapped.table = mapped.table or known.table
        drafts: dict[str, RelationshipDraft] = {}
        for name, value in mapping.properties.items():
            _imperative_property(mapped, name, value, drafts)
        if mapped.parent is not None:
            _inherit(mapped, mapped.parent)
        for declaration in self._bodies.of(cls):
            if declaration.function is not None:
                read_attribute(mapped, declaration, self._program)
        apply_mapper_arguments(mapped, dict(mapping.call.keywords))
        self._add(mapped, drafts)


def classes(module: Module) -> Iterable[Class]:
    """Yield the classes of a module, nested ones included; those inside functions are mapped when asked for."""
    waiting = [binding for bindings in module.bindings.values() for binding in bindings if isinstance(binding, Class)]
    while waiting:
        cls = waiting.pop(0)
        yield cls
        waiting.extend(member for members in cls.members.values() for member in members if isinstance(member, Class))


def _binds(declaration: Declaration) -> bool:
    """A bare annotation binds nothing at runtime, unless it is a mapped one."""
    return declaration.value is not None or declaration.function is not None or declaration.is_mapped_annotation


def _inherit(mapped: MappedClass, parent: MappedClass) -> None:
    """Merge what the parent maps into the child; a concrete child has only its own, and what Python itself inherits."""
    concrete = mapped.inheritance is Inheritance.CONCRETE
    for name in ("hybrids", "proxies") if concrete else ("columns", "synonyms", "composites", "hybrids", "column_properties", "proxies"):
        inherited = getattr(parent, name)
        own = getattr(mapped, name)
        overridden = {key for key in inherited if name != "columns" and key in mapped.columns}
        setattr(mapped, name, {**{key: value for key, value in inherited.items() if key not in overridden}, **own})
    if concrete:
        return
    mapped.query_expressions |= parent.query_expressions
    mapped.polymorphic_on = mapped.polymorphic_on or parent.polymorphic_on
    mapped.version_column = mapped.version_column or parent.version_column


def _imperative_property(mapped: MappedClass, name: str, value: Expression, drafts: dict[str, RelationshipDraft]) -> None:
    column_name = table_column(value)
    if column_name is not None:
        column = mapped.columns.pop(column_name, None)
        mapped.columns[name] = replace(column or Column(name, value.node), name=name, column_name=column_name)
        return
    call = library_call(value)
    if call is None:
        return
    if call.name in RELATIONSHIPS:
        drafts[name] = draft_relationship(name, value.node, mapped.symbol, call, None)
    elif call.name in CONSTRUCTORS:
        made = column_of_call(call, mapped.symbol, name)
        if made is not None:
            mapped.columns[name] = made
    elif call.name in ("column_property", "deferred") and call.positional and (inner := table_column(call.positional[0])) in mapped.columns:
        column = mapped.columns.pop(inner)
        deferred = call.name == "deferred" or call.flag("deferred")
        renamed = inner if inner != name else None
        mapped.columns[name] = replace(column, name=name, column_name=renamed, deferred=deferred, deferred_group=call.text("group"))
    else:
        read_construct(mapped, name, call)
