"""Claims → rendered messages, signed with the site's DKIM keys."""

from __future__ import annotations

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
from newsletter.sending.dkim import DkimKey, load_key, sign
from newsletter.store import Store

#: Digests kept in memory.
_MAX_DIGESTS = 200


@dataclass
class SigningRenderer:
    """Renders and signs the messages of one run."""

    store: Store
    messages: MessageRenderer
    #: In the order of the signatures.
    keys: tuple[DkimKey, ...]
    _digests: dict[int, Digest] = field(default_factory=dict)

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
        for claim in claims:
            # To the second, as the headers say it: those that all messages of a second share are made once.
            delivery, now = claim.delivery, clock().replace(microsecond=0)
            digest = self.digest(delivery.digest_id)
            message = self.messages.write(digest, claim.subscriber, delivery.message_id, now, delivery.id)
            yield replace(message, content=sign(message.content, self.keys, now)) if self.keys else message


def load_keys(config: Config) -> tuple[DkimKey, ...]:
    """Return the DKIM keys of a site.

    Raises:
        ConfigError: A key file is missing, readable by others, or not a private key.
    """
    return tuple(load_key(path, config.dkim.domain, selector) for selector, path in config.dkim.keys)
