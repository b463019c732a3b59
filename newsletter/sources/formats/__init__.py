"""Readers of file and wire formats; each turns bytes into records and knows no source."""
