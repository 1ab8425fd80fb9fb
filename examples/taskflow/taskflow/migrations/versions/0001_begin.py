"""The tables as they were in the beginning, and their trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from greenroom.kit.trail import Trailed, ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TRAILED = {
    "worker": Trailed("worker", scope=("tenant_id",)),
    "project": Trailed("project", scope=("tenant_id",)),
    "project_member": Trailed("project_member", scope=("project_id", "worker_id")),
    "task": Trailed("task", scope=("project_id",)),
    "task_note": Trailed("task_note", scope=("project_id", "task_id")),
}
"""What was recorded when this was written; later migrations change it."""


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(100), nullable=False),
        sa.Column("handle", sa.String(50), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.Enum("human", "agent", name="workertype", native_enum=False, create_constraint=True), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=True),
        sa.Column("issuer", sa.String(255), nullable=True),
        sa.Column(
            "agent_type",
            sa.Enum("claude", "qwen", "gemini", "custom", name="agenttype", native_enum=False, create_constraint=True),
            nullable=True,
        ),
        sa.Column("capabilities", postgresql.JSONB(), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["registered_by_id"], ["worker.id"], name=op.f("fk_worker_registered_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("tenant_id", "handle", name=op.f("uq_worker_tenant_id_handle")),
        sa.UniqueConstraint("tenant_id", "user_id", "issuer", name=op.f("uq_worker_tenant_id_user_id_issuer")),
    )
    op.create_index(op.f("ix_worker_registered_by_id"), "worker", ["registered_by_id"], unique=False)
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(100), nullable=False),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(10000), nullable=True),
        sa.Column(
            "approval_gate",
            sa.Enum("none", "critical", "all", "custom", name="gate", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["worker.id"], name=op.f("fk_project_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("uq_project_tenant_id_slug")),
    )
    op.create_index(op.f("ix_project_owner_id"), "project", ["owner_id"], unique=False)
    op.create_table(
        "project_member",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Enum("owner", "reviewer", "member", name="role", native_enum=False, create_constraint=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_member_project_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_project_member_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_member")),
        sa.UniqueConstraint("project_id", "worker_id", name=op.f("uq_project_member_project_id_worker_id")),
    )
    op.create_index(op.f("ix_project_member_worker_id"), "project_member", ["worker_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("description", sa.String(10000), nullable=True),
        sa.Column(
            "status",
            sa.Enum("pending", "in_progress", "review", "completed", "blocked", name="status", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum("low", "medium", "high", "critical", name="priority", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("progress_percent", sa.Integer(), nullable=False),
        sa.Column("tags", postgresql.JSONB(), nullable=False),
        sa.Column("due_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("parent_task_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("delegated_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.Column(
            "recurrence",
            sa.Enum("daily", "weekly", "monthly", "yearly", name="recurrence", native_enum=False, create_constraint=True),
            nullable=True,
        ),
        sa.Column(
            "recurrence_trigger",
            sa.Enum("on_complete", "on_due_date", "both", name="trigger", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("max_occurrences", sa.Integer(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("recurring_root_id", sa.Integer(), nullable=True),
        sa.Column("has_spawned_next", sa.Boolean(), nullable=False),
        sa.CheckConstraint("is_recurring = (recurrence IS NOT NULL)", name=op.f("ck_task_recurs")),
        sa.CheckConstraint("parent_task_id <> id", name=op.f("ck_task_parent")),
        sa.CheckConstraint("progress_percent BETWEEN 0 AND 100", name=op.f("ck_task_progress")),
        sa.ForeignKeyConstraint(["assignee_id"], ["worker.id"], name=op.f("fk_task_assignee_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["worker.id"], name=op.f("fk_task_created_by_id")),
        sa.ForeignKeyConstraint(["delegated_by_id"], ["worker.id"], name=op.f("fk_task_delegated_by_id")),
        sa.ForeignKeyConstraint(["parent_task_id"], ["task.id"], name=op.f("fk_task_parent_task_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_task_project_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["recurring_root_id"], ["task.id"], name=op.f("fk_task_recurring_root_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["worker.id"], name=op.f("fk_task_submitted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_assignee_id"), "task", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_task_created_by_id"), "task", ["created_by_id"], unique=False)
    op.create_index("ix_task_due", "task", ["due_date"], unique=False, postgresql_where=sa.text("is_recurring AND NOT has_spawned_next"))
    op.create_index(op.f("ix_task_parent_task_id"), "task", ["parent_task_id"], unique=False)
    op.create_index(
        "ix_task_project_created", "task", ["project_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")], unique=False
    )
    op.create_index(op.f("ix_task_recurring_root_id"), "task", ["recurring_root_id"], unique=False)
    op.create_table(
        "task_note",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["worker.id"], name=op.f("fk_task_note_author_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_task_note_project_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_note_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_note")),
    )
    op.create_index(op.f("ix_task_note_project_id"), "task_note", ["project_id"], unique=False)
    op.create_index(op.f("ix_task_note_task_id"), "task_note", ["task_id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.LargeBinary(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_expires_at"), "idempotency_key", ["expires_at"], unique=False)
    _open_to_the_application()


def downgrade() -> None:
    """Undo it, the trail included."""
    ddl.run(op.get_bind(), ddl.uninstall())
    for table in ("idempotency_key", *reversed(TRAILED)):
        op.drop_table(table)


def _open_to_the_application() -> None:
    """Let the application's role read and write the tables, and only read the trail of them."""
    connection = op.get_bind()
    role = context.config.attributes["application_role"]
    ddl.run(connection, ddl.install(role))
    for table, how in TRAILED.items():
        ddl.run(connection, ddl.attach(table, how))
    for table in (*TRAILED, "idempotency_key"):
        if role is not None:
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ddl.quoted(role)}")
