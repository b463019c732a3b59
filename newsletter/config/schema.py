"""The schema of the settings, the newsletter.toml of a new site, and reading values by the schema.

An environment variable takes precedence over the file: `NEWSLETTER_SMTP_PASSWORD` over `smtp.password`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from newsletter.config.model import InDoubtPolicy, LogLevel
from newsletter.errors import ConfigError, did_you_mean
from newsletter.models.languages import LANGUAGES
from newsletter.models.value_types import Text, type_of
from newsletter.models.weights import Weights
from newsletter.rendering.colours import ACCENT
from newsletter.sending.smtp.settings import Login, Security

#: Beside passwords and signing keys. The URL of a heartbeat lets whoever has it silence an alarm.
_SECRETS = ("summaries.key", "operator.heartbeat_url", "database.url")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the one declaration for the file, the environment, and the reference."""

    name: str
    default: str | int | bool | None
    help: str
    choices: tuple[str, ...] = ()
    #: The value in a new site's newsletter.toml; None to show the setting commented out.
    shipped: str | None = None
    #: Shown in the file if there is no default.
    example: str = ""

    #: The range of a whole number; by default from 1, or from 0 if that is the default.
    first: int | None = None
    last: int = 65535

    @property
    def type(self) -> Text:
        """Which values it may have, in the file as in the environment."""
        first = int(bool(self.default)) if self.first is None else self.first
        return type_of(self.default, self.choices, first, self.last)

    @property
    def variable(self) -> str:
        """The environment variable that takes precedence over the file."""
        return "NEWSLETTER_" + self.name.replace(".", "_").upper()

    @property
    def is_secret(self) -> bool:
        """Whether its value is not to be shown."""
        return self.name.endswith(("password", ".secret", "signing_key")) or self.name in _SECRETS


