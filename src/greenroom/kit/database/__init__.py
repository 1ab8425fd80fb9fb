"""Engines and sessions for async PostgreSQL, one transaction a request, and a real server to run on."""
