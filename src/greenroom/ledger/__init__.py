"""The ledger: what an audit by hand would write down, from what the interpreter saw."""
