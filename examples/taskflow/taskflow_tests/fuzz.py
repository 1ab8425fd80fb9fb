"""Schemathesis on TaskFlow, over HTTP, as somebody who has projects, members and tasks, with all of its checks.

``python -m taskflow_tests.fuzz``, with ``examples/taskflow`` on the path, runs three seeds and prints what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import DatabaseSettings
from greenroom.kit.database.server import Roles, Server, Urls, temporary
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.web import WebSettings, configure_logging
from taskflow.app import create_app, database
from taskflow.migrations import upgrade
from taskflow.vocabulary import Gate
from taskflow_tests.calling import ok

ROLES: Final = Roles("taskflow_owner", "taskflow_app")
SEEDS: Final = (7, 11, 23)
EXAMPLES: Final = 8
"""Of each operation in each phase that has a bound: with the coverage phase, which has none, some thousands of cases a seed."""
PHASES: Final = "examples,coverage,fuzzing,stateful"
_HOUR: Final = 3_600
_RULES: Final = Path(__file__).with_name("schemathesis.toml")

GATES: Final = tuple(gate.value for gate in Gate)
STEPS: Final[Sequence[Sequence[str]]] = (("in_progress",), ("in_progress", "review"), ("blocked",), ())
"""The ways of the seeded tasks to their states."""

Ids = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Outcome:
    """What one run has found."""

    seed: int
    statuses: Counter[int]
    """How many cases were answered with which status."""
    failures: int
    passed: bool
    """Whether Schemathesis itself is content: no failure, no error of its own, no operation left out."""
    output: str

    @property
    def cases(self) -> int:
        """How many requests were sent."""
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        """How many of them were answered with 5xx."""
        return sum(number for status, number in self.statuses.items() if status >= HTTPStatus.INTERNAL_SERVER_ERROR)

    def __str__(self) -> str:
        answers = ", ".join(f"{status}: {number}" for status, number in sorted(self.statuses.items()))
        return f"seed {self.seed}: {self.cases} cases, {self.failures} failures, {self.server_errors} server errors ({answers})"


@contextmanager
def serving(urls: Urls, issuer: LocalIssuer) -> Iterator[str]:
    """Serve TaskFlow as in production, by uvicorn in a thread, and give its address."""
    app = create_app(database(DatabaseSettings(url=urls.application)), issuer.authenticator(), web=WebSettings(drain=0))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("TaskFlow has not started")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def seeded(url: str, token: str, agent: str) -> dict[str, list[int]]:
    """Make projects, members, agents and tasks in all states of which the caller is part; return ids that hit, by dictionary."""
    with (
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as me,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {agent}"}) as bot,
    ):
        workers = [ok(client.get("/api/workers/me"))["id"] for client in (me, bot)]
        ids: dict[str, list[int]] = {"workers": workers}
        # What is deleted is other than what all else is tried on: else soon there is nothing left.
        for prefix, gates in (("", GATES), ("doomed_", GATES[:2])):
            found = {name: ids.setdefault(prefix + name, []) for name in ("projects", "members", "tasks", "agents")}
            for number, gate in enumerate(gates):
                slug = f"{prefix or 'kept_'}{number}".replace("_", "-")
                agent_ = {"handle": f"@{slug}", "name": "Aid", "agent_type": "custom"}
                aid = ok(me.post("/api/workers/agents", json=agent_), 201)["id"]
                found["agents"].append(aid)
                project = ok(me.post("/api/projects", json={"slug": slug, "name": "Seed", "approval_gate": gate}), 201)["id"]
                found["projects"].append(project)
                members: list[dict[str, object]] = [{"agent_id": workers[1]}, {"user_id": "ben", "role": "reviewer"}]
                for member in members if prefix else [*members, {"agent_id": aid}]:
                    found["members"].append(ok(me.post(f"/api/projects/{project}/members", json=member), 201)["id"])
                found["tasks"] += [_task(me, project, steps) for steps in STEPS]
                body = {"title": "Part"}
                found["tasks"].append(ok(me.post(f"/api/tasks/{found['tasks'][-1]}/subtasks", json=body), 201)["id"])
        return ids


def _task(me: httpx.Client, project: int, steps: Sequence[str]) -> int:
    """Begin a task that repeats, and bring it into a state."""
    body = {"title": "Seed", "due_date": "2027-01-31T09:00:00Z", "repeats": {"recurrence": "monthly", "trigger": "both"}}
    task: int = ok(me.post(f"/api/projects/{project}/tasks", json=body), 201)["id"]
    for step in steps:
        ok(me.patch(f"/api/tasks/{task}/status", json={"status": step}))
    return task


def configuration(ids: Ids) -> str:
    """Return the rules, and that parameters are often ids that there are (TOML)."""
    given = "".join(f"\n[dictionaries.{name}]\nvalues = {json.dumps(list(values))}\n" for name, values in ids.items())
    return _RULES.read_text() + given


def fuzz(url: str, token: str, ids: Ids, *, seed: int, examples: int, folder: Path, phases: str = PHASES) -> Outcome:
    """Run Schemathesis once; it keeps its notes in the folder."""
    rules, report = folder / "schemathesis.toml", folder / f"{seed}.ndjson"
    rules.write_text(configuration(ids))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(rules)),
        *("run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--phases", phases, "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure"),
        *("--report", "ndjson", "--report-ndjson-path", str(report), "--no-color"),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (str(Path.cwd()), *sys.path) if path)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    failures, statuses = _read(report)
    return Outcome(seed, statuses, failures, done.returncode == 0, done.stdout + done.stderr)


def _read(report: Path) -> tuple[int, Counter[int]]:
    """Return how many checks failed, and how many requests were answered with which status; 0 stands for no answer."""
    failures = 0
    statuses: Counter[int] = Counter()
    for line in report.read_text().splitlines():
        for event in json.loads(line).values():
            recorder: dict[str, Any] = event.get("recorder") or {}
            for interaction in recorder.get("interactions", {}).values():
                statuses[(interaction.get("response") or {}).get("status_code", 0)] += 1
            failures += sum(check["status"] == "failure" for checks in recorder.get("checks", {}).values() for check in checks)
    return failures, statuses


def run(server: Server, *, seed: int, examples: int, phases: str = PHASES) -> Outcome:
    """Fuzz TaskFlow on a database of its own."""
    issuer = LocalIssuer()
    ann, bot = issuer.token("ann", lifetime=_HOUR), issuer.token("bot", ActorKind.AGENT, lifetime=_HOUR)
    with server.database(roles=ROLES) as urls, tempfile.TemporaryDirectory() as folder:
        upgrade(urls.owner, ROLES.application)
        with serving(urls, issuer) as url:
            return fuzz(url, ann, seeded(url, ann, bot), seed=seed, examples=examples, folder=Path(folder), phases=phases)


def main(arguments: list[str] | None = None) -> int:
    """Run all seeds, print a line for each, and return 1 where one has found something."""
    parser = argparse.ArgumentParser("taskflow_tests.fuzz", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="cases of each operation in each phase, at most")
    given = parser.parse_args(arguments)
    content = True
    with temporary() as server:
        for seed in given.seeds:
            outcome = run(server, seed=seed, examples=given.examples)
            print(outcome, flush=True)
            if not outcome.passed:
                content = False
                print(outcome.output, flush=True)
    return 0 if content else 1


if __name__ == "__main__":
    configure_logging(level="ERROR")
    sys.exit(main())
