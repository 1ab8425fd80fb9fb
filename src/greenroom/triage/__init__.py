"""What is known of findings beforehand: comments that answer for them, and baselines."""
