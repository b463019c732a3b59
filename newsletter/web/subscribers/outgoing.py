"""Mails that a page causes: sent after it was answered, one sender at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

from newsletter.errors import NewsletterError
from newsletter.pipeline.confirmations import NoticeSender
from newsletter.pipeline.transport import make_transport
from newsletter.sending import Transport
from newsletter.web.site_pages import Pages

_logger = logging.getLogger(__name__)


class Outgoing:
    """Sends what waits, for one site."""

    def __init__(self, pages: Pages, transport: Callable[[], Transport] | None = None) -> None:
        self.pages = pages
        self.transport = transport or (lambda: make_transport(pages.config))
        self._lock = Lock()

    def send_waiting(self) -> None:
        """Send what waits; what cannot be sent now waits for the next time, and for `newsletter serve`."""
        with self._lock:
            try:
                transport = self.transport()
                try:
                    postman = NoticeSender(self.pages.config, self.pages.environment, transport, self.pages.clock)
                    with self.pages.store() as store:
                        postman.send_waiting(store)
                finally:
                    transport.close()
            except NewsletterError as error:
                _logger.warning("mail that confirms has to wait: %s", error)