SETTINGS = (
    Setting(
        "site.name", "Daily Papers", "Name of the newsletter, in the masthead and in List-Id.", shipped="Daily Papers"
    ),
    Setting(
        "site.url",
        None,
        "Public URL of this site's pages, for one-click unsubscribe. Without it, subscribers unsubscribe by email.",
        shipped="https://newsletter.example",
    ),
    Setting(
        "site.language",
        "en",
        "Language of the pages for browsers that accept none of ours, and of the exported archive.",
        LANGUAGES,
    ),
    Setting(
        "site.secret",
        None,
        "Key that signs links, of 32 characters or more; then former ones. Better: export NEWSLETTER_SITE_SECRET=…",
    ),
    Setting(
        "site.secret_file",
        None,
        "File with such keys, the newest first. Default: the key is made by the program and kept in the database.",
        example="/etc/papers/signing-keys",
    ),
    Setting(
        "database.url",
        None,
        "PostgreSQL database with all that the site knows (docs/postgresql.md). Default: the file newsletter.db.",
        example="postgresql://papers@db.example.org/papers",
    ),
    Setting("sender.name", None, "Sender's name. Default: the name of the site.", example="Daily Papers"),
    Setting(
        "sender.address", "digest@newsletter.example", "Sender's email address.", shipped="digest@newsletter.example"
    ),
    Setting(
        "sender.reply_to",
        None,
        "Address for replies and for unsubscribe requests by email. Default: the sender's address.",
        example="you@example.org",
    ),
    Setting(
        "sender.postal_address",
        None,
        "Postal address in the footer of every message. CAN-SPAM and the laws of other countries require one.",
        example="Example Lab, 1 Example Street, Example Town",
    ),
    Setting(
        "schedule.cron",
        "5 * * * *",
        "When `newsletter serve` pulls sources without a time of their own: a crontab line, in UTC.",
        shipped="5 * * * *",
    ),
    Setting(
        "schedule.time_zone",
        "UTC",
        "Time zone in which `newsletter schedule` shows moments, and of `run --at`.",
        example="Europe/Berlin",
    ),
    Setting(
        "schedule.wait_minutes",
        60,
        "How long an edition may wait for today's list of arXiv or Hugging Face, in minutes; 0 to never wait.",
        first=0,
        last=720,
    ),
    Setting(
        "operator.email",
        None,
        "Your address: it gets an email when a run stops, an edition fails or is empty, or a source is silent.",
        example="you@example.org",
    ),
    Setting(
        "operator.heartbeat_url",
        None,
        "URL that is requested after each clean run, as of healthchecks.io; after any other run, with /fail added.",
        example="https://hc-ping.com/YOUR-UUID",
    ),
    Setting(
        "operator.metrics_file",
        None,
        "File with Prometheus metrics that each run writes, for node_exporter's textfile collector.",
        example="/var/lib/prometheus/node-exporter/newsletter.prom",
    ),
    Setting(
        "web.password",
        None,
        "Password of the operator's page, at site.url/operator: as `newsletter web hash-password` prints it, or plain.",
    ),
    Setting("web.signups_per_hour", 300, "Maximum sign-ups per hour on the pages; further ones are asked to wait."),
    Setting("design.accent", ACCENT, "Accent colour of messages and pages. Legible shades are derived from it."),
    Setting(
        "design.logo", None, "URL of a logo for the masthead, 40 pixels high.", example="https://example.org/logo.png"
    ),
    Setting("design.thumbnails", False, "Show thumbnails of papers that have one."),
    Setting(
        "summaries.base_url",
        None,
        "Base URL of an OpenAI-compatible API that summarizes papers without a summary from their source.",
        example="http://localhost:11434/v1",
    ),
    Setting("summaries.model", None, "Name of the model.", example="llama3.2"),
    Setting("summaries.key", None, "API key. Better: export NEWSLETTER_SUMMARIES_KEY=…"),
    Setting("summaries.languages", "en", "Languages to summarize in, separated by commas."),
    Setting("summaries.budget", 50, "Maximum number of summaries per run."),
    Setting("outbox.path", "outbox", "Maildir for outgoing messages while no mail server is set.", shipped="outbox"),
    Setting("smtp.host", None, "Mail server (SMTP).", example="smtp.example.org"),
    Setting("smtp.port", 587, "Port of the mail server."),
    Setting(
        "smtp.security",
        Security.STARTTLS,
        'Encryption: "starttls", "tls" (usually port 465), or "none" for a server on this machine.',
        tuple(Security),
    ),
    Setting("smtp.username", None, "User name, if the server requires authentication.", example="digest@example.org"),
    Setting("smtp.password", None, "Password. Better: export NEWSLETTER_SMTP_PASSWORD=…"),
    Setting(
        "smtp.timeout", 60, "Timeout for logging in, and then for each response of the server, in seconds.", last=3600
    ),
    Setting(
        "smtp.login",
        Login.PASSWORD,
        'Authentication: "password", or "xoauth2" to use the password as an OAuth access token.',
        tuple(Login),
    ),
    Setting(
        "smtp.connections", 4, "Maximum number of concurrent connections. Fewer are used while the server objects."
    ),
    Setting("smtp.max_messages_per_connection", 0, "Maximum messages per connection; 0 for no limit."),
    Setting("smtp.max_per_second", 0, "Maximum messages per second; 0 for no limit."),
    Setting("smtp.max_per_hour", 0, "Maximum messages per hour; 0 for no limit."),
    Setting(
        "smtp.max_per_second_per_domain", 0, "Maximum messages per second to each recipient domain; 0 for no limit."
    ),
    Setting(
        "dkim.selector",
        None,
        "DKIM selector. Setting it and a key enables signing; `newsletter doctor --new-key rsa dkim.pem` makes a key.",
        example="papers",
    ),
    Setting("dkim.key", None, "Private RSA key: a PEM file that only its owner can read.", example="dkim.pem"),
    Setting("dkim.ed25519_selector", None, "Selector of a second signature (Ed25519), which not all receivers verify."),
    Setting("dkim.ed25519_key", None, "Private Ed25519 key."),
    Setting("dkim.domain", None, "Signing domain (d=). Default: the domain of the sender's address."),
    Setting(
        "delivery.in_doubt",
        InDoubtPolicy.RESEND,
        'What to do when a crash leaves the delivery status of a message unknown: "resend" it, or "hold" it.',
        tuple(InDoubtPolicy),
    ),
    Setting(
        "delivery.senders",
        1,
        "Number of processes that render, sign and send large editions: one per core, smtp.connections at most.",
    ),
    Setting(
        "delivery.max_age_hours",
        72,
        "Maximum age of an unsent message, in hours. An older one is stale and is skipped.",
    ),
    Setting(
        "bounces.address",
        None,
        "Return address (VERP) for bounces; its mailbox must accept bounces+ANYTHING@… as well.",
        example="bounces@example.org",
    ),
    Setting("bounces.soft_limit", 5, "Number of soft bounces in 30 days after which an address is suppressed."),
    Setting("bounces.maildir", None, "Maildir of that mailbox; `serve` and `run` read it."),
    Setting("bounces.imap_host", None, "Or the IMAP server of that mailbox.", example="imap.example.org"),
    Setting("bounces.imap_port", 993, "IMAP port: 993 for TLS, 143 for STARTTLS."),
    Setting("bounces.imap_username", None, "IMAP user name.", example="bounces@example.org"),
    Setting("bounces.imap_password", None, "IMAP password. Better: export NEWSLETTER_BOUNCES_IMAP_PASSWORD=…"),
    Setting("bounces.imap_folder", "INBOX", "IMAP folder."),
    Setting(
        "webhooks.ses_topic_arn",
        None,
        "ARN of the SNS topic for bounces and complaints of Amazon SES, which posts to site.url/webhooks/ses.",
        example="arn:aws:sns:eu-west-1:123456789012:bounces",
    ),
    Setting("webhooks.sendgrid_public_key", None, "Verification key of SendGrid's webhook, at /webhooks/sendgrid."),
    Setting(
        "webhooks.mailgun_signing_key",
        None,
        "Signing key of Mailgun's webhook, at /webhooks/mailgun. "
        "Better: export NEWSLETTER_WEBHOOKS_MAILGUN_SIGNING_KEY=…",
    ),
    Setting("webhooks.postmark_username", "postmark", "User name of Postmark's webhook, at /webhooks/postmark."),
    Setting(
        "webhooks.postmark_password",
        None,
        "Password of Postmark's webhook. Better: export NEWSLETTER_WEBHOOKS_POSTMARK_PASSWORD=…",
    ),
    Setting("backup.path", "backups", "Folder of the backups that `newsletter backup` makes."),
    Setting(
        "backup.cron",
        None,
        "When `newsletter serve` makes a backup: a crontab line, in UTC. Without it, `serve` makes none.",
        example="15 3 * * *",
    ),
    Setting("backup.keep", 7, "Number of backups to keep; older ones are deleted when a new one is complete."),
    Setting(
        "retention.digests_days",
        90,
        "Days after which the contents of digests are deleted, 7 or more; who was sent which paper stays. 0: never.",
        first=0,
    ),
    Setting(
        "retention.deliveries_days",
        400,
        "Days after which deliveries are deleted, 100 or more; an edition's totals stay. 0: never.",
        first=0,
    ),
    Setting(
        "retention.events_days",
        90,
        "Days after which records of pulls, bounces and confirmations are deleted, 31 or more. 0: never.",
        first=0,
    ),
    Setting(
        "retention.papers_days",
        0,
        "Days after which abstracts and summaries are deleted, 100 or more; the paper itself stays. 0: never.",
    ),
    Setting(
        "retention.recovery_days",
        90,
        "Days that the recovery log reaches back. Older backups are restored only with care.",
        first=7,
    ),
    Setting(
        "log.path",
        None,
        "Event log: a file with a line of JSON for each delivery outcome; - for stderr.",
        example="newsletter.log",
    ),
    Setting("log.addresses", False, "Log email addresses, not only subscriber ids."),
    Setting(
        "log.level",
        LogLevel.INFO,
        'What is logged: "debug", "info", "warning" (what is deferred or not clean), or "error" (what failed).',
        tuple(LogLevel),
    ),
    Setting(
        "log.max_mb",
        0,
        "Rotate the event log before it is larger than this many megabytes; 0 to leave that to logrotate.",
        last=10_000,
    ),
    Setting("log.keep", 5, "Number of rotated event logs to keep: newsletter.log.1 is the latest.", last=1000),
)

