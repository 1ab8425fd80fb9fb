"""Reads ``relationship(...)`` and its kin; what needs the other class is left to :mod:`greenroom.facts.joins`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from greenroom.facts.annotation import COLLECTIONS, Annotation
from greenroom.facts.calls import Call, library_call
from greenroom.facts.declarations import Declaration
from greenroom.facts.expression import MISSING, Expression
from greenroom.program.symbols import Class, External

CONSTRUCTORS = {"relationship", "dynamic_loader", "relation", "RelationshipProperty"}
LAZY = {True: "select", False: "joined", None: "noload", "immediate": "immediate", "select": "select", "joined": "joined"}
"""Values of ``lazy=`` that are not their own word."""
CASCADES = frozenset({"save-update", "merge", "refresh-expire", "expunge", "delete"})
"""What ``all`` stands for."""
_VIEWONLY_CASCADES = frozenset({"expunge", "refresh-expire", "merge"})
_KEYED = {"attribute_keyed_dict", "column_keyed_dict", "keyfunc_mapping", "attribute_mapped_collection", "column_mapped_collection",
          "mapped_collection"}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RelationshipDraft:
    """A relationship as one class declares it, before the other class is known."""

    name: str
    node: ast.AST
    owner: Class
    target: Expression | None
    target_is_annotation: bool
    keywords: Mapping[str, Expression]
    annotation: Annotation | None
    lazy: str
    uselist: bool | None
    collection: str
    secondary: Expression | None

    @property
    def is_plural(self) -> bool:
        """Whether argument or annotation say that it holds a collection."""
        return self.uselist is True or (self.annotation is not None and self.annotation.collection is not None)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean keyword argument."""
        return self.keywords[name].truth(default=default) if name in self.keywords else default

    def text(self, name: str) -> str | None:
        """Return a string keyword argument, also behind a lambda or an attribute such as ``User.posts``."""
        if name not in self.keywords:
            return None
        value = self.keywords[name]
        if isinstance(value.node, ast.Lambda):
            value = value.at(value.node.body)
        return value.text() or value.spelled() or None


@dataclass(frozen=True, slots=True, eq=False)
class Backref:
    """``backref("posts", lazy="selectin")``: a relationship to be made on the other class."""

    name: str
    keywords: Mapping[str, Expression]
    node: ast.AST


def read_relationship(declaration: Declaration) -> RelationshipDraft | None:
    """Return the relationship that a declaration makes, or None when it makes something else."""
    call = declaration.call
    if call is None or call.name not in CONSTRUCTORS:
        return None
    return draft_relationship(declaration.name, declaration.node, declaration.owner, call, declaration.annotation)


def draft_relationship(name: str, node: ast.AST, owner: Class, call: Call, annotation: Annotation | None) -> RelationshipDraft:
    """Read the arguments of one ``relationship(...)`` call beside its annotation."""
    argument = call.argument(0, "argument")
    given = argument is not None and argument.constant() is not None
    element = annotation.element if annotation is not None else None
    collection = _collection(call.keywords.get("collection_class")) or (annotation.collection if annotation else None)
    secondary = call.argument(1, "secondary")
    return RelationshipDraft(
        name=name,
        node=node,
        owner=owner,
        target=argument if given else element,
        target_is_annotation=not given,
        keywords=call.keywords,
        annotation=annotation,
        lazy=_lazy(call, annotation),
        uselist=_uselist(call, annotation, collection),
        collection=collection or "list",
        secondary=secondary if secondary is not None and secondary.constant() is not None else None,
    )


def read_backref(draft: RelationshipDraft) -> Backref | None:
    """Return the reverse relationship that ``backref=`` asks for."""
    value = draft.keywords.get("backref")
    if value is None or draft.text("back_populates"):
        return None
    text = value.text()
    if text is not None:
        return Backref(text, {}, draft.node)
    call = library_call(value)
    if call is not None and call.name == "backref" and call.positional and (name := call.positional[0].text()):
        return Backref(name, call.keywords, call.node)
    if isinstance(value.node, ast.Tuple) and value.node.elts and (name := value.at(value.node.elts[0]).text()):
        return Backref(name, value.at(value.node.elts[-1]).entries(), draft.node)
    return None


def lazy_word(expression: Expression | None) -> str:
    """Return the loading strategy that ``lazy=`` names."""
    if expression is None:
        return "select"
    value = expression.constant()
    if isinstance(value, str):
        return value
    return LAZY[value] if value is None or isinstance(value, bool) else "select"


def cascades(expression: Expression | None, *, viewonly: bool) -> frozenset[str]:
    """Expand ``cascade=`` as SQLAlchemy does."""
    if viewonly and expression is None:
        return frozenset({"merge"})
    text = expression.text() if expression is not None else "save-update, merge"
    if text is None and expression is not None and expression.constant() is MISSING:
        text = "save-update, merge"
    words = {word for word in re.split(r"\s*,\s*", (text or "").strip()) if word}
    if "all" in words:
        words |= CASCADES
    if "none" in words:
        words = set()
    words.discard("all")
    return frozenset(words & _VIEWONLY_CASCADES if viewonly else words)


def _lazy(call: Call, annotation: Annotation | None) -> str:
    container = annotation.container if annotation is not None else ""
    if container == "WriteOnlyMapped":
        return "write_only"
    if container == "DynamicMapped" or call.name == "dynamic_loader":
        return "dynamic"
    return lazy_word(call.keywords.get("lazy"))


def _uselist(call: Call, annotation: Annotation | None, collection: str | None) -> bool | None:
    """None leaves it to the direction: only an annotation or an argument decides."""
    value = call.keywords["uselist"].constant() if "uselist" in call.keywords else None
    if isinstance(value, bool) and not (annotation is not None and collection is None and _decides(annotation)):
        return value
    if annotation is not None and collection is None and _decides(annotation):
        return False
    return None


def _decides(annotation: Annotation) -> bool:
    return annotation.inner is not None and annotation.container not in ("WriteOnlyMapped", "DynamicMapped")


def _collection(expression: Expression | None) -> str | None:
    if expression is None:
        return None
    if isinstance(expression.node, ast.Lambda):
        expression = expression.at(expression.node.body)
    call = library_call(expression)
    if call is not None:
        return "dict" if call.name in _KEYED else COLLECTIONS.get(call.name, "list")
    symbol = expression.resolve() if isinstance(expression.node, (ast.Name, ast.Attribute)) else None
    if isinstance(symbol, Class):
        kinds = (COLLECTIONS.get(base.name) for base in expression.scope.program.mro(symbol) if isinstance(base, External))
        return next((kind for kind in kinds if kind is not None), "list")
    return COLLECTIONS.get(expression.name(), "list")
