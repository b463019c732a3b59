"""Emails that a page causes (confirmations, links): sent after the response, one batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

from newsletter.errors import NewsletterError
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.run import send_notices
from newsletter.pipeline.transport import make_transport
from newsletter.sending import Transport
from newsletter.web.site_pages import SitePages

_logger = logging.getLogger(__name__)


class Outgoing:
    """Sends the waiting notices of one site, from any thread but one at a time."""

    def __init__(self, pages: SitePages, open_transport: Callable[[], Transport] | None = None) -> None:
        self.pages = pages
        self.open_transport = open_transport or (lambda: make_transport(pages.config))
        self._lock = Lock()

    def send_waiting(self) -> None:
        """Send all waiting notices; those that fail stay in the queue for the next call, or for `newsletter serve`."""
        pages = self.pages
        ports = Ports(
            open_store=pages.store,
            open_transport=self.open_transport,
            make_environment=lambda: pages.environment,
            clock=pages.clock,
        )
        with self._lock:
            try:
                send_notices(pages.config, ports)
            except NewsletterError as error:
                _logger.warning("confirmation emails deferred: %s", error)
