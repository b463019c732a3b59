"""What may be set: the one list, the file that a new site begins with, and what was set.

An environment variable wins over the file: `smtp.password` is `NEWSLETTER_SMTP_PASSWORD`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from newsletter.errors import ConfigError
from newsletter.ranking.weights import Weights
from newsletter.rendering.colours import ACCENT


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be set."""

    name: str
    default: str | int | bool | None
    help: str
    choices: tuple[str, ...] = ()
    #: What a new site's newsletter.toml sets it to; without it, the file shows it commented out.
    shipped: str | None = None
    #: What the file shows where there is no default to show.
    example: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that wins over the file."""
        return "NEWSLETTER_" + self.name.replace(".", "_").upper()


SETTINGS = (
    Setting(
        "site.name", "Daily Papers", "The newsletter's name, in its masthead and its list id.", shipped="Daily Papers"
    ),
    Setting(
        "site.url",
        None,
        "Where readers reach this site's pages, for the link by which one click leaves; without it they leave by mail.",
        shipped="https://newsletter.example",
    ),
    Setting("sender.name", None, "Who the mail is from; default: the site's name.", example="Daily Papers"),
    Setting("sender.address", "digest@newsletter.example", "Its address.", shipped="digest@newsletter.example"),
    Setting(
        "sender.reply_to",
        None,
        "Where answers and mailed wishes to leave go; default: the sender's address.",
        example="you@example.org",
    ),
    Setting(
        "sender.postal_address",
        None,
        "Printed at the foot of every mail; the law asks for it in many countries.",
        example="Example Lab, 1 Example Street, Example Town",
    ),
    Setting(
        "schedule.cron",
        "5 * * * *",
        "When `newsletter serve` pulls, and sends what is due: crontab, in UTC. Readers choose their own hour.",
        shipped="5 * * * *",
    ),
    Setting(
        "web.password",
        None,
        "Opens the operator's page at site.url/operator. Better: export NEWSLETTER_WEB_PASSWORD=…",
    ),
    Setting("design.accent", ACCENT, "The one colour of mails and pages; shades that can be read are made of it."),
    Setting("design.logo", None, "A picture for the masthead, 40 pixels high.", example="https://example.org/logo.png"),
    Setting("design.thumbnails", False, "Show thumbnails of papers that have one."),
    Setting(
        "summaries.base_url",
        None,
        "An OpenAI-compatible endpoint that sums papers up in one line, for those whose source does not.",
        example="http://localhost:11434/v1",
    ),
    Setting("summaries.model", None, "Its model.", example="llama3.2"),
    Setting("summaries.key", None, "Better: export NEWSLETTER_SUMMARIES_KEY=…"),
    Setting("summaries.languages", "en", "What to sum up in, separated by commas."),
    Setting("summaries.budget", 50, "How many summaries a run may ask for."),
    Setting("outbox.path", "outbox", "The Maildir that takes the mail while no server is set.", shipped="outbox"),
    Setting("smtp.host", None, "Your mail server.", example="smtp.example.org"),
    Setting("smtp.port", 587, "Its port."),
    Setting(
        "smtp.security",
        "starttls",
        'How it is encrypted: "starttls", "tls" (usually port 465), or "none" for a server on this machine.',
        ("starttls", "tls", "none"),
    ),
    Setting("smtp.username", None, "The login, where the server asks for one.", example="digest@example.org"),
    Setting("smtp.password", None, "Better: export NEWSLETTER_SMTP_PASSWORD=…"),
    Setting("smtp.timeout", 60, "Seconds to wait for each of the server's answers."),
    Setting(
        "smtp.login",
        "password",
        'How to log in; "xoauth2" takes the password for an access token.',
        ("password", "xoauth2"),
    ),
    Setting("smtp.connections", 4, "How many connections at once, at most; fewer while the server complains."),
    Setting("smtp.max_messages_per_connection", 0, "Leave a connection after so many messages; 0: never."),
    Setting("smtp.max_per_second", 0, "At most so many messages a second; 0: as fast as the server takes them."),
    Setting("smtp.max_per_hour", 0, "At most so many messages an hour; 0: no limit."),
    Setting(
        "smtp.max_per_second_per_domain",
        0,
        "At most so many messages a second to addresses of one domain; 0: no limit.",
    ),
    Setting(
        "dkim.selector",
        None,
        "Mail is signed if this and a key are set. `newsletter doctor --new-key rsa dkim.pem` makes one.",
        example="papers",
    ),
    Setting("dkim.key", None, "The private RSA key, a PEM file only its owner can read.", example="dkim.pem"),
    Setting("dkim.ed25519_selector", None, "A second signature, which is shorter and not known everywhere yet."),
    Setting("dkim.ed25519_key", None, "Its private Ed25519 key."),
    Setting("dkim.domain", None, "Whose signature it is; default: the domain of the sender's address."),
    Setting(
        "delivery.in_doubt",
        "resend",
        'When a crash leaves open whether a message arrived: "resend" it under the same Message-ID, or "hold" it.',
        ("resend", "hold"),
    ),
    Setting(
        "delivery.workers",
        1,
        "How many processes write and sign large editions: 2 or more do so beside the one that sends. One per core.",
    ),
    Setting("delivery.max_age_hours", 72, "What could not be sent for so long is no news any more, and is skipped."),
    Setting(
        "bounces.address",
        None,
        "A mailbox of yours that bounces go to; its server must take bounces+ANYTHING@… for it, too.",
        example="bounces@example.org",
    ),
    Setting("bounces.soft_limit", 5, "An address is not mailed any more after so many soft bounces in 30 days."),
    Setting("bounces.maildir", None, "Where that mailbox is, if it is a Maildir; `serve` and `run` read it."),
    Setting("bounces.imap_host", None, "Or where it is read from by IMAP.", example="imap.example.org"),
    Setting("bounces.imap_port", 993, "993: TLS from the start; 143: STARTTLS."),
    Setting("bounces.imap_username", None, "The login.", example="bounces@example.org"),
    Setting("bounces.imap_password", None, "Better: export NEWSLETTER_BOUNCES_IMAP_PASSWORD=…"),
    Setting("bounces.imap_folder", "INBOX", "The folder."),
    Setting(
        "webhooks.ses_topic_arn",
        None,
        "The SNS topic by which Amazon SES tells of bounces and complaints, at site.url/webhooks/ses.",
        example="arn:aws:sns:eu-west-1:123456789012:returns",
    ),
    Setting("webhooks.sendgrid_public_key", None, "The verification key of SendGrid's calls on /webhooks/sendgrid."),
    Setting(
        "webhooks.mailgun_signing_key",
        None,
        "Mailgun's signing key, for /webhooks/mailgun. Better: export NEWSLETTER_WEBHOOKS_MAILGUN_SIGNING_KEY=…",
    ),
    Setting("webhooks.postmark_username", "postmark", "The login of Postmark's calls on /webhooks/postmark, and"),
    Setting("webhooks.postmark_password", None, "its password. Better: export NEWSLETTER_WEBHOOKS_POSTMARK_PASSWORD=…"),
    Setting(
        "log.path",
        None,
        "A file that every outcome is written to as a line of JSON, readers by number; - is stderr.",
        example="newsletter.log",
    ),
    Setting("log.addresses", False, "Log email addresses, not only subscriber ids."),
)

#: Naming a server is what asks it, and what sends mail for real: these groups are commented out in a new file.
_OPTIONAL = ("web", "smtp", "summaries", "dkim", "bounces", "webhooks", "log")
_HEAD = """\
# The settings of this site. Every setting has a default; what is commented out shows it, or an example.
# An environment variable wins over the file: smtp.password is NEWSLETTER_SMTP_PASSWORD.

