"""The analysed projects as modules, classes and functions with resolved names."""
