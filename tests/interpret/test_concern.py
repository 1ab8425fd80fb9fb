"""Functions are followed on their own account when they deal with the database, or call what does."""

from __future__ import annotations

from pathlib import Path

from greenroom.facts.collect import Backend
from greenroom.interpret.engine import relevant_functions
from greenroom.program.program import Program
from greenroom.source.discover import discover

MODELS = """
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Task(Base):
    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)

    @property
    def label(self):
        return AsyncSession.object_session(self)

async def load_tasks(session: AsyncSession) -> None: ...

class Store:
    async def fetch(self, session: AsyncSession) -> None: ...
"""


def concerned(source: str, folder: Path) -> set[str]:
    (folder / "models.py").write_text(MODELS, encoding="utf-8")
    (folder / "app.py").write_text(source, encoding="utf-8")
    program = Program(discover([folder]))
    (group,) = program.groups
    every, chosen = relevant_functions(program, Backend(program, group), group)
    found = {candidate.function.qualname for candidate in every if candidate.function.node in chosen}
    return found - {"Task.label", "load_tasks", "Store.fetch"}


def test_a_call_means_what_its_name_means_in_the_module(tmp_path: Path) -> None:
    source = """
import models
from models import load_tasks
from elsewhere import load_tasks as read
from json import load_tasks as parse

def direct(): load_tasks(None)
def through_the_module(): models.load_tasks(None)
def of_another_library(): parse(None)
def a_method_of_that_name(thing): thing.load_tasks()
def indirect(): direct()
async def by_whatever_name(store): await store.fetch(None)
"""
    assert concerned(source, tmp_path) == {"direct", "through_the_module", "indirect", "by_whatever_name"}


def test_a_name_from_a_library_is_not_the_project_s(tmp_path: Path) -> None:
    assert concerned("from models import Store\nfrom json import load_tasks\n\ndef parse(): load_tasks(None)\n", tmp_path) == set()


def test_a_property_is_read_after_a_dot(tmp_path: Path) -> None:
    source = "import models\n\ndef reads(task): return task.label\ndef local(label): return label\n"
    assert concerned(source, tmp_path) == {"reads"}


def test_comments_and_docstrings_say_nothing(tmp_path: Path) -> None:
    source = '''
import models

def told():
    """Like AsyncSession.refresh()."""
    return 1  # load_tasks(None), commit

def formatted(session):
    return f"""{session.commit()}"""

def annotated(given: "AsyncSession"):
    return given
'''
    assert concerned(source, tmp_path) == {"formatted", "annotated"}


def test_a_local_import_of_a_model_is_evidence_and_its_name_alone_is_not(tmp_path: Path) -> None:
    source = """
import models

def imports():
    from models import Task
    return Task

def through_the_module():
    import models as m
    return m.Task

def something_else():
    import json
    Task = json
    return Task
"""
    assert concerned(source, tmp_path) == {"imports", "through_the_module"}


def test_what_begins_a_query_is_evidence(tmp_path: Path) -> None:
    source = "import models\nfrom sqlalchemy import select\n\ndef query(cls): return select(cls)\ndef menu(ui): return ui.select(1)\n"
    assert concerned(source, tmp_path) == {"query"}