#: Tables that are no settings of this module.
_TABLES_OF_THE_FILE = ("sources", "relays", "ranking")
#: Setting one of these enables a feature or sends real mail, so a new file shows these tables commented out.
_OPTIONAL = ("operator", "web", "smtp", "summaries", "dkim", "bounces", "webhooks", "log")
_HEAD = """\
# Settings of this site. Each is optional; a commented-out line shows the default or an example.
# An environment variable takes precedence over the file: NEWSLETTER_SMTP_PASSWORD over smtp.password.

# Sources to pull papers from, in order. `newsletter sources --help` lists the kinds and their settings.
[[sources]]
kind = "huggingface"

{arxiv}

# Fallback mail servers, used while the one before is unavailable. They have the settings of [smtp]; the password of
# the first is NEWSLETTER_RELAY_1_PASSWORD.
# [[relays]]
# host = "smtp.example.net"

# Further mailboxes to read for bounces and unsubscribe emails, beside that of [bounces]: a Maildir, or IMAP with the
# settings imap_… of [bounces]. The password of the first is NEWSLETTER_MAILBOX_1_PASSWORD.
# [[mailboxes]]
# maildir = "replies"
"""


_ARXIV_EXAMPLE = """\
# [[sources]]
# kind = "arxiv"
# follow = ["cs.CL", "cs.LG", 'ti:"in-context learning"']"""


