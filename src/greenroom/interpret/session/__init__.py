"""What a session does: its operations, its identity map, its unit of work, loading."""
