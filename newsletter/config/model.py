"""The typed settings of a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from newsletter.config.timing import SourceTiming
from newsletter.errors import RequestError
from newsletter.files.site import Site
from newsletter.models.database_url import DatabaseUrl
from newsletter.models.weights import Weights
from newsletter.rendering.colours import Palette
from newsletter.rendering.message import Sender
from newsletter.sending.bounces.settings import BounceSettings
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sources import Source


@dataclass(frozen=True, slots=True)
class Design:
    """The look of messages and pages, as far as settings change it; templates change the rest."""

    palette: Palette
    logo_url: str
    thumbnails: bool


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """The chat model that summarizes papers."""

    #: The URL up to "/chat/completions".
    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    languages: tuple[str, ...] = ("en",)
    #: Maximum number of requests per run.
    budget: int = 50
    #: Seconds for one request and its complete response.
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class DkimSettings:
    """How messages are signed. The key files are read when signing begins."""

    #: The signing domain (d=).
    domain: str
    #: Selectors and private key files, in the order of the signatures.
    keys: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """How the webhook requests of each provider are authenticated; None for a provider that is not used."""

    ses_topic_arn: str | None = None
    #: In base64, as SendGrid displays it.
    sendgrid_public_key: str | None = None
    mailgun_signing_key: str | None = field(default=None, repr=False)
    postmark_username: str = "postmark"
    postmark_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Who is told whether everything is all right, and how."""

    #: Gets an email when something is wrong.
    email: str | None = None
    #: Requested after each run; it holds a secret.
    heartbeat_url: str | None = field(default=None, repr=False)
    #: Written after each run, for the textfile collector of Prometheus's node_exporter.
    metrics_file: Path | None = None


class LogLevel(StrEnum):
    """How much is logged: what is of this level, and what is worse."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class InDoubtPolicy(StrEnum):
    """What to do with a message when a crash left its delivery status unknown."""

    #: Under the same Message-ID: it may arrive twice.
    RESEND = "resend"
    #: Until a person decides: it may not arrive.
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How editions are delivered."""

    in_doubt: InDoubtPolicy = InDoubtPolicy.RESEND
    #: A message that could not be sent for this long is stale, and is skipped.
    max_age_hours: int = 72
    #: Number of processes that render, sign and send a large edition; with 1 the run itself does.
    senders: int = 1


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Where backups are made, and how many are kept."""

    folder: Path
    keep: int = 7
    #: When `serve` makes one; None for never.
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """After how many days what is deleted; 0 for never."""

    digests_days: int = 90
    deliveries_days: int = 400
    events_days: int = 90
    papers_days: int = 0
    #: How far the recovery log reaches back.
    recovery_days: int = 90


@dataclass(frozen=True, slots=True)
class Config:
    """The validated settings of one site."""

    site: Site
    site_name: str
    site_url: str | None
    #: Of pages, unless a subscriber or a browser wants another.
    site_language: str
    sender: Sender
    #: When sources are pulled that have no timing of their own.
    cron: str
    #: In which commands show moments.
    time_zone: str
    #: For so long an edition may wait for the list of the day of its sources.
    wait_minutes: int
    smtp: SmtpSettings | None
    #: Fallback servers, in order.
    relays: tuple[SmtpSettings, ...]
    dkim: DkimSettings
    delivery: DeliverySettings
    backup: BackupSettings
    retention: RetentionSettings
    #: The return address, to which each delivery's token is added (VERP); None for the sender's address.
    bounce_address: str | None
    bounces: BounceSettings
    webhooks: WebhookSettings
    #: For the operator's page; None disables it.
    web_password: str | None = field(repr=False)
    #: Maximum number of sign-ups on the pages.
    web_signups_per_hour: int
    operator: OperatorSettings
    #: The event log's file, "-" for stderr, or None.
    log_path: Path | None
    log_addresses: bool
    log_level: LogLevel
    #: The event log is rotated before it becomes larger than this many megabytes; 0 leaves that to another program.
    log_max_mb: int
    #: How many rotated files are kept.
    log_keep: int
    outbox: Path
    #: What `newsletter pull` and `run` pull from, in order.
    sources: tuple[Source, ...]
    #: The weights of the parts of a paper's score.
    weights: Weights
    design: Design
    #: None if no model is configured.
    summaries: SummarySettings | None
    #: Where the keys that sign links are kept outside the store, if they are; see `config.signing_keys`.
    signing_key: str | None = field(default=None, repr=False)
    signing_key_file: Path | None = None
    #: When each source is pulled, by its label.
    timings: Mapping[str, SourceTiming] = field(default_factory=dict)
    #: A line about each setting that has an obsolete name.
    obsolete: tuple[str, ...] = ()
    #: A line about each environment variable that is named like ours and sets nothing.
    unknown_variables: tuple[str, ...] = ()
    #: The database on a server; None for the site's file.
    database: DatabaseUrl | None = None

    @property
    def store(self) -> Path | DatabaseUrl:
        """Where the database is."""
        return self.database or self.site.store

    def store_file(self) -> Path:
        """Return the file that the database is in, for what copies files.

        Raises:
            RequestError: It is on a server.
        """
        if self.database is not None:
            hint = "back it up by pg_dump and restore by pg_restore: docs/postgresql.md"
            raise RequestError(f"{self.database}: the database is on a PostgreSQL server", hint=hint)
        return self.site.store
