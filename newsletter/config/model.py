"""The typed settings of a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from newsletter.ranking.weights import Weights
from newsletter.rendering.colours import Palette
from newsletter.rendering.message import Sender
from newsletter.sending.bounces.mailboxes import BounceSettings
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.site import Site
from newsletter.sources import Source


@dataclass(frozen=True, slots=True)
class Design:
    """What of the mail's look a site chooses; for all else there are templates."""

    palette: Palette
    logo_url: str
    thumbnails: bool


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """Whom to ask for summaries, in which languages, and for how many."""

    #: What comes before "/chat/completions".
    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    languages: tuple[str, ...] = ("en",)
    #: How many questions a run may ask.
    budget: int = 50
    #: Seconds to wait for one answer, from the first byte sent to the last received.
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class DkimSettings:
    """With what mail is signed; keys are read by who signs."""

    domain: str
    #: Selectors and files of private keys, in the order of the signatures.
    keys: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """By what each provider's calls are known; None for a provider that nobody uses."""

    ses_topic_arn: str | None = None
    #: As SendGrid shows it: base64.
    sendgrid_public_key: str | None = None
    mailgun_signing_key: str | None = field(default=None, repr=False)
    postmark_username: str = "postmark"
    postmark_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How an edition is brought to its readers."""

    #: What is done with messages of which nobody knows whether they arrived: "resend" or "hold".
    in_doubt: str = "resend"
    #: What could not be sent for so long is not sent any more.
    max_age_hours: int = 72
    #: How many processes write and sign large editions; 1: the one that sends does.
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one site, checked."""

    site: Site
    site_name: str
    site_url: str | None
    sender: Sender
    cron: str
    smtp: SmtpSettings | None
    #: Other servers, for when the one before cannot be used.
    relays: tuple[SmtpSettings, ...]
    dkim: DkimSettings
    delivery: DeliverySettings
    #: Where bounces go to, with the delivery's own part in it; None: to the sender.
    bounce_address: str | None
    bounces: BounceSettings
    #: By what providers' calls are known.
    webhooks: WebhookSettings
    #: Opens the operator's page; without one there is none.
    web_password: str | None = field(repr=False)
    #: Where outcomes are written to as JSON, if anywhere; "-" is stderr.
    log_path: Path | None
    log_addresses: bool
    outbox: Path
    #: What `newsletter pull` and `run` ask, in order.
    sources: tuple[Source, ...]
    #: What counts how much in a paper's score.
    weights: Weights
    design: Design
    #: Whom to ask for summaries, if anybody.
    summaries: SummarySettings | None
    #: A line on each setting that the site has under an old name.
    obsolete: tuple[str, ...] = ()
