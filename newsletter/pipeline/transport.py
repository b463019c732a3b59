"""Settings → the transport that delivers messages."""

from __future__ import annotations

from newsletter.config.load import check_sender
from newsletter.config.model import Config
from newsletter.sending import Permits, Transport
from newsletter.sending.maildir import MaildirTransport
from newsletter.sending.smtp.transport import SmtpTransport


def make_transport(config: Config, permits: Permits | None = None) -> Transport:
    """Return a transport to the configured mail servers, or to the Maildir outbox if none is set.

    It takes its permits from `permits`, if other processes share the rate limits.

    Raises:
        ConfigError: Real mail would go out under the example's name.
    """
    if config.smtp is None:
        return MaildirTransport(config.outbox)
    check_sender(config)
    return SmtpTransport(config.smtp, *config.relays, permits=permits)
