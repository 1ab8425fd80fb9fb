"""What a slice keeps."""

from __future__ import annotations

import ast
from pathlib import Path

from greenroom.facts.collect import Backend
from greenroom.program.program import Program
from greenroom.reduction.slicing import Slice
from greenroom.reduction.writing import sliced
from greenroom.source.discover import discover


def cut(folder: Path, files: dict[str, str], wanted: str) -> dict[str, str]:
    """Return the slice of the function with this name, by the names of modules."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    program = Program(discover([folder]))
    modules = program.modules_in(program.groups[0])
    grown = Slice(program, Backend(program, program.groups[0]))
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == wanted:
                grown.add(module, node.lineno)
    grown.settle()
    return {module.name: sliced(module, kept).text for module, kept in grown.modules.items()}


RUN = """\


def run():
    from d import letters
    return zwei, ONE, os.sep
"""


def test_names_are_followed_through_imports_of_every_form(tmp_path: Path) -> None:
    files = {
        "a.py": "ONE = 1\nTWO = ONE + 1\nOTHER = 3\n",
        "b.py": "from a import ONE, TWO as zwei, OTHER\n",
        "c.py": "from b import *\n",
        "d.py": "import a as letters\n",
        "main.py": f"import os, d\nimport sys\nfrom b import zwei\nfrom c import ONE\n{RUN}",
    }
    assert cut(tmp_path, files, "run") == {
        "main": f"import os\nfrom b import zwei\nfrom c import ONE\n{RUN}",
        "b": "from a import ONE, TWO as zwei\n",
        "a": "ONE = 1\nTWO = ONE + 1\n",
        "c": "from b import *\n",
        "d": "import a as letters\n",
    }


def test_members_are_kept_when_something_mentions_them(tmp_path: Path) -> None:
    source = """\
class Service:
    \"\"\"Words.\"\"\"

    limit = 3

    def __init__(self, db):
        self.db = db

    def used(self):
        return self.inner

    @property
    def inner(self):
        return self.db

    def unused(self):
        return 1


class Other:
    def used(self): ...


def run(db):
    return Service(db).used()
"""
    (kept,) = cut(tmp_path, {"main.py": source}, "run").values()
    assert "unused" not in kept
    assert "Other" not in kept
    assert "Words" not in kept
    for name in ("limit = 3", "__init__", "def used", "def inner"):
        assert name in kept
    ast.parse(kept)


def test_a_class_of_which_nothing_is_kept_still_parses(tmp_path: Path) -> None:
    source = "class Empty:\n    def unused(self):\n        return 1\n\n\ndef run():\n    return Empty\n"
    assert cut(tmp_path, {"main.py": source}, "run") == {"main": "class Empty:\n    pass\n\n\ndef run():\n    return Empty\n"}


def test_mapped_classes_keep_keys_and_what_is_mentioned(tmp_path: Path) -> None:
    source = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Pet(Base):
    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    weight: Mapped[int]
    owner: Mapped["Person"] = relationship()


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)


def run(pet: Pet):
    return pet.name
"""
    (kept,) = cut(tmp_path, {"main.py": source}, "run").values()
    assert "name: Mapped[str]" in kept
    assert "owner_id" in kept
    assert "weight" not in kept
    assert "Person" not in kept
    assert "relationship" not in kept
    (more,) = cut(tmp_path, {"main.py": source.replace("pet.name", "pet.owner")}, "run").values()
    assert 'owner: Mapped["Person"] = relationship()' in more
    assert "class Person" in more


def test_implementations_of_what_is_abstract_are_kept(tmp_path: Path) -> None:
    files = {
        "base.py": "from abc import ABC, abstractmethod\n\nclass Store(ABC):\n    @abstractmethod\n    def find(self): ...\n",
        "real.py": "from base import Store\n\nclass Real(Store):\n    def find(self): return 1\n    def more(self): return 2\n",
        "main.py": "from base import Store\n\ndef run(store: Store):\n    return store.find()\n",
    }
    kept = cut(tmp_path, files, "run")
    assert "def find" in kept["real"]
    assert "more" not in kept["real"]


def test_what_is_said_about_a_class_outside_of_it_is_kept(tmp_path: Path) -> None:
    source = """\
from sqlalchemy import Table
from sqlalchemy.orm import registry, relationship

mappers = registry()
pets = Table("pets", mappers.metadata)


class Pet:
    pass


mappers.map_imperatively(Pet, pets)
print("started")


def run(pet: Pet):
    return pet
"""
    (kept,) = cut(tmp_path, {"main.py": source}, "run").values()
    assert "mappers.map_imperatively(Pet, pets)" in kept
    assert 'pets = Table("pets", mappers.metadata)' in kept
    assert "started" not in kept
