"""Tasks: the work itself, its states, its parts and its repetition."""
