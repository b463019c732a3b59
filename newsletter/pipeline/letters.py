"""digest + reader → message: the words, the links that only this reader has, and the envelope."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from jinja2 import Environment

from newsletter import tokens
from newsletter.config import Config
from newsletter.models import Digest, Message, Style, Subscriber
from newsletter.rendering.context import digest_context
from newsletter.rendering.digest import render_html, render_text
from newsletter.rendering.message import Sender, build_message, leave_by_mail


def write_letter(
    digest: Digest,
    subscriber: Subscriber,
    *,
    config: Config,
    environment: Environment,
    secret: bytes,
    message_id: str,
    now: datetime,
) -> Message:
    """Render one digest for one reader.

    Raises:
        TemplateError: A template is missing or broken.
    """
    leave_urls = _leave_urls(config, tokens.sign(secret, tokens.LEAVE, subscriber.id))
    context = digest_context(
        digest,
        subscriber,
        site_name=config.site_name,
        site_url=config.site_url,
        leave_url=leave_urls[0],
        sender_name=config.sender.name,
        postal_address=config.sender.postal_address,
    )
    return build_message(
        message_id=message_id,
        sender=config.sender,
        recipient=subscriber.email,
        recipient_name=subscriber.name,
        subject=context.subject,
        text=render_text(environment, context),
        html=render_html(environment, context) if subscriber.profile.style is not Style.PLAIN else None,
        list_name=config.site_name,
        leave_urls=leave_urls,
        date=now,
    )


def make_message_id(secret: bytes, edition_key: str, subscriber_id: int, sender: Sender) -> str:
    """Return the one Message-ID of a delivery: the same however often it is made, and not to be guessed."""
    mac = hmac.new(secret, f"message|{edition_key}|{subscriber_id}".encode(), hashlib.sha256).hexdigest()[:20]
    return f"<{edition_key.lower()}.{mac}@{sender.domain}>"


def _leave_urls(config: Config, token: str) -> list[str]:
    page = [f"{config.site_url}/leave/{token}"] if config.site_url else []
    return [*page, leave_by_mail(config.sender, token)]
