"""The table for XState: the whole of it, and run by XState itself where Node is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column
from sqlmodel import Field

from greenroom.kit.models import Record, choices, own_registry
from greenroom.kit.workflow import Transition, Workflow, WorkflowError, xstate
from tests.kit.workflow.tables import FLOW, Status


class Light(StrEnum):
    ON = "switched on"
    OFF = "switched-off"


class Base(Record, registry=own_registry()):
    """The table of this test."""


class Lamp(Base, table=True):
    status: Light = Field(default=Light.ON, sa_type=choices(Light))
    switched: int = 0


@dataclass(frozen=True)
class More:
    column: str
    by: int

    def value(self, column: Column[Any], now: datetime) -> object:  # noqa: ARG002  # the signature of all effects
        return column + self.by


class Bare:
    column = "switched"

    def value(self, column: Column[Any], now: datetime) -> object:  # noqa: ARG002  # the signature of all effects
        return 0


def test_each_row_is_an_event_with_its_guard_and_effects() -> None:
    machine = xstate(FLOW)
    assert (machine["id"], machine["initial"], list(machine["states"])) == ("task-status", "pending", [str(state) for state in Status])
    assert machine["states"]["in_progress"]["on"]["complete"] == {
        "target": "completed",
        "guard": "parts_are_done",
        "actions": [
            {"type": "SetNow", "params": {"column": "completed_at", "once": False}},
            {"type": "Set", "params": {"column": "progress_percent", "to": 100}},
        ],
    }
    assert json.dumps(machine) == json.dumps(xstate(FLOW))
    ways = {(source, event, way["target"]) for source, state in machine["states"].items() for event, way in state["on"].items()}
    assert ways == {(str(source), row.name, str(row.target)) for row in FLOW.rows for source in row.sources}


@pytest.mark.parametrize(
    ("effect", "action"),
    [
        (More("switched", 1), {"type": "More", "params": {"column": "switched", "by": 1}}),
        (Bare(), {"type": "Bare", "params": {"column": "switched"}}),
    ],
)
def test_final_states_and_effects_of_ones_own(effect: Any, action: object) -> None:  # noqa: ANN401  # whatever has a column and a value
    row = Transition("switch", {Light.ON}, Light.OFF, effects=(effect,))
    machine = xstate(Workflow(Lamp, Light, [row], initial={Light.ON}, final={Light.OFF}))
    assert machine["states"] == {
        "switched on": {"on": {"switch": {"target": "switched-off", "actions": [action]}}},
        "switched-off": {"type": "final"},
    }


def test_several_initial_states_are_refused() -> None:
    flow = Workflow(Lamp, Light, [Transition("switch", {Light.ON}, Light.OFF)], initial=set(Light), final={Light.OFF})
    with pytest.raises(WorkflowError, match="one initial state, and there are switched on, switched-off"):
        xstate(flow)


RUN = """
import { createMachine, initialTransition, transition } from "xstate";
const { machine, events } = JSON.parse(process.env.GIVEN);
const made = createMachine(machine).provide({ guards: { parts_are_done: () => true, another_approves: () => true } });
let [state] = initialTransition(made);
const seen = [state.value];
for (const type of events) {
  [state] = transition(made, state, { type });
  seen.push(state.value);
}
console.log(JSON.stringify(seen));
"""


def test_xstate_itself_takes_the_same_ways() -> None:
    modules = os.environ.get("XSTATE_NODE_MODULES")
    if modules is None or shutil.which("node") is None:
        pytest.skip("skipped: XState is not there; install Node, `npm install xstate@5`, and set XSTATE_NODE_MODULES to its node_modules")
    events = ["start", "approve", "submit", "reject", "complete", "start", "reopen"]
    given = json.dumps({"machine": xstate(FLOW), "events": events})
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", RUN],  # noqa: S607  # whichever Node is there
        cwd=Path(modules).parent,
        env={**os.environ, "GIVEN": given},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    # What the table does not have changes nothing.
    assert json.loads(answer.stdout) == [
        "pending",
        "in_progress",
        "in_progress",
        "review",
        "in_progress",
        "completed",
        "completed",
        "review",
    ]
