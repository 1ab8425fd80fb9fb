"""The facade: everything the layers above may ask about the analysed projects."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence

from greenroom.program.annotations import Annotations
from greenroom.program.generics import Generics
from greenroom.program.modules import Modules
from greenroom.program.relevance import Relevance
from greenroom.program.resolve import Resolver
from greenroom.program.substitution import substitute
from greenroom.program.symbols import Class, External, Function, Member, Module, Symbol
from greenroom.program.types import TypeRef
from greenroom.source.discover import Group, Tree
from greenroom.source.file import SourceFile
from greenroom.source.problem import Problem


class Program:
    """Modules, classes and functions of a tree of files, with their names resolved.

    Files are parsed when something first asks for them. No method raises on bad input: what cannot be read,
    parsed or resolved is None (or ``UNKNOWN`` for types), and unreadable files are listed in :attr:`problems`.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._modules = Modules(tree)
        self._resolver = Resolver(self._modules)
        self._hierarchy = self._resolver.hierarchy
        self._annotations = Annotations(self._resolver)
        self._generics = Generics(self._hierarchy, self._annotations)
        self._relevance = Relevance(tree)

    # Files and modules

    @property
    def files(self) -> Sequence[SourceFile]:
        """The files that were asked for, sorted by path; files that only imports led to are not among them."""
        return self.tree.files

    @property
    def groups(self) -> Sequence[Group]:
        """The files, divided into projects that do not import each other."""
        return self.tree.groups

    @property
    def problems(self) -> list[Problem]:
        """Everything that could not be read so far, sorted."""
        return self.tree.all_problems()

    @property
    def parsed(self) -> int:
        """How many files were parsed so far."""
        return self._modules.parsed

    def module(self, name: str, near: Module | SourceFile | None = None) -> Module | None:
        """Return the module called ``name`` as seen from ``near``, whose own source root comes first."""
        return self._modules.find(name, near.source if isinstance(near, Module) else near)

    def module_of(self, file: SourceFile) -> Module | None:
        """Return the module in ``file``; None when the file does not parse."""
        return self._modules.load(file)

    def modules_in(self, group: Group) -> list[Module]:
        """Return the modules of all files of ``group``, parsing those that have not been parsed yet."""
        return self._modules.load_all(group.files)

    def evict(self, group: Group) -> None:
        """Forget the text, the trees and every answer about the files of ``group``; asking again parses again."""
        self._modules.evict(group.files)
        self._resolver.forget()
        self._annotations.forget()
        self._generics.forget()

    # What is worth parsing

    def relevant(self, files: Iterable[SourceFile] | None = None) -> list[SourceFile]:
        """Return those files whose text mentions sessions, SQLAlchemy or an operation of a session."""
        return self._relevance.relevant(self.files if files is None else files)

    def importers_of(self, modules: set[str], names: set[str], files: Iterable[SourceFile] | None = None) -> list[SourceFile]:
        """Return those files with an import statement that mentions one of the dotted ``modules`` or one of ``names``."""
        return self._relevance.importers_of(modules, names, self.files if files is None else files)

    # Names

    def lookup(self, module: Module, name: str) -> Symbol | None:
        """Return what ``name`` means at the top level of ``module``, imports and aliases followed.

        Names from outside the project are ``External``, builtins are ``External("builtins.len")``.
        """
        return self._resolver.lookup(module, name)

    def resolve(self, module: Module, node: ast.expr, *, function: Function | None = None, owner: Class | None = None) -> Symbol | None:
        """Return the symbol that a name, a dotted name, a forward reference or the base of a subscript denotes.

        ``function`` adds the names local to it and to the functions around it, ``owner`` those of a class body.
        A local variable or a parameter is a :class:`Variable` whose ``function`` is set.
        """
        return self._resolver.resolve(module, node, function=function, owner=owner)

    def import_binding(self, module: Module, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> Symbol | None:
        """Return what one alias of an import statement binds."""
        return self._resolver.import_binding(module, node, alias)

    # Classes

    def bases(self, cls: Class) -> tuple[Class | External | None, ...]:
        """Return the direct base classes in order, None for each that cannot be resolved."""
        return self._hierarchy.bases(cls)

    def mro(self, cls: Class) -> tuple[Class | External, ...]:
        """Return the method resolution order, ``cls`` first; depth-first where Python would refuse the class."""
        return self._hierarchy.mro(cls)

    def member(self, cls: Class, name: str) -> Member | None:
        """Return the first definition of ``name`` along the MRO; accessors such as ``x.setter`` and overloads are passed over."""
        return self._hierarchy.member(cls, name)

    def members(self, cls: Class) -> dict[str, Member]:
        """Return every member by name, inherited ones included, those of the most derived class winning."""
        return self._hierarchy.members(cls)

    def is_subclass(self, cls: Class, target: Callable[[Class | External], bool]) -> bool:
        """Whether ``target`` holds for the class itself or for anything it inherits from."""
        return any(target(base) for base in self._hierarchy.mro(cls))

    def has_external_base(self, cls: Class, path: Callable[[str], bool]) -> bool:
        """Whether ``path`` holds for the dotted path of an inherited class from outside the project."""
        return any(path(base.path) for base in self._hierarchy.mro(cls) if isinstance(base, External))

    def subclasses(self, cls: Class) -> list[Class]:
        """Return the direct and indirect subclasses in the modules parsed so far."""
        return self._hierarchy.subclasses(cls)

    def keyword(self, cls: Class, name: str) -> ast.expr | None:
        """Return the class keyword argument ``name`` (``table=True``) of the class statement itself."""
        return next((keyword.value for keyword in cls.node.keywords if keyword.arg == name), None)

    # Types

    def type_of(
        self, module: Module, annotation: ast.expr | None, *, function: Function | None = None, owner: Class | None = None
    ) -> TypeRef:
        """Return the type that an annotation denotes; ``owner`` is the class that ``Self`` means.

        ``Any`` is unknown, ``typing.List`` and its kin are the builtin they stand for, and the last argument of a
        ``Callable`` is its result.
        """
        return self._annotations.type_of(module, annotation, function=function, owner=owner)

    def type_parameters(self, cls: Class) -> tuple[str, ...]:
        """Return the names of the type variables of a generic class, in the order of its subscript."""
        return self._generics.parameters(cls)

    def type_arguments(self, cls: Class, declared_in: Class | None = None) -> dict[str, TypeRef]:
        """Return what the type variables of the generic bases of ``cls`` stand for, by the variables' names.

        ``declared_in`` asks for one base; without it bases that use the same name for different things are merged,
        the nearest winning.
        """
        return self._generics.type_arguments(cls, declared_in)

    def substitute(self, type_ref: TypeRef, mapping: Mapping[str, TypeRef]) -> TypeRef:
        """Return ``type_ref`` with type variables replaced by what ``mapping`` says of their names."""
        return substitute(type_ref, mapping)
