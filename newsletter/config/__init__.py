"""Settings: the schema, loading and validating them, and the typed result."""
