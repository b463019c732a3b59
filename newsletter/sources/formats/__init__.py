"""File formats and the values in them, shared by the sources."""
