"""settings → what takes the mail away."""

from __future__ import annotations

from newsletter.config.load import check_sender
from newsletter.config.model import Config
from newsletter.sending import Transport
from newsletter.sending.maildir import MaildirTransport
from newsletter.sending.smtp.transport import SmtpTransport


def make_transport(config: Config) -> Transport:
    """Make what takes a site's mail away: the configured servers, else the outbox.

    Raises:
        ConfigError: The site still has the names of an example.
    """
    if config.smtp is None:
        return MaildirTransport(config.outbox)
    check_sender(config)
    return SmtpTransport(config.smtp, *config.relays)
