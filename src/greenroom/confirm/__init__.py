"""What was met at run time beside what was found: which findings are confirmed, what was missed, what was never exercised."""