# Where papers are pulled from, in order. `newsletter sources --help` shows every kind, and what may be set.
[[sources]]
kind = "huggingface"

# [[sources]]
# kind = "arxiv"
# follow = ["cs.CL", "cs.LG", 'ti:"in-context learning"']

# Another mail server, for when the one below cannot be used: with the same settings, and a password of its own,
# NEWSLETTER_RELAY_1_PASSWORD.
# [[relays]]
# host = "smtp.example.net"
"""


def new_config() -> str:
    """Return the newsletter.toml that a new site begins with: every setting, with its line of help."""
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
        "# What counts how much in a paper's score; newsletter/ranking/weights.py says what each is.",
    ]
    lines += [f"# {field.name} = {field.default}" for field in fields(Weights)]
    return _HEAD + "\n".join(lines) + "\n"


def read_settings(table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting's value by name: the environment's, else the file's, else the default.

    Raises:
        ConfigError: A setting is unknown, or its value is not of its kind.
    """
    known = {setting.name: setting for setting in SETTINGS}
    values: dict[str, Any] = {}
    for group, content in table.items():
        if not isinstance(content, dict):
            raise ConfigError(f"{group}: a table is expected, as in [{group}]")
        values |= {f"{group}.{key}": value for key, value in content.items()}
    for name in values.keys() - known.keys():
        near = get_close_matches(name, known, n=1)
        raise ConfigError(f"{name}: no such setting", hint=f"did you mean {near[0]}?" if near else None)
    for setting in SETTINGS:
        if setting.variable in environ:
            values[setting.name] = environ[setting.variable]
    return {name: checked(setting, values.get(name, setting.default)) for name, setting in known.items()}


def checked(setting: Setting, value: Any) -> str | int | bool | None:
    """Return a setting's value, or its default where there is none.

    Raises:
        ConfigError: It is not of the setting's kind.
    """
    if value is None or value == "":
        return setting.default
    if isinstance(setting.default, bool):
        known = {"true": True, "false": False, "1": True, "0": False}
        value = known.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise ConfigError(f"{setting.name}: expected true or false, not {value!r}")
        return value
    if isinstance(setting.default, int):
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not int(setting.default > 0) <= value <= 65535:
            raise ConfigError(
                f"{setting.name}: a whole number from {int(setting.default > 0)} to 65535 is expected, not {value!r}"
            )
        return value
    if not isinstance(value, str):
        shown = "a secret that is none" if setting.name.endswith(("password", "_key", ".key")) else repr(value)
        raise ConfigError(f"{setting.name}: text is expected, not {shown}")
    if setting.choices and value not in setting.choices:
        raise ConfigError(f"{setting.name}: one of {', '.join(setting.choices)} is expected, not {value!r}")
    return value
