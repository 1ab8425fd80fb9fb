"""The picture shows the table."""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Field

from greenroom.kit.models import Record, choices, own_registry
from greenroom.kit.workflow import Transition, Workflow, mermaid
from tests.kit.workflow.tables import FLOW

PICTURE = """\
stateDiagram-v2
    [*] --> pending
    pending --> in_progress: start
    blocked --> in_progress: start
    pending --> blocked: block
    in_progress --> blocked: block
    in_progress --> review: submit
    in_progress --> completed: complete [parts are done]
    review --> completed: approve [another approves]
    review --> in_progress: reject
    completed --> review: reopen
"""


class Light(StrEnum):
    ON = "switched on"
    OFF = "switched-off"


class Base(Record, registry=own_registry()):
    """The table of this test."""


class Lamp(Base, table=True):
    status: Light = Field(default=Light.ON, sa_type=choices(Light))


def test_it_shows_each_row() -> None:
    assert mermaid(FLOW) == PICTURE


def test_states_that_are_no_words_get_an_alias_and_final_ones_an_end() -> None:
    flow = Workflow(Lamp, Light, [Transition("switch", {Light.ON}, Light.OFF)], initial={Light.ON}, final={Light.OFF})
    assert mermaid(flow).splitlines()[1:] == [
        '    state "switched on" as switched_on',
        '    state "switched-off" as switched_off',
        "    [*] --> switched_on",
        "    switched_on --> switched_off: switch",
        "    switched_off --> [*]",
    ]
