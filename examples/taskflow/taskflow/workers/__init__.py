"""Workers: people and agents, under one handle space a tenant."""
