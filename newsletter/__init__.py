"""A personal email newsletter of new research papers: pull, rank by topic, render, send."""

__version__ = "0.2.0"
