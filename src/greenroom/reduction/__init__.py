"""From an incident that the analysis missed to a small report: a slice of the sources, and the proof that the miss is in it."""
