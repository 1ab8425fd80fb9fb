"""Organisations, their members, and how new ones find their feet."""
