"""newsletter.toml and NEWSLETTER_* → one table of settings → each workshop's own small dataclass.

`SETTINGS` is the one list: what may be set, the default, and a line of help. Validation and the file that
`newsletter init` writes follow it. An environment variable wins over the file: `smtp.password` is
`NEWSLETTER_SMTP_PASSWORD`.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newsletter.errors import ConfigError, ProfileError, SourceError
from newsletter.places import LANGUAGES, Site
from newsletter.profiles import check_email
from newsletter.rendering.colours import ACCENT, Palette, is_colour, make_palette
from newsletter.rendering.message import Sender
from newsletter.sending.smtp import SmtpSettings
from newsletter.sources import Source, find_source
from newsletter.sources.settings import label_of, make_source
from newsletter.weights import Weights, check_weights


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be set."""

    name: str
    default: str | int | None
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
    Setting("design.accent", ACCENT, "The one colour of mails and pages; shades that can be read are made of it."),
    Setting("design.logo", None, "A picture for the masthead, 40 pixels high.", example="https://example.org/logo.png"),
    Setting("design.thumbnails", "no", "Whether papers' pictures are shown, where there are any.", ("no", "yes")),
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
    Setting("smtp.per_connection", 0, "Leave a connection after so many messages; 0: never."),
    Setting("smtp.per_second", 0, "At most so many messages a second; 0: as fast as the server takes them."),
    Setting("smtp.per_hour", 0, "At most so many messages an hour; 0: no limit."),
    Setting("smtp.per_domain", 0, "At most so many messages a second to addresses of one domain; 0: no limit."),
    Setting(
        "delivery.in_doubt",
        "resend",
        'When a crash leaves open whether a message arrived: "resend" it under the same Message-ID, or "hold" it.',
        ("resend", "hold"),
    ),
    Setting("delivery.max_age_hours", 72, "What could not be sent for so long is no news any more, and is skipped."),
)

_HEAD = """\
# The settings of this site. Every setting has a default; what is commented out shows it, or an example.
# An environment variable wins over the file: smtp.password is NEWSLETTER_SMTP_PASSWORD.

# Where papers are pulled from, in order. `newsletter sources --help` shows every kind, and what may be set.
[[sources]]
kind = "huggingface"

# [[sources]]
# kind = "arxiv"
# follow = ["cs.CL", "cs.LG", 'ti:"in-context learning"']
"""


def new_config() -> str:
    """Return the newsletter.toml that a new site begins with: every setting, with its line of help."""
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        before, (group, key) = group, setting.name.split(".")
        if group != before:
            # Naming a server is what asks it, and what sends mail for real: its whole group is commented out.
            lines += ["", f"# [{group}]" if group in ("smtp", "summaries") else f"[{group}]"]
        shown = json.dumps(setting.shipped or setting.default or setting.example, ensure_ascii=False)
        lines += [f"# {setting.help}", f"{'' if setting.shipped else '# '}{key} = {shown}"]
    lines += [
        "",
        "# [ranking]",
        "# What counts how much in a paper's score; newsletter/weights.py says what each is.",
    ]
    lines += [f"# {field.name} = {field.default}" for field in fields(Weights)]
    return _HEAD + "\n".join(lines) + "\n"


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
class DeliverySettings:
    """How an edition is brought to its readers."""

    #: What is done with messages of which nobody knows whether they arrived: "resend" or "hold".
    in_doubt: str = "resend"
    #: What could not be sent for so long is not sent any more.
    max_age_hours: int = 72


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one site, checked."""

    site: Site
    site_name: str
    site_url: str | None
    sender: Sender
    cron: str
    smtp: SmtpSettings | None
    delivery: DeliverySettings
    outbox: Path
    #: What `newsletter pull` and `run` ask, in order.
    sources: tuple[Source, ...]
    #: What counts how much in a paper's score.
    weights: Weights
    design: Design
    #: Whom to ask for summaries, if anybody.
    summaries: SummarySettings | None


def load_config(site: Site, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a site's settings.

    Raises:
        ConfigError: A setting is unknown or wrong; names file, setting and why.
    """
    table = _read(site.config)
    try:
        sources = _sources(table.pop("sources", []), environ)
        weights = replace(Weights(), **check_weights(table.pop("ranking", {})))
        return _config(site, _settings(table, environ), sources, weights)
    except (ConfigError, ProfileError, SourceError) as error:
        raise ConfigError(f"{site.config}: {error.message}", hint=error.hint) from error


def check_sender(config: Config) -> None:
    """Refuse to send real mail under the names that a new site comes with (RFC 2606 keeps them for examples).

    Raises:
        ConfigError: The sender's address or the site's address is still the example's.
    """
    if config.smtp is None or config.smtp.is_loopback:
        return
    for setting, host in (("sender.address", config.sender.domain), ("site.url", _host(config.site_url))):
        if host.endswith((".example", ".invalid", ".test")) or host in ("example", "localhost"):
            raise ConfigError(
                f"{config.site.config}: {setting} is still the example's, and mail goes to {config.smtp}",
                hint="set your own" + (", or take it out: then readers leave by mail" if setting == "site.url" else ""),
            )


