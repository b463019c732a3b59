"""A choice → the letter that would be sent, what it weighs, and why its papers are in it. Nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from threading import Lock

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.models import Digest, Message, Subscriber
from newsletter.pipeline.explain import ScoreBreakdown, score_breakdowns
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.preview import preview_digest, sample_digest
from newsletter.rendering.environment import make_environment
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from newsletter.site import Site
from newsletter.store import Store, open_store
from newsletter.web.studio.live_reload import fingerprint
from newsletter.web.studio.selection import Selection, choose_subscriber

#: So many letters are kept: the one on the screen, which is asked for in several forms, and a few before it.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class SectionSize:
    """What one section adds to a letter."""

    title: str
    papers: int
    matched: int
    html_b: int
    text_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One letter, and what is to be said of it."""

    subscriber: Subscriber
    #: As it was composed; the letter may hold less, see `left_out`.
    digest: Digest
    message: Message
    weights: tuple[SectionSize, ...]
    score_breakdowns: tuple[ScoreBreakdown, ...]
    #: Ids of the papers that the page had no room for.
    left_out: frozenset[int]
    #: Whether its papers are the invented ones, as the store holds none.
    is_sample: bool


class Previews:
    """The letters of one site, made one at a time: what puts the style on their elements serves one thread only."""

    def __init__(self, site: Site, clock: Callable[[], datetime]) -> None:
        self.site = site
        self.clock = clock
        self._lock = Lock()
        self._kept: dict[tuple[Selection, str, str], Preview] = {}

    def of(self, choice: Selection) -> Preview:
        """Return the letter of a choice, made anew whenever a file, the store or the minute has changed.

        Raises:
            NewsletterError: A setting, a profile, a template or the store is not as it should be.
        """
        with self._lock:
            now = self.clock()
            known_as = choice, fingerprint(self.site), f"{now:%Y-%m-%d %H:%M}"
            if known_as not in self._kept:
                while len(self._kept) >= _KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[known_as] = _preview(self.site, choice, now)
            return self._kept[known_as]

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for one request: a connection belongs to the thread that opened it."""
        with open_store(self.site.store) as store:
            yield store


def _preview(site: Site, choice: Selection, now: datetime) -> Preview:
    config = load_config(site)
    with open_store(site.store) as store:
        subscriber = choose_subscriber(site, store, choice, now)
        is_sample = store.papers.count() == 0
        digest = _digest(store, subscriber, choice, config, now, is_sample=is_sample)
        write = _writer(config, store, subscriber, now)
        message = write(digest)
        left_out = _left_out(digest, message)
        return Preview(
            subscriber=subscriber,
            digest=digest,
            message=message,
            weights=tuple(_measure(_less(digest, left_out), write)),
            score_breakdowns=tuple(score_breakdowns(store, digest, subscriber, config.weights)),
            left_out=left_out,
            is_sample=is_sample,
        )


def _digest(
    store: Store, subscriber: Subscriber, choice: Selection, config: Config, now: datetime, *, is_sample: bool
) -> Digest:
    notes = Notes(config.site.notes)
    if is_sample:
        return sample_digest(subscriber, now, notes)
    return preview_digest(store, subscriber, now, choice.days, config.weights, choice.edition or None, notes)


def _writer(config: Config, store: Store, subscriber: Subscriber, now: datetime) -> Callable[[Digest], Message]:
    """Return what writes a digest's letter; what it makes for one it keeps for the next."""
    secret = store.secret()
    messages = MessageRenderer(config, make_environment(config.site.templates), secret, store.summaries)

    def write(digest: Digest) -> Message:
        message_id = make_message_id(secret, digest.edition.key, subscriber.id, config.sender)
        return messages.write(digest, subscriber, message_id, now)

    return write


def _measure(digest: Digest, write: Callable[[Digest], Message]) -> Iterator[SectionSize]:
    """Yield what each section weighs: how much less the letter is without it, whatever its templates make of it."""
    whole = write(digest)
    for number, section in enumerate(digest.sections):
        rest = write(replace(digest, sections=(*digest.sections[:number], *digest.sections[number + 1 :])))
        yield SectionSize(
            title=section_title(section, language("en")),
            papers=len(section.items),
            matched=section.matched,
            html_b=max(0, size(whole.html) - size(rest.html)),
            text_b=max(0, size(whole.text) - size(rest.text)),
        )


def size(text: str | None) -> int:
    """Return how many bytes a part has, once it is decoded: what mail programs cut pages off by."""
    return len((text or "").encode())


def _less(digest: Digest, left_out: frozenset[int]) -> Digest:
    sections = [
        replace(section, items=tuple(item for item in section.items if item.paper.id not in left_out))
        for section in digest.sections
    ]
    return replace(digest, sections=tuple(section for section in sections if section.items))


def _left_out(digest: Digest, message: Message) -> frozenset[int]:
    """Return the ids of the papers that no part of a letter has the title of, but for where lines break."""
    shown = [_unspaced(part) for part in (message.text, unescape(message.html or ""))]
    return frozenset(
        item.paper.id for item in digest.items if not any(_unspaced(item.paper.title) in part for part in shown)
    )


def _unspaced(text: str) -> str:
    return "".join(text.split())
