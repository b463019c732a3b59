"""A personal email newsletter of new research papers: pull, rank by topic, render, send."""

__version__ = "0.2.0"

#: The name to install it by; the import package is always `newsletter`.
DISTRIBUTION = "newsletter"
