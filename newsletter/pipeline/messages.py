"""Digests and subscribers → messages: the look, the links that identify a subscriber, and the envelope."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from jinja2 import Environment

from newsletter.config.model import Config
from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Digest, Edition, Message, Profile, Style, Subscriber, tokens
from newsletter.models.addresses import parse_address, wire_address
from newsletter.pipeline.notes import Notes
from newsletter.rendering.assembly import Assembler, Links
from newsletter.rendering.cards import Cards
from newsletter.rendering.context import SiteContext
from newsletter.rendering.digest import Look
from newsletter.rendering.language import language
from newsletter.rendering.message import Envelope, Sender, build_message, join_message, unsubscribe_by_mail
from newsletter.store.summaries import Summaries

#: How long a message's link works to pause, and to request a link to the preferences.
PREFERENCES_LAST = timedelta(days=90)
#: How many first digests are kept with their words of welcome.
_MAX_WELCOMING = 256
#: How many looks of editions are kept with their fragments.
_MAX_ASSEMBLERS = 48


@dataclass
class MessageRenderer:
    """Renders the messages of one site; what subscribers share is rendered once."""

    config: Config
    environment: Environment
    secret: bytes
    summaries: Summaries | None = None
    #: By the id of a first digest, which is kept along with it, and language.
    _welcoming: dict[tuple[int, str], tuple[Digest, Digest]] = field(default_factory=dict)
    _welcome_editions: dict[tuple[Edition, str], Edition] = field(default_factory=dict)
    _assemblers: dict[tuple[Edition, Style, str], Assembler] = field(default_factory=dict)
    #: By `Look.text_key`, and by edition and `Look.row_key`: the cards of which other looks share the text or the rows.
    _shared: dict[Hashable, Cards] = field(default_factory=dict)

    @property
    def fallback_reason(self) -> str:
        """Why messages are rendered one by one, if they are."""
        reasons = (assembler.fallback_reason for assembler in self._assemblers.values())
        return next(filter(None, reasons), "")

    def prepare(self, digests: Iterable[tuple[Digest, Subscriber]]) -> None:
        """Render the fragments that these messages need, all at once.

        Raises:
            TemplateError: A template is missing or broken.
        """
        wanted: dict[int, tuple[Assembler, dict[tuple[int, int], tuple[Digest, int]]]] = {}
        distinct = {(id(digest), id(subscriber.profile)): (digest, subscriber) for digest, subscriber in digests}
        for planned, subscriber in distinct.values():
            digest = self._with_welcome(planned, subscriber.profile.language)
            assembler = self._assembler(digest.edition, subscriber.profile)
            cards = subscriber.profile.cards
            wanted.setdefault(id(assembler), (assembler, {}))[1][id(digest), cards] = digest, cards
        for assembler, of_assembler in wanted.values():
            assembler.prepare(of_assembler.values())

    def write(
        self, digest: Digest, subscriber: Subscriber, message_id: str, now: datetime, delivery_id: int | None = None
    ) -> Message:
        """Assemble one message from shared fragments; its return address (VERP) names its delivery.

        Raises:
            TemplateError: A template is missing or broken.
        """
        digest = self._with_welcome(digest, subscriber.profile.language)
        assembler = self._assembler(digest.edition, subscriber.profile)
        links, envelope = self._addressed(digest, subscriber, message_id, now, delivery_id)
        ready = assembler.ready(digest, subscriber.profile.cards)
        return join_message(envelope, assembler.bodies(ready, subscriber, links), ready.papers)

    def write_plain(self, digest: Digest, subscriber: Subscriber, message_id: str, now: datetime) -> Message:
        """Render one message as a whole, built by the standard library: the reference for `write`.

        Raises:
            TemplateError: A template is missing or broken.
        """
        digest = self._with_welcome(digest, subscriber.profile.language)
        assembler = self._assembler(digest.edition, subscriber.profile)
        links, envelope = self._addressed(digest, subscriber, message_id, now)
        ready = assembler.ready(digest, subscriber.profile.cards)
        subject, text, html = assembler.plain(ready, subscriber, links)
        return replace(build_message(envelope, subject=subject, text=text, html=html), papers=ready.papers)

    def _with_welcome(self, digest: Digest, code: str) -> Digest:
        """Return a subscriber's first digest with the site's words of welcome, if it has some; else the digest.

        Raises:
            ConfigError: They cannot be read, or are too long.
        """
        if not digest.is_first:
            return digest
        if (id(digest), code) not in self._welcoming:
            if len(self._welcoming) >= _MAX_WELCOMING:  # not all: those of a batch are prepared together
                del self._welcoming[next(iter(self._welcoming))]
            edition = self._welcome_edition(digest.edition, code)
            self._welcoming[id(digest), code] = digest, replace(digest, edition=edition)
        return self._welcoming[id(digest), code][1]

    def _welcome_edition(self, edition: Edition, code: str) -> Edition:
        """Return an edition with the words of welcome in a language, which are read once."""
        if (edition, code) not in self._welcome_editions:
            subject, note = Notes(self.config.site.notes).welcome(code)
            notes = "\n\n".join(filter(None, (note.strip(), edition.note)))
            if len(self._welcome_editions) >= _MAX_ASSEMBLERS:
                self._welcome_editions.clear()
            self._welcome_editions[edition, code] = replace(edition, subject=subject, note=notes)
        return self._welcome_editions[edition, code]

    def _addressed(
        self, digest: Digest, subscriber: Subscriber, message_id: str, now: datetime, delivery_id: int | None = None
    ) -> tuple[Links, Envelope]:
        """Return the links of one subscriber, and the envelope with their address."""
        token, url = tokens.sign(self.secret, tokens.UNSUBSCRIBE, subscriber.id), self.config.site_url
        unsubscribe_urls = (
            *([f"{url}/unsubscribe/{token}"] if url else []),
            unsubscribe_by_mail(self.config.sender, token),
        )
        preferences = tokens.sign_until(self.secret, tokens.PREFERENCES, subscriber.id, now.date() + PREFERENCES_LAST)
        preferences_url = f"{url}/preferences/{preferences}" if url else ""
        edition = digest.edition
        own = tokens.sign(self.secret, tokens.digest_purpose(edition.key), subscriber.id)
        web_url = f"{url}/digests/{edition.key}/{own}" if url and not edition.is_special else ""
        mailbox = self.config.bounce_address or ""
        if mailbox and delivery_id is not None:
            mailbox = tokens.verp_address(self.secret, delivery_id, mailbox)
        envelope = Envelope(
            message_id=message_id,
            sender=self.config.sender,
            recipient=subscriber.email,
            recipient_name=subscriber.name,
            list_name=self.config.site_name,
            unsubscribe_urls=unsubscribe_urls,
            date=now,
            campaign=digest.edition.key,
            return_path=mailbox,
            postmark_metadata=tokens.delivery_token(self.secret, delivery_id)
            if delivery_id is not None and self.config.webhooks.postmark_password
            else "",
        )
        feedback = tokens.sign(self.secret, tokens.FEEDBACK, subscriber.id)
        return Links(unsubscribe_urls[0], preferences_url, web_url, feedback), envelope

    def _assembler(self, edition: Edition, profile: Profile) -> Assembler:
        known_as = (edition, profile.style, profile.language)
        if known_as not in self._assemblers:
            if len(self._shared) >= _MAX_ASSEMBLERS:
                self._shared.clear()
            if len(self._assemblers) >= _MAX_ASSEMBLERS:
                self._assemblers.pop(next(iter(self._assemblers)))
            site = site_context(self.config)
            look = Look(self.environment, site, profile.style, language(profile.language))
            assembler = Assembler(look, edition, _feedback_prefix(self.config) if has_scikit_learn() else None)
            if self.summaries is not None:
                assembler.summaries = partial(self.summaries.find, language=profile.language)
            text_key, row_key = look.text_key(), (edition, look.row_key())
            assembler.of_text, assembler.of_rows = self._shared.get(text_key), self._shared.get(row_key)
            self._shared.setdefault(text_key, assembler.cards)
            if profile.style is not Style.PLAIN:
                self._shared.setdefault(row_key, assembler.cards)
            self._assemblers[known_as] = assembler
        return self._assemblers[known_as]


def make_message_id(secret: bytes, edition_key: str, subscriber_id: int, sender: Sender) -> str:
    """Return the Message-ID of a delivery: always the same one, and impossible to guess without the secret."""
    mac = hmac.new(secret, f"message|{edition_key}|{subscriber_id}".encode(), hashlib.sha256).hexdigest()[:20]
    return f"<{edition_key.lower()}.{mac}@{sender.domain}>"


def make_test_message_id(now: datetime, sender: Sender) -> str:
    """Return the Message-ID of a test email, which is no delivery."""
    return f"<test-{now:%Y%m%d%H%M%S%f}@{sender.domain}>"


def sent_as_test(subscriber: Subscriber, recipient: str) -> Subscriber:
    """Return the subscriber of a test email to another address; its links do nothing to anybody.

    Raises:
        ProfileError: The recipient is not an email address.
    """
    return replace(subscriber, id=0, email=parse_address(recipient, allow_local=True))


def site_context(config: Config) -> SiteContext:
    """Return the part of a site's settings that templates see."""
    return SiteContext(
        name=config.site_name,
        url=config.site_url or "",
        sender_name=config.sender.name,
        postal_address=config.sender.postal_address or "",
        palette=config.design.palette,
        logo_url=config.design.logo_url,
        thumbnails=config.design.thumbnails,
    )


def _feedback_prefix(config: Config) -> str:
    """Return a feedback link up to its token: a page of the site, or a mailto: address with a subject."""
    if config.site_url:
        return f"{config.site_url}/feedback/"
    return f"mailto:{quote(wire_address(config.sender.reply_to), safe='@')}?subject=feedback%20"
