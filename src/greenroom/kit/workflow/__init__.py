"""Workflows: state machines as tables, enforced in the transaction that changes the state."""
