"""Short ways to the situations that tests begin in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from taskflow_tests.calling import ok


@dataclass(frozen=True)
class Team:
    """A project of ``owner`` with one more member."""

    owner: httpx.AsyncClient
    member: httpx.AsyncClient
    project_id: int
    owner_id: int
    member_id: int

    async def task(self, **given: object) -> dict[str, Any]:
        """Return a task that the owner has begun."""
        body = {"title": "A task", **given}
        made: dict[str, Any] = ok(await self.owner.post(f"/api/projects/{self.project_id}/tasks", json=body), 201)
        return made


async def team(owner: httpx.AsyncClient, member: httpx.AsyncClient, slug: str, **project: object) -> Team:
    """Return a new project of two."""
    me, other = ok(await owner.get("/api/workers/me")), ok(await member.get("/api/workers/me"))
    made = ok(await owner.post("/api/projects", json={"slug": slug, "name": slug, **project}), 201)
    key = {"user_id": other["user_id"]} if other["type"] == "human" else {"agent_id": other["id"]}
    ok(await owner.post(f"/api/projects/{made['id']}/members", json={**key, "role": "member"}), 201)
    return Team(owner, member, made["id"], me["id"], other["id"])
