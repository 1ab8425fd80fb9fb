"""What calls did, kept for the next call in the same situation."""
