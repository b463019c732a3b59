"""newsletter.toml and NEWSLETTER_* → one table of settings → the typed settings of each package."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

from newsletter.config.cron import check_cron
from newsletter.config.environment import set_by, unknown_variables
from newsletter.config.mailboxes import further_mailboxes
from newsletter.config.model import (
    BackupSettings,
    Config,
    DeliverySettings,
    Design,
    DkimSettings,
    InDoubtPolicy,
    LogLevel,
    OperatorSettings,
    RetentionSettings,
    SummarySettings,
    WebhookSettings,
)
from newsletter.config.obsolete import upgrade_environment, upgrade_relay, upgrade_source, upgrade_table
from newsletter.config.passwords import is_hash_valid
from newsletter.config.schema import read_settings
from newsletter.config.timing import SourceTiming, split_timing
from newsletter.errors import ConfigError, ProfileError, SourceError
from newsletter.files.site import Site
from newsletter.files.toml_file import read_toml
from newsletter.models.addresses import parse_address
from newsletter.models.database_url import DatabaseUrl
from newsletter.models.languages import LANGUAGES
from newsletter.models.value_types import TimeZone
from newsletter.models.weights import Weights, check_weights
from newsletter.rendering.colours import ACCENT, is_colour, make_palette
from newsletter.rendering.message import Sender
from newsletter.sending.bounces.settings import BounceSettings, Mailbox
from newsletter.sending.smtp.settings import Login, Security, SmtpSettings
from newsletter.sources import Source, find_source
from newsletter.sources.settings import declared, label_of, make_source


def load_config(site: Site, environ: Mapping[str, str] = os.environ) -> Config:
    """Load and validate a site's settings.

    Raises:
        ConfigError: A setting is unknown or invalid; the message names the file, the setting and the reason.
    """
    return read_config(site, read_toml(site.config, ConfigError), environ)


def read_config(site: Site, content: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """Validate the content of a site's newsletter.toml, which need not be written yet.

    Raises:
        ConfigError: As for `load_config`.
    """
    table, notices = upgrade_table(content)
    unknown = tuple(unknown_variables(environ))
    environ, more = upgrade_environment(environ)
    try:
        relays, renamed_of_relays = _relays(table.pop("relays", []), environ)
        sources, timings, renamed = _sources(table.pop("sources", []), environ)
        weights = replace(Weights(), **check_weights(table.pop("ranking", {})))
        mailboxes = further_mailboxes(table.pop("mailboxes", []), site, environ)
        settings = _config(site, read_settings(table, environ), sources, weights, relays, mailboxes)
        notices = [*notices, *renamed_of_relays, *renamed, *more]
        return replace(settings, timings=timings, obsolete=tuple(notices), unknown_variables=unknown)
    except (ConfigError, ProfileError, SourceError) as error:
        hints = (set_by(error.message.partition(":")[0], environ), error.hint)
        raise ConfigError(f"{site.config}: {error.message}", hint="; ".join(filter(None, hints)) or None) from error


def check_sender(config: Config) -> None:
    """Refuse to send real mail under the example names of a new site, which RFC 2606 and RFC 6761 reserve.

    Raises:
        ConfigError: sender.address or site.url has a reserved domain, and mail would go to a real server.
    """
    if config.smtp is None or config.smtp.is_loopback:
        return
    for setting, host in (("sender.address", config.sender.domain), ("site.url", _host(config.site_url))):
        if host.endswith((".example", ".invalid", ".test")) or host in ("example", "localhost"):
            raise ConfigError(
                f"{config.site.config}: {setting} is still the example's, but mail would go to {config.smtp}",
                hint="set your own"
                + (", or remove it: subscribers then unsubscribe by email" if setting == "site.url" else ""),
            )


def _web_password(configured: str | None) -> str | None:
    if configured is not None and not is_hash_valid(configured):
        raise ConfigError("web.password: invalid hash", hint="newsletter web hash-password prints a valid one")
    return configured


def _host(url: str | None) -> str:
    return urlsplit(url).hostname or "" if url else ""


def _sources(rows: Any, environ: Mapping[str, str]) -> tuple[tuple[Source, ...], dict[str, SourceTiming], list[str]]:
    """Return the sources, their timings by label, and a line about each obsolete name among their settings."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("sources: expected tables", hint='for example [[sources]] with kind = "huggingface"')
    sources: dict[str, Source] = {}
    timings: dict[str, SourceTiming] = {}
    notices: dict[str, None] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row.get("kind"), str):
            raise ConfigError(f"sources: entry {number}: missing kind", hint='for example kind = "huggingface"')
        kind = find_source(row["kind"])
        table, obsolete = upgrade_source({n: v for n, v in row.items() if n != "kind"}, declared(kind))
        notices |= dict.fromkeys(obsolete)
        timing, table = split_timing(kind.name, table, declared(kind))
        source = make_source(kind, table, environ)
        label = label_of(source)
        sources.setdefault(label, source)
        timings.setdefault(label, timing)
    return tuple(sources.values()), timings, [*notices]


