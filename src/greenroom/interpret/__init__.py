"""The abstract interpreter: follows every entry point and records what rules ask about."""
