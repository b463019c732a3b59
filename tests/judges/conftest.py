"""The messages to judge: every style, cadence and language, with full and with empty digests."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.schema import new_config
from newsletter.files.site import Site
from newsletter.models import Cadence, Item, Message, Section, Style
from newsletter.models.languages import LANGUAGES
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.environment import make_environment
from tests.factories import NOW, make_profile, make_subscriber, make_topic

SECRET = b"secret"
ENVIRONMENT = make_environment()

#: A note with all supported Markdown.
NOTE = """\
Hello! This week is **short**, so [the reading list](https://papers.example.org/reading) is *long*.

## Where we meet

| Day | Room | Paper |
|---|---|---|
| Monday | 3 | Pears in Winter |
| Friday | 12 | Kettles & Kin |

1. Read `abstract.txt`.
2. Bring a question.

- No slides.

> Less is more.

```
make tea
```

![A pear on a table](https://papers.example.org/pear.png)

---
"""

TOPICS = (
    make_topic("In-context learning"),
    make_topic("LLM agents", ("agent",)),
    make_topic("Robotics", ("robot",)),
)

#: A digest of a few papers, in all sections.
FEW: dict[str, Any] = {"max_papers": 8, "trending": 2}

#: Sites with web pages, without them (unsubscribing is by mail), and with images and an accent colour.
SITES = {
    "pages": '[site]\nurl = "https://papers.example.org"\n[sender]\naddress = "digest@papers.example.org"\n',
    "mail": '[sender]\naddress = "digest@papers.example.org"\npostal_address = "Example Lab, 1 Example Street, Town"\n',
    "images": (
        '[site]\nurl = "https://papers.example.org"\n[sender]\naddress = "digest@papers.example.org"\n'
        '[design]\naccent = "#ffe14d"\nlogo = "https://papers.example.org/logo.png"\nthumbnails = "yes"\n'
    ),
}


def unavailable(judge: str, package: str) -> NoReturn:
    """Skip a test whose judge is not installed; fail in CI, where all are."""
    reason = f"{judge} is not installed; it comes with {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def make_site(root: Path, settings: str) -> Config:
    """Create a site with these settings."""
    root.mkdir()
    (root / "newsletter.toml").write_text(settings, encoding="utf-8")
    return load_config(Site(root), environ={})


def make_message(config: Config, *, is_empty: bool = False, note: str = NOTE, **preferences: Any) -> Message:
    """Render a message of the sample papers in several sections for a subscriber with these preferences."""
    subscriber = make_subscriber(profile=make_profile(**({"topics": TOPICS, "trending": 4} | preferences)))
    digest = sample_digest(subscriber, NOW)
    sections = (
        () if is_empty else tuple(replace(section, items=_with_thumbnails(section)) for section in digest.sections)
    )
    edition = replace(digest.edition, note=note, closing=note and "Until *next* time.")
    messages = MessageRenderer(config, ENVIRONMENT, SECRET)
    message_id = make_message_id(SECRET, digest.edition.key, subscriber.id, config.sender)
    return messages.write(replace(digest, sections=sections, edition=edition), subscriber, message_id, NOW)


def _with_thumbnails(section: Section) -> tuple[Item, ...]:
    """Return a section's items with thumbnails for their papers."""
    url = "https://papers.example.org/thumbnails/{}.png"
    return tuple(replace(i, paper=replace(i.paper, thumbnail_url=url.format(i.paper.id))) for i in section.items)


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Message]:
    """Return messages by name: style and variant; "cards-mail" is from a site without web pages.

    The daily ones have all sample papers; the others, which differ in what is around the papers, a few.
    """
    root = tmp_path_factory.mktemp("judged")
    sites = {name: make_site(root / name, settings) for name, settings in SITES.items()}
    written = {f"{style}-daily": make_message(sites["pages"], style=style, cadence=Cadence.DAILY) for style in Style}
    for style in Style:
        for cadence in (Cadence.WEEKLY, Cadence.MONTHLY):
            written[f"{style}-{cadence}"] = make_message(sites["pages"], style=style, cadence=cadence, **FEW)
        written[f"{style}-mail"] = make_message(sites["mail"], style=style, **FEW)
        written[f"{style}-images"] = make_message(sites["images"], style=style, **FEW)
        written[f"{style}-empty"] = make_message(sites["pages"], style=style, is_empty=True, note="")
    for language in LANGUAGES:
        written[f"cards-{language}"] = make_message(sites["mail"], language=language, **FEW)
    written["cards-without-topics"] = make_message(sites["pages"], topics=(), note="", **FEW)
    written["cards-new-site"] = make_message(make_site(root / "new", new_config()), **FEW)
    return written


@pytest.fixture(scope="session")
def pages(messages: dict[str, Message]) -> dict[str, str]:
    """Return the HTML parts of the messages that have one."""
    return {name: message.html for name, message in messages.items() if message.html is not None}
