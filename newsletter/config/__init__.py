"""Settings: what may be set, reading them, and the typed result."""
