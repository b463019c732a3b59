"""Previews: the message that would be sent for a selection, its sizes and score breakdowns. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from threading import Lock

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.files.site import Site
from newsletter.models import Digest, Message, Subscriber
from newsletter.pipeline.explain import ScoreBreakdown, score_breakdowns
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.preview import preview_digest, sample_digest
from newsletter.rendering.environment import make_environment
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from newsletter.store import Store, open_store
from newsletter.web.studio.live_reload import fingerprint
from newsletter.web.studio.selection import Selection, choose_subscriber

#: Number of previews cached: the page requests the current one in several formats.
_CACHE_SIZE = 8


@dataclass(frozen=True, slots=True)
class SectionSize:
    """What one section adds to the size of a message."""

    title: str
    #: Number of papers shown, and of papers that matched.
    papers: int
    matched: int
    #: In bytes.
    html_b: int
    text_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message, and what the studio shows about it."""

    subscriber: Subscriber
    #: As composed; the message may contain fewer papers, see `left_out`.
    digest: Digest
    message: Message
    section_sizes: tuple[SectionSize, ...]
    score_breakdowns: tuple[ScoreBreakdown, ...]
    #: Ids of the papers left out to keep the message below the size at which Gmail clips it.
    left_out: frozenset[int]
    #: Whether its papers are the built-in samples, because the store has none.
    is_sample: bool


class Previews:
    """Renders and caches the previews of one site, one at a time: CSS inlining is not thread-safe."""

    def __init__(self, site: Site, clock: Callable[[], datetime]) -> None:
        self.site = site
        self.clock = clock
        self._lock = Lock()
        self._cache: dict[tuple[Selection, str, str], Preview] = {}

    def of(self, selection: Selection) -> Preview:
        """Return the preview of a selection, rendered anew when a file, the store or the minute has changed.

        Raises:
            NewsletterError: A setting, profile or template is invalid, or the store cannot be read.
        """
        with self._lock:
            now = self.clock()
            key = selection, fingerprint(self.site), f"{now:%Y-%m-%d %H:%M}"
            if key not in self._cache:
                while len(self._cache) >= _CACHE_SIZE:
                    self._cache.pop(next(iter(self._cache)))
                self._cache[key] = _preview(self.site, selection, now)
            return self._cache[key]

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for one request: a connection belongs to the thread that opened it."""
        with open_store(load_config(self.site).store) as store:
            yield store


def _preview(site: Site, selection: Selection, now: datetime) -> Preview:
    config = load_config(site)
    with open_store(config.store, lambda: signing_keys(config)) as store:
        subscriber = choose_subscriber(site, store, selection, now)
        is_sample = store.papers.count() == 0
        digest = _digest(store, subscriber, selection, config, now, is_sample=is_sample)
        write = _writer(config, store, subscriber, now)
        message = write(digest)
        left_out = _left_out(digest, message)
        return Preview(
            subscriber=subscriber,
            digest=digest,
            message=message,
            section_sizes=tuple(_section_sizes(_without(digest, left_out), write, subscriber.profile.language)),
            score_breakdowns=tuple(score_breakdowns(store, digest, subscriber, config.weights)),
            left_out=left_out,
            is_sample=is_sample,
        )


def _digest(
    store: Store, subscriber: Subscriber, selection: Selection, config: Config, now: datetime, *, is_sample: bool
) -> Digest:
    notes = Notes(config.site.notes)
    if is_sample:
        return sample_digest(subscriber, now, notes)
    return preview_digest(store, subscriber, now, selection.days, config.weights, selection.edition or None, notes)


def _writer(config: Config, store: Store, subscriber: Subscriber, now: datetime) -> Callable[[Digest], Message]:
    """Return a function that renders a digest for a subscriber; rendered cards are reused between calls."""
    secret = store.secret()
    renderer = MessageRenderer(config, make_environment(config.site.templates), secret, store.summaries)

    def write(digest: Digest) -> Message:
        message_id = make_message_id(secret, digest.edition.key, subscriber.id, config.sender)
        return renderer.write(digest, subscriber, message_id, now)

    return write


def _section_sizes(digest: Digest, write: Callable[[Digest], Message], code: str) -> Iterator[SectionSize]:
    """Yield the size of each section, as the difference that it makes to the rendered message."""
    whole = write(digest)
    for number, section in enumerate(digest.sections):
        rest = write(replace(digest, sections=(*digest.sections[:number], *digest.sections[number + 1 :])))
        yield SectionSize(
            title=section_title(section, language(code)),
            papers=len(section.items),
            matched=section.matched,
            html_b=max(0, size(whole.html) - size(rest.html)),
            text_b=max(0, size(whole.text) - size(rest.text)),
        )


def size(text: str | None) -> int:
    """Return the size of a decoded part in bytes, by which mail programs clip messages."""
    return len((text or "").encode())


def _without(digest: Digest, left_out: frozenset[int]) -> Digest:
    sections = [
        replace(section, items=tuple(item for item in section.items if item.paper.id not in left_out))
        for section in digest.sections
    ]
    return replace(digest, sections=tuple(section for section in sections if section.items))


def _left_out(digest: Digest, message: Message) -> frozenset[int]:
    """Return the ids of the papers whose title is in no part of the message; line breaks do not count."""
    parts = [_without_spaces(part) for part in (message.text, unescape(message.html or ""))]
    return frozenset(
        item.paper.id for item in digest.items if not any(_without_spaces(item.paper.title) in part for part in parts)
    )


def _without_spaces(text: str) -> str:
    return "".join(text.split())