def new_config(arxiv: Sequence[str] = ()) -> str:
    """Return the newsletter.toml of a new site: every setting, with its help; and the arXiv categories to follow."""
    follow = f'[[sources]]\nkind = "arxiv"\nfollow = {json.dumps([*arxiv])}' if arxiv else _ARXIV_EXAMPLE
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        before, (group, key) = group, setting.name.split(".")
        if group != before:
            lines += ["", f"# [{group}]" if group in _OPTIONAL else f"[{group}]"]
        value = setting.example if setting.default is None else setting.default
        shown = json.dumps(setting.shipped or value, ensure_ascii=False)
        lines += [f"# {setting.help}", f"{'' if setting.shipped else '# '}{key} = {shown}"]
    lines += [
        "",
        "# [ranking]",
        "# Weights of the parts of a paper's score; newsletter/models/weights.py describes each.",
    ]
    lines += [f"# {field.name} = {field.default}" for field in fields(Weights)]
    return _HEAD.replace("{arxiv}", follow) + "\n".join(lines) + "\n"


def read_settings(table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of each setting by name: from the environment, else from the file, else its default.

    Raises:
        ConfigError: A setting is unknown, or its value is invalid.
    """
    known = {setting.name: setting for setting in SETTINGS}
    values: dict[str, Any] = {}
    for group, content in table.items():
        if not isinstance(content, dict):
            raise ConfigError(f"{group}: expected a table, as in [{group}]")
        values |= {f"{group}.{key}": value for key, value in content.items()}
    for name in sorted(values.keys() - known.keys()):
        raise ConfigError(f"{name}: no such setting", hint=_meant(name, known))
    for setting in SETTINGS:
        if setting.variable in environ:
            values[setting.name] = environ[setting.variable]
    return {name: checked(setting, values.get(name)) for name, setting in known.items()}


def find_setting(name: str) -> Setting:
    """Return the setting with this name.

    Raises:
        ConfigError: There is none.
    """
    known = {setting.name: setting for setting in SETTINGS}
    if name.partition(".")[0] in _TABLES_OF_THE_FILE:
        raise ConfigError(f"{name}: no such setting", hint="change it in newsletter.toml itself")
    if name not in known:
        raise ConfigError(f"{name}: no such setting", hint=_meant(name, known) or "see: newsletter config list --all")
    return known[name]


def _meant(name: str, known: Iterable[str]) -> str | None:
    """Return the hint for an unknown setting; what it shares with all of its table does not make it similar."""
    group, _, key = name.partition(".")
    keys = [one.partition(".")[2] for one in known if one.startswith(f"{group}.")]
    return did_you_mean(key, keys, f"{group}.") if keys else did_you_mean(name, known)


def checked(setting: Setting, value: Any) -> str | int | bool | None:
    """Return a valid value of a setting, or its default if the value is missing or empty.

    Raises:
        ConfigError: The value has another type, is out of range, or is not one of the choices.
    """
    if value is None or value == "":
        return setting.default
    try:
        taken: str | int | bool = setting.type.take(value)
    except ValueError as error:
        reason = f"{setting.type.expected} is expected, not another type" if setting.is_secret else str(error)
        raise ConfigError(f"{setting.name}: {reason}") from None
    return taken
