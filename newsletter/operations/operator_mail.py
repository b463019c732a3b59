"""The email that tells an operator what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from platform import node

from newsletter.config.model import Config
from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.pipeline.messages import make_message_id
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.signing import load_keys
from newsletter.rendering.message import Envelope, build_message
from newsletter.sending import Verdict, send_one
from newsletter.sending.dkim import sign
from newsletter.store import Store
from newsletter.store.incidents import Incident


def notify_operator(store: Store, config: Config, ports: Ports, recipient: str, incidents: Sequence[Incident]) -> None:
    """Send one email about incidents, and store that the operator was notified.

    Raises:
        NewsletterError: The email could not be sent; the next run tries again.
    """
    now = ports.clock()
    message = incident_message(config, store.secret(), recipient, incidents, now)
    transport = ports.open_transport()
    try:
        result = send_one(transport, message, ports.is_grace_over)
    finally:
        transport.close()
    if result.verdict is not Verdict.SENT:
        raise TransportError(f"the email to the operator was not sent: {result.response}")
    with store.transaction():
        for one in incidents:
            store.incidents.set_notified(one, now)


def incident_message(
    config: Config, secret: bytes, recipient: str, incidents: Sequence[Incident], now: datetime
) -> Message:
    """Return the signed email about some incidents."""
    first = incidents[0]
    more = f" (and {len(incidents) - 1} more)" if len(incidents) > 1 else ""
    text = f"""\
{config.site_name}, the newsletter in {config.site.root} on {node()}:

{"".join(_paragraph(one) for one in incidents)}
Now:        newsletter --site {config.site.root} status
Settings:   newsletter --site {config.site.root} doctor

You get one email for each incident, not one for each run. It goes to operator.email in newsletter.toml.
"""
    envelope = Envelope(
        message_id=make_message_id(secret, f"incidents-{now.isoformat()}", 0, config.sender),
        sender=config.sender,
        recipient=recipient,
        recipient_name="",
        list_name=config.site_name,
        unsubscribe_urls=(),
        date=now,
    )
    subject = f"[{config.site_name}] {first.kind}: {first.subject}{more}"
    message = build_message(envelope, subject=subject, text=text, html=None)
    keys = load_keys(config)
    return replace(message, content=sign(message.content, keys, now)) if keys else message


def _paragraph(one: Incident) -> str:
    return f"* {one.kind}: {one.subject}\n  {one.detail}\n  since {one.began_at:%Y-%m-%d %H:%M} UTC\n\n"
