"""The edge of an API: where values from outside go, and what looks at them on the way."""