def _host(url: str | None) -> str:
    return urlsplit(url).hostname or "" if url else ""


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def _settings(table: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting's value by name: the environment's, else the file's, else the default."""
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
    return {name: _checked(setting, values.get(name, setting.default)) for name, setting in known.items()}


def _checked(setting: Setting, value: Any) -> str | int | None:
    if value is None or value == "":
        return setting.default
    if isinstance(setting.default, int):
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not int(setting.default > 0) <= value <= 65535:
            raise ConfigError(
                f"{setting.name}: a whole number from {int(setting.default > 0)} to 65535 is expected, not {value!r}"
            )
        return value
    if not isinstance(value, str):
        shown = "a secret that is none" if setting.name.endswith((".password", ".key")) else repr(value)
        raise ConfigError(f"{setting.name}: text is expected, not {shown}")
    if setting.choices and value not in setting.choices:
        raise ConfigError(f"{setting.name}: one of {', '.join(setting.choices)} is expected, not {value!r}")
    return value


def _sources(rows: Any, environ: Mapping[str, str]) -> tuple[Source, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError('sources: tables are expected, as in [[sources]] with kind = "huggingface"')
    sources: dict[str, Source] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row.get("kind"), str):
            raise ConfigError(f"sources: number {number} has no kind", hint='as in kind = "huggingface"')
        source = make_source(find_source(row["kind"]), {n: v for n, v in row.items() if n != "kind"}, environ)
        sources.setdefault(label_of(source), source)
    return tuple(sources.values())


def _config(site: Site, values: dict[str, Any], sources: tuple[Source, ...], weights: Weights) -> Config:
    return Config(
        site=site,
        site_name=values["site.name"],
        site_url=_site_url(values["site.url"]),
        sender=Sender(
            name=values["sender.name"] or values["site.name"],
            address=_address("sender.address", values["sender.address"]),
            reply_to=_address("sender.reply_to", values["sender.reply_to"] or values["sender.address"]),
            postal_address=values["sender.postal_address"],
        ),
        cron=values["schedule.cron"],
        smtp=SmtpSettings(
            host=values["smtp.host"],
            port=values["smtp.port"],
            security=values["smtp.security"],
            username=values["smtp.username"],
            password=values["smtp.password"],
            timeout_s=values["smtp.timeout"],
            login=values["smtp.login"],
            connections=values["smtp.connections"],
            per_connection=values["smtp.per_connection"],
            per_second=values["smtp.per_second"],
            per_hour=values["smtp.per_hour"],
            per_domain=values["smtp.per_domain"],
        )
        if values["smtp.host"]
        else None,
        delivery=DeliverySettings(values["delivery.in_doubt"], values["delivery.max_age_hours"]),
        outbox=site.root / values["outbox.path"],
        sources=sources,
        weights=weights,
        design=_design(values),
        summaries=_summaries(values),
    )


def _summaries(values: dict[str, Any]) -> SummarySettings | None:
    if not values["summaries.base_url"]:
        return None
    if not re.match(r"https?://[^\s/]+", values["summaries.base_url"]):
        raise ConfigError("summaries.base_url: an address is expected, as in http://localhost:11434/v1")
    if not values["summaries.model"]:
        raise ConfigError("summaries.model: missing", hint="name the endpoint's model")
    languages = tuple(one.strip() for one in values["summaries.languages"].split(",") if one.strip())
    if wrong := next((one for one in languages if one not in LANGUAGES), None):
        raise ConfigError(f"summaries.languages: {wrong!r} is none of {', '.join(LANGUAGES)}")
    return SummarySettings(
        base_url=values["summaries.base_url"],
        model=values["summaries.model"],
        key=values["summaries.key"],
        languages=languages,
        budget=values["summaries.budget"],
    )


def _design(values: dict[str, Any]) -> Design:
    if not is_colour(values["design.accent"]):
        raise ConfigError(f"design.accent: a colour is expected, as in {ACCENT}, not {values['design.accent']!r}")
    logo = values["design.logo"] or ""
    if logo and not (logo.startswith("https://") and logo.isprintable() and " " not in logo):
        raise ConfigError(f"design.logo: an https address is expected, not {logo!r}")
    return Design(make_palette(values["design.accent"]), logo, values["design.thumbnails"] == "yes")


def _site_url(text: str | None) -> str | None:
    """Return the address without a slash at its end; it goes into headers, so only plain characters may be in it."""
    if text is None:
        return None
    if not re.fullmatch(r"https?://[\w.-]+(?::\d+)?(?:/[\w./~%-]*)?", text, re.ASCII):
        raise ConfigError(f"site.url: an address is expected, as in https://papers.example.org, not {text!r}")
    return text.rstrip("/")


def _address(setting: str, text: str) -> str:
    try:
        address = check_email(text)
    except ProfileError as error:
        raise ConfigError(f"{setting}: {error.message.removeprefix('email: ')}") from error
    if not address.rpartition("@")[0].isascii():
        raise ConfigError(f"{setting}: {text!r}: mail servers that take no SMTPUTF8 could not be written to from here")
    return address
