"""The invented papers that ship with the package, as a source yields them."""

from __future__ import annotations

from datetime import date

from newsletter.files.site import samples
from newsletter.models import Entry
from newsletter.sources.documents import Document
from newsletter.sources.huggingface import HuggingFace


def sample_entries(day: date) -> list[Entry]:
    """Return the entries of the sample day of Hugging Face Daily Papers, as if pulled for `day`."""
    file = samples() / "huggingface-2026-05-08.json"
    parsed = HuggingFace().parse(Document(str(file), file.read_bytes()), day)
    return [entry for entry in parsed if isinstance(entry, Entry)]
