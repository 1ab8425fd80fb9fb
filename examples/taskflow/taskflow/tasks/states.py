"""The states of a task and the ways between them: this table is the workflow."""
