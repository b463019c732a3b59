"""Imported by the process that others begin as copies of: the program is imported, and an edition was rendered."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import premailer  # noqa: F401
import sklearn.decomposition  # noqa: F401

from newsletter.pipeline.preview import sample_digest
from tests.factories import NOW, make_subscriber
from tests.rendering.conftest import writer_of

with tempfile.TemporaryDirectory() as _folder:
    _subscriber = make_subscriber()
    writer_of(Path(_folder))(sample_digest(_subscriber, NOW), _subscriber)

gc.freeze()  # what all copies share is never garbage
