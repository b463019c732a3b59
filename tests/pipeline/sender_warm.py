"""Imported by the process that senders are copies of: it has rendered an edition, so that all is compiled."""

from __future__ import annotations

import tempfile
from pathlib import Path

from newsletter.pipeline.preview import sample_digest
from tests.factories import NOW, make_subscriber
from tests.rendering.conftest import writer_of

with tempfile.TemporaryDirectory() as _folder:
    _subscriber = make_subscriber()
    writer_of(Path(_folder))(sample_digest(_subscriber, NOW), _subscriber)
