"""What stands between the routes and the network: problems, identities of requests, health, logs, limits, documentation."""
