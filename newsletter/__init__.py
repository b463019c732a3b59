"""A personal email newsletter of new research papers: pull, rank by topic, render, send."""

__version__ = "0.2.0"

#: The name to install it by, since `newsletter` on PyPI is another project. The package and the command: `newsletter`.
DISTRIBUTION = "papers-newsletter"
