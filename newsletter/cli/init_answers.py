"""What `newsletter init` asks, and what becomes of the answers: settings, and the first profile."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from newsletter.errors import ProfileError, RequestError

#: [USER@]HOST[:PORT]; the user may be an address itself.
_SERVER = re.compile(
    r"(?:(?P<scheme>smtps?)://)?(?:(?P<user>\S+)@)?(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_ARXIV = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
_ZONES = "/zoneinfo/"


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to the five questions, as they are typed; None for one that was not given."""

    email: str | None = None
    #: None: not said; empty: the trending papers.
    topics: tuple[str, ...] | None = None
    arxiv: tuple[str, ...] | None = None
    #: The fields of a profile that say when.
    when: Mapping[str, Any] = field(default_factory=dict)
    #: [USER@]HOST[:PORT]
    smtp: str | None = None


def ask(given: Answers) -> Answers:
    """Ask what was not given, on the terminal, until each answer is one.

    Raises:
        click.Abort: Ctrl-C.
    """
    click.echo("Five questions; Enter takes what is in brackets, and all can be changed later.")
    if given.email is None:
        given = replace(given, email=_asked("1. Your email address, or nothing for now", "", read_email) or None)
    if given.email and given.topics is None:
        text = "2. Your topics, separated by ; (names or queries; nothing for the trending papers)"
        given = replace(given, topics=_asked(text, "", read_topics))
    if given.arxiv is None:
        text = "3. arXiv categories beside Hugging Face's daily papers, as in cs.CL cs.LG"
        given = replace(given, arxiv=_asked(text, "", read_arxiv))
    if given.email and not {"cadence", "hour"} & given.when.keys():
        zone = given.when.get("time_zone", local_time_zone())
        text = f"4. How often and from which hour, {zone} (daily, weekdays, weekly, monthly)"
        given = replace(given, when={**given.when, **_asked(text, "daily 8", read_when)})
    if given.smtp is None:
        text = "5. Your mail server as USER@HOST:PORT, or nothing: mail goes into the folder outbox/"
        given = replace(
            given, smtp=_asked(text, "", lambda typed: typed if not typed or server(typed) else None) or None
        )
    return given


def _asked(question: str, default: str, read: Callable[[str], Any]) -> Any:
    """Return what `read` makes of an answer, which is asked for until it raises no error."""

    def value(text: str) -> Any:
        try:
            return read(text.strip())
        except (ProfileError, RequestError) as error:
            raise click.UsageError(str(error)) from error

    return click.prompt(question, default=default, show_default=bool(default), value_proc=value)


def read_email(text: str) -> str:
    """Return an address in its normal form, or "".

    Raises:
        ProfileError: It is not one.
    """
    from newsletter.models.addresses import parse_address

    return parse_address(text, allow_local=True) if text else ""


def read_topics(text: str) -> tuple[str, ...]:
    """Return the topics of a line.

    Raises:
        ProfileError: One is not valid.
    """
    from newsletter.subscribers.profiles import make_profile

    topics = tuple(one.strip() for one in text.split(";") if one.strip())
    make_profile({"topics": _topic_values(topics)}, {})
    return topics


def read_arxiv(text: str) -> tuple[str, ...]:
    """Return the arXiv categories of a line.

    Raises:
        RequestError: One does not look like a category.
    """
    names = tuple(text.replace(",", " ").split())
    if wrong := next((name for name in names if not _ARXIV.fullmatch(name)), None):
        raise RequestError(f"{wrong!r} is no arXiv category", hint="for example cs.CL; see arxiv.org/category_taxonomy")
    return names


def read_when(text: str) -> dict[str, Any]:
    """Return the cadence and hour of "weekly 16", "daily at 8:00" or "monthly".

    Raises:
        ProfileError: It names no cadence, or something else.
    """
    from newsletter.subscribers.profiles import make_profile

    words = [word for word in text.casefold().replace(",", " ").split() if word not in ("at", "from")]
    fields: dict[str, Any] = {}
    for word in words:
        hour = re.fullmatch(r"([0-9]{1,2})(?::00)?", word)
        fields |= {"hour": int(hour[1])} if hour else {"cadence": word}
    make_profile(fields, {})
    return fields


def server(text: str) -> dict[str, str]:
    """Return the settings of a mail server as [USER@]HOST[:PORT]: 587 with STARTTLS, or 465 with TLS from the start.

    Without TLS only a server on this machine is used.

    Raises:
        RequestError: It has another form.
    """
    found = _SERVER.fullmatch(text)
    if found is None:
        raise RequestError(f"{text!r} is no mail server", hint="as in smtp.example.org:587, or USER@smtp.example.org")
    settings = {"smtp.host": found["host"].strip("[]")}
    if found["port"]:
        settings["smtp.port"] = found["port"]
    if found["scheme"] == "smtps" and not found["port"]:
        settings["smtp.port"] = "465"
    if settings.get("smtp.port") == "465":
        settings["smtp.security"] = "tls"
    elif settings["smtp.host"] in ("localhost", "127.0.0.1", "::1"):
        settings["smtp.security"] = "none"
    return settings | ({"smtp.username": found["user"]} if found["user"] else {})


def settings_of(
    answers: Answers, options: Mapping[str, str], current: Mapping[str, object]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the settings that the answers and options ask for, and those to unset; `current` are those of the file.

    The example's address gives way to the subscriber's own, and then the example's URL to no pages.

    Raises:
        RequestError: The mail server has another form.
    """
    settings = dict(options)
    if answers.smtp:
        settings |= server(answers.smtp)
    user = settings.get("smtp.username", "")
    address = user if "@" in user else answers.email
    if "sender.address" not in settings and _is_example(current.get("sender.address")) and address:
        settings["sender.address"] = address
    zone = profile_fields_of(answers)["time_zone"] if answers.email else "UTC"
    if zone != "UTC" and "schedule.time_zone" not in current:
        settings["schedule.time_zone"] = zone
    is_own = "sender.address" in settings and "site.url" not in settings
    return settings, ("site.url",) if is_own and _is_example(current.get("site.url")) else ()


def _is_example(value: object) -> bool:
    """Whether a setting is as a new site has it, under a domain that RFC 2606 reserves for examples."""
    return str(value).endswith("newsletter.example")


def profile_fields_of(answers: Answers) -> dict[str, Any]:
    """Return the fields of the first profile, as a file has them and `make_profile` takes them."""
    topics = {"topics": _topic_values(answers.topics)} if answers.topics else {}
    return {"time_zone": local_time_zone()} | dict(answers.when) | topics


def _topic_values(topics: tuple[str, ...]) -> list[Any]:
    from newsletter.topics.topic import read_topic_line

    return [*map(read_topic_line, topics)]


def local_time_zone() -> str:
    """Return the IANA name of this machine's time zone, from TZ or /etc/localtime; "UTC" if neither says one."""
    from zoneinfo import available_timezones

    linked = str(Path("/etc/localtime").resolve())
    name = os.environ.get("TZ", "").lstrip(":") or linked.partition(_ZONES)[2]
    is_named = name in available_timezones() and not name.endswith("UTC")  # as in Etc/UTC
    return name if is_named else "UTC"
