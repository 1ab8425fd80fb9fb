"""What is read of workers."""

from __future__ import annotations

from greenroom.kit.lists import Filter, Listing
from taskflow.workers.schemas import WorkerRead
from taskflow.workers.tables import Worker

workers = Listing(
    WorkerRead,
    Worker,
    scope={"tenant_id": Worker.tenant_id},
    filters={"type": Filter(Worker.type), "agent_type": Filter(Worker.agent_type, ("eq", "in")), "handle": Filter(Worker.handle)},
    search=(Worker.handle, Worker.name),
    sorts={"created_at": Worker.created_at, "handle": Worker.handle},
    sort="-created_at",
    offset=True,
)
