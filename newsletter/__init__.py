"""A personal email newsletter of new research papers: pull, rank by topic, render, send."""

import os

__version__ = "0.2.0"

#: The name to install it by, since `newsletter` on PyPI is another project. The package and the command: `newsletter`.
DISTRIBUTION = "papers-newsletter"

# Matrices are small here: threads of BLAS would wait for each other longer than they work (learning a topic took three
# times as long, and six times the CPU), and would be lost in a fork. numpy reads it when it is imported, after this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