def _relays(rows: Any, environ: Mapping[str, str]) -> tuple[tuple[SmtpSettings, ...], list[str]]:
    """Return the fallback mail servers, and a line about each obsolete name among their settings.

    NEWSLETTER_RELAY_1_PASSWORD is the password of the first.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("relays: expected tables", hint='for example [[relays]] with host = "smtp.example.net"')
    relays = []
    notices: dict[str, None] = {}
    for number, row in enumerate(rows, start=1):
        table, obsolete = upgrade_relay(row)
        notices |= dict.fromkeys(obsolete)
        password = environ.get(f"NEWSLETTER_RELAY_{number}_PASSWORD")
        try:
            found = _smtp(read_settings({"smtp": table}, {"NEWSLETTER_SMTP_PASSWORD": password} if password else {}))
        except ConfigError as error:
            raise ConfigError(f"relays: entry {number}: {error.message}", hint=error.hint) from error
        if found is None:
            raise ConfigError(f"relays: entry {number}: missing host", hint='for example host = "smtp.example.net"')
        relays.append(found)
    return tuple(relays), [*notices]


def _config(
    site: Site,
    values: dict[str, Any],
    sources: tuple[Source, ...],
    weights: Weights,
    relays: tuple[SmtpSettings, ...],
    mailboxes: tuple[Mailbox, ...],
) -> Config:
    sender = _sender(values)
    return Config(
        site=site,
        database=_database(values["database.url"]),
        site_name=values["site.name"],
        site_url=_site_url(values["site.url"]),
        site_language=values["site.language"],
        sender=sender,
        cron=check_cron(values["schedule.cron"]),
        time_zone=_time_zone(values["schedule.time_zone"]),
        wait_minutes=values["schedule.wait_minutes"],
        smtp=_smtp(values),
        relays=relays,
        dkim=_dkim(values, site, sender),
        delivery=DeliverySettings(
            in_doubt=InDoubtPolicy(values["delivery.in_doubt"]),
            max_age_hours=values["delivery.max_age_hours"],
            senders=values["delivery.senders"],
        ),
        backup=BackupSettings(
            site.root / values["backup.path"],
            values["backup.keep"],
            check_cron(values["backup.cron"], "backup.cron") if values["backup.cron"] else None,
        ),
        retention=_retention(values),
        bounce_address=_address("bounces.address", values["bounces.address"]) if values["bounces.address"] else None,
        bounces=_bounces(values, site, mailboxes),
        webhooks=WebhookSettings(**{one.name: values[f"webhooks.{one.name}"] for one in fields(WebhookSettings)}),
        web_password=_web_password(values["web.password"]),
        web_signups_per_hour=values["web.signups_per_hour"],
        operator=_operator(values, site),
        log_path=site.root / values["log.path"] if values["log.path"] else None,
        log_addresses=values["log.addresses"],
        log_level=LogLevel(values["log.level"]),
        log_max_mb=values["log.max_mb"],
        log_keep=values["log.keep"],
        outbox=site.root / values["outbox.path"],
        sources=sources,
        weights=weights,
        design=_design(values),
        summaries=_summaries(values),
        signing_key=values["site.secret"],
        signing_key_file=site.root / values["site.secret_file"] if values["site.secret_file"] else None,
    )


#: No edition that may still become due is pruned, and no soft bounce that still counts.
_MIN_DAYS = {"digests_days": 7, "deliveries_days": 100, "papers_days": 100, "events_days": 31}


def _retention(values: dict[str, Any]) -> RetentionSettings:
    days = {one.name: values[f"retention.{one.name}"] for one in fields(RetentionSettings)}
    for name, minimum in _MIN_DAYS.items():
        if 0 < days[name] < minimum:
            raise ConfigError(f"retention.{name}: expected 0, or {minimum} or more, not {days[name]}")
    return RetentionSettings(**days)


def _sender(values: dict[str, Any]) -> Sender:
    return Sender(
        name=values["sender.name"] or values["site.name"],
        address=_address("sender.address", values["sender.address"]),
        reply_to=_address("sender.reply_to", values["sender.reply_to"] or values["sender.address"]),
        postal_address=values["sender.postal_address"],
    )


def _smtp(values: dict[str, Any]) -> SmtpSettings | None:
    if not values["smtp.host"]:
        return None
    return SmtpSettings(
        host=values["smtp.host"],
        port=values["smtp.port"],
        security=Security(values["smtp.security"]),
        username=values["smtp.username"],
        password=values["smtp.password"],
        timeout_s=values["smtp.timeout"],
        login=Login(values["smtp.login"]),
        connections=values["smtp.connections"],
        max_messages_per_connection=values["smtp.max_messages_per_connection"],
        max_per_second=values["smtp.max_per_second"],
        max_per_hour=values["smtp.max_per_hour"],
        max_per_second_per_domain=values["smtp.max_per_second_per_domain"],
    )


def _dkim(values: dict[str, Any], site: Site, sender: Sender) -> DkimSettings:
    keys = []
    for selector, key in (("dkim.selector", "dkim.key"), ("dkim.ed25519_selector", "dkim.ed25519_key")):
        if bool(values[selector]) != bool(values[key]):
            missing = selector if values[key] else key
            raise ConfigError(f"{missing}: missing", hint="a signature needs a selector and a key")
        if values[selector]:
            keys.append((values[selector], site.root / values[key]))
    return DkimSettings(values["dkim.domain"] or sender.domain, tuple(keys))


def _bounces(values: dict[str, Any], site: Site, mailboxes: tuple[Mailbox, ...]) -> BounceSettings:
    return BounceSettings(
        soft_limit=values["bounces.soft_limit"],
        maildir=site.root / values["bounces.maildir"] if values["bounces.maildir"] else None,
        imap_host=values["bounces.imap_host"],
        imap_port=values["bounces.imap_port"],
        imap_username=values["bounces.imap_username"],
        imap_password=values["bounces.imap_password"],
        imap_folder=values["bounces.imap_folder"],
        further=mailboxes,
    )


def _operator(values: dict[str, Any], site: Site) -> OperatorSettings:
    url, path = values["operator.heartbeat_url"], values["operator.metrics_file"]
    if url and not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", url):
        raise ConfigError("operator.heartbeat_url: expected a URL", hint="for example https://hc-ping.com/YOUR-UUID")
    return OperatorSettings(
        email=_address("operator.email", values["operator.email"]) if values["operator.email"] else None,
        heartbeat_url=url,
        metrics_file=site.root / path if path else None,
    )


def _summaries(values: dict[str, Any]) -> SummarySettings | None:
    if not values["summaries.base_url"]:
        return None
    if not re.match(r"https?://[^\s/]+", values["summaries.base_url"]):
        raise ConfigError("summaries.base_url: expected a URL", hint="for example http://localhost:11434/v1")
    if not values["summaries.model"]:
        raise ConfigError("summaries.model: missing", hint="set the name of a model that the endpoint offers")
    languages = tuple(one.strip() for one in values["summaries.languages"].split(",") if one.strip())
    if wrong := next((one for one in languages if one not in LANGUAGES), None):
        raise ConfigError(f"summaries.languages: unknown language {wrong!r}", hint=f"known: {', '.join(LANGUAGES)}")
    return SummarySettings(
        base_url=values["summaries.base_url"],
        model=values["summaries.model"],
        key=values["summaries.key"],
        languages=languages,
        budget=values["summaries.budget"],
    )


def _design(values: dict[str, Any]) -> Design:
    if not is_colour(values["design.accent"]):
        raise ConfigError(
            f"design.accent: expected a colour, not {values['design.accent']!r}", hint=f"for example {ACCENT}"
        )
    logo = values["design.logo"] or ""
    if logo and not (logo.startswith("https://") and logo.isprintable() and " " not in logo):
        raise ConfigError(f"design.logo: expected an https URL, not {logo!r}")
    return Design(make_palette(values["design.accent"]), logo, values["design.thumbnails"])


def _time_zone(name: str) -> str:
    """Return the name of a time zone that is known.

    Raises:
        ConfigError: It is not.
    """
    try:
        return str(TimeZone().check(name))
    except ValueError as error:
        raise ConfigError(f"schedule.time_zone: {error}") from None


def _database(text: str | None) -> DatabaseUrl | None:
    """Return the address of the database, which no message shows: it may have a password.

    Raises:
        ConfigError: It is not one of PostgreSQL.
    """
    try:
        return DatabaseUrl(text) if text else None
    except ValueError as error:
        raise ConfigError(f"database.url: {error}", hint="for example postgresql://papers@db.example/papers") from None


def _site_url(text: str | None) -> str | None:
    """Return the URL without a trailing slash; it goes into headers, so it may hold ASCII characters only."""
    if text is None:
        return None
    if not re.fullmatch(r"https?://[\w.-]+(?::\d+)?(?:/[\w./~%-]*)?", text, re.ASCII):
        raise ConfigError(f"site.url: expected a URL, not {text!r}", hint="for example https://papers.example.org")
    return text.rstrip("/")


def _address(setting: str, text: str) -> str:
    try:
        address = parse_address(text, allow_local=True)
    except ProfileError as error:
        raise ConfigError(f"{setting}: {error.message.removeprefix('email: ')}") from error
    if not address.rpartition("@")[0].isascii():
        raise ConfigError(
            f"{setting}: {text!r} needs SMTPUTF8, which many mail servers do not support", hint="use an ASCII address"
        )
    return address
