"""Files as text and as syntax trees: nothing here knows what a program means."""
