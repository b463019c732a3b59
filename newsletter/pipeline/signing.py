"""Claims → rendered messages, signed with the site's DKIM keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from newsletter.config.model import Config
from newsletter.errors import TemplateError
from newsletter.models import Digest, Message
from newsletter.pipeline.compose import without_withdrawn
from newsletter.pipeline.ledger import Claim
from newsletter.pipeline.messages import MessageRenderer
from newsletter.sending.dkim import Canonical, DkimKey, canonical, headers_of, load_key
from newsletter.store import Store

#: Digests kept in memory.
_MAX_DIGESTS = 200
#: So many messages are signed one after the other, at most: an operation with a key evicts from the processor's caches
#: what rendering and sending need, and they evict its tables.
_MAX_TOGETHER = 16
#: Where messages leave more slowly than this, in seconds each, they are signed one by one, when they are wanted.
_FAST_S = 0.02


@dataclass
class SigningRenderer:
    """Renders and signs the messages of one run."""

    store: Store
    messages: MessageRenderer
    #: In the order of the signatures.
    keys: tuple[DkimKey, ...]
    _digests: dict[int, Digest] = field(default_factory=dict)
    #: How many messages to sign next.
    _together: int = 1

    def digest(self, digest_id: int) -> Digest:
        """Return a planned digest without withdrawn papers; read once for all subscribers who share it."""
        if digest_id not in self._digests:
            self.read([digest_id])
        return self._digests[digest_id]

    def read(self, digest_ids: Iterable[int]) -> None:
        """Read planned digests from the store, together, unless they are kept."""
        missing = [number for number in dict.fromkeys(digest_ids) if number not in self._digests]
        if missing:
            found = self.store.editions.get_digests(missing)
            self._digests |= {number: without_withdrawn(digest) for number, digest in found.items()}
            for number in list(islice(self._digests, max(0, len(self._digests) - max(_MAX_DIGESTS, len(missing))))):
                del self._digests[number]

    def prepare(self, claims: Sequence[Claim]) -> None:
        """Render the fragments of these claims, together."""
        self.read(claim.delivery.digest_id for claim in claims)
        with suppress(TemplateError):  # raised again by the message that needs the template
            self.messages.prepare((self.digest(claim.delivery.digest_id), claim.subscriber) for claim in claims)

    def render(self, claims: Sequence[Claim], clock: Callable[[], datetime]) -> Iterator[Message]:
        """Yield the messages of some claims; the fragments they share are rendered together.

        Raises:
            TemplateError: A template is missing or broken.
        """
        self.prepare(claims)
        if not self.keys:
            for claim in claims:
                yield self._write(claim, _second(clock))
            return
        at = 0
        while at < len(claims):
            began = time.monotonic()
            signed = self._sign(claims[at : at + self._together], clock)
            yield from signed
            at += len(signed)
            is_fast = time.monotonic() - began < _FAST_S * len(signed)
            self._together = min(_MAX_TOGETHER, 2 * self._together) if is_fast else 1

    def _sign(self, claims: Sequence[Claim], clock: Callable[[], datetime]) -> list[Message]:
        """Return the signed messages of some claims, all but those after a template that is broken.

        Raises:
            TemplateError: It is the first message's.
        """
        written: list[tuple[Message, Canonical, datetime]] = []
        for claim in claims:
            now = _second(clock)
            try:
                message = self._write(claim, now)
            except TemplateError:
                if not written:
                    raise
                break  # those before it leave
            written.append((message, canonical(message.content), now))  # hashed while the processor's cache has it
        headers = [headers_of(signed, self.keys, now) for _, signed, now in written]
        return [
            replace(message, content=header + message.content)
            for header, (message, _, _) in zip(headers, written, strict=True)
        ]

    def _write(self, claim: Claim, now: datetime) -> Message:
        delivery = claim.delivery
        digest = self.digest(delivery.digest_id)
        return self.messages.write(digest, claim.subscriber, delivery.message_id, now, delivery.id)


def _second(clock: Callable[[], datetime]) -> datetime:
    """Return the time to the second, as headers say it: those that all messages of a second share are made once."""
    return clock().replace(microsecond=0)


def load_keys(config: Config) -> tuple[DkimKey, ...]:
    """Return the DKIM keys of a site.

    Raises:
        ConfigError: A key file is missing, readable by others, or not a private key.
    """
    return tuple(load_key(path, config.dkim.domain, selector) for selector, path in config.dkim.keys)
