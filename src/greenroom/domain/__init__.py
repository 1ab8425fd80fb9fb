"""What the interpreter computes with: values, heap records, load states, and what it saw."""
