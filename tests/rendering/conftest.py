"""Messages made from sample papers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import (
    Cadence,
    Digest,
    Edition,
    Item,
    Message,
    Reason,
    ReasonKind,
    Section,
    SectionKind,
    Subscriber,
)
from newsletter.pipeline.messages import MessageRenderer
from newsletter.rendering.colours import ACCENT, make_palette
from newsletter.rendering.context import SiteContext
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from tests.factories import NOW, make_paper, make_subscriber

Write = Callable[..., Message]

ENGLISH = language("en")
SITE = SiteContext(
    name="Daily Papers", url="", sender_name="Example Lab", postal_address="", palette=make_palette(ACCENT),
    logo_url="", thumbnails=False,
)  # fmt: skip
PEAR = Reason(ReasonKind.TITLE, "pear")


def interval(text: str) -> str:
    """The text with a bare dash between days: what CLDR puts around or instead of it changes by version."""
    return re.sub(r"\s*[–至]\s*", "–", text)


def make_edition(cadence: Cadence = Cadence.DAILY, note: str = "") -> Edition:
    """An edition of 8 May 2026."""
    return Edition(key="daily-2026-05-08", cadence=cadence, day=NOW.date(), since=NOW, created_at=NOW, note=note)


def make_digest(**changes: object) -> Digest:
    """A digest of three papers in two sections."""
    pears, robots, kettles = (
        make_paper(id=1, arxiv_id="2605.00001", title="Pears in Winter", project_url="https://pears.example.org/"),
        make_paper(id=2, arxiv_id="2605.00002", title="Robots in Spring", summary="They bloom.", comments=3),
        make_paper(id=3, arxiv_id=None, title="Kettles & Kin", authors=(), author_count=4, published=None),
    )
    known: dict[str, object] = {
        "edition": make_edition(),
        "considered": 40,
        "sections": (
            Section("Fruit", (Item(pears, 5.0, (PEAR,), ("Winter",)), Item(robots, 4.0)), matched=7),
            Section("", (Item(kettles, 1.0, (Reason(ReasonKind.POPULARITY),)),), 1, SectionKind.ALSO_TRENDING),
        ),
    }
    return Digest(**(known | changes))  # type: ignore[arg-type]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Render messages of a site, which may have templates of its own in templates/."""
    return writer_of(tmp_path)


def writer_of(folder: Path, *, is_one_run: bool = False) -> Write:
    """Make a site in a folder; return what renders its messages: each anew, or as those of one run.

    A run renders what messages share once: digests of one edition may then not have the same paper with other texts.
    """
    (folder / "newsletter.toml").write_text('[site]\nurl = "https://papers.example.org"\n', encoding="utf-8")
    site = Site(folder)

    def renderer() -> MessageRenderer:
        return MessageRenderer(load_config(site, environ={}), make_environment(site.templates), b"secret")

    shared = renderer() if is_one_run else None

    def message(digest: Digest | None = None, subscriber: Subscriber | None = None) -> Message:
        messages = shared or renderer()
        message_id = "<daily-2026-05-08.abc@newsletter.example>"
        return messages.write(digest or make_digest(), subscriber or make_subscriber(), message_id, NOW)

    return message
