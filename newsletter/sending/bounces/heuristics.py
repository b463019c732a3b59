"""Reports of servers that know no RFC 3464: a daemon's words in plain text, and what is no report at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from newsletter.sending.bounces.mime import Part, address_in, field, parts_of, text_of

#: Who writes reports.
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post-?master|mail[ -]?(?:delivery|system|daemon|administrator)|^mdaemon|system administrator"
    r"|^mailsystem|^no-?reply-?bounce|^bounces?@|mail-?er@|^smtp@",
    re.IGNORECASE,
)
#: What a server says that is not done yet.
_STILL_TRIED = re.compile(
    r"warning message only|warning only|no need to (?:resend|retry)|(?:do|need) not (?:need to )?resend"
    r"|still (?:be )?tr(?:y|ied)"
    r"|will (?:be (?:retried|attempted)|continue|keep|retry|try)|has not yet been delivered|delivery (?:is )?delayed"
    r"|could not be delivered for \d+ hours|^subject:.*\b(?:delayed|warning|verzögert)",
    re.IGNORECASE | re.MULTILINE,
)
_ABSENT = re.compile(
    r"out of (?:the )?office|auto(?:matic(?:ally)?)?[ -]?(?:reply|response|generated)|vacation|on holiday|on leave"
    r"|abwesen|automatische antwort|absen(?:t|ce)|réponse automatique|respuesta autom|fuera de (?:la )?oficina"
    r"|resposta autom|risposta automatica|автоответ|自动回复|自動返信|不在",
    re.IGNORECASE,
)
#: What stands above the mail that a report gives back in plain text.
_QUOTED = re.compile(
    r"^(?:-+ ?(?:below this line|original message|this is a copy|returned message|the header|unsent message"
    r"|begin message|message header)|received: from |return-path: <).*",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_ID = re.compile(r"^[> \t]{0,8}Message-ID:\s{0,80}(<[^\s<>]{1,900}>)", re.IGNORECASE | re.MULTILINE)
#: The detectors read with regular expressions that are not ours: they get no more than a report needs.
_MOST_CHARACTERS = 65536


def is_reply(mail: Part) -> bool:
    """Whether a program answered for a reader who is away or has moved (RFC 3834), and no server reports."""
    if field(mail, "X-Failed-Recipients") or _from_daemon(mail):
        return False
    marks = [
        field(mail, "Auto-Submitted").casefold().startswith("auto-"),
        bool(field(mail, "X-Autoreply") or field(mail, "X-Autorespond")),
        field(mail, "X-Auto-Response-Suppress").casefold() == "all",
        field(mail, "Precedence").casefold() in ("auto_reply", "auto-reply", "bulk", "list", "junk"),
        bool(_ABSENT.search(field(mail, "Subject"))),
    ]
    return any(marks)


def failures(mail: Part) -> Iterator[tuple[str, str]]:
    """Yield each address that a daemon's mail gives up on, and the daemon's words on it. Never raises."""
    if is_reply(mail) or not _is_report(mail):
        return
    response = words_of(mail)
    if _STILL_TRIED.search(f"subject: {field(mail, 'Subject')}\n{response}") or _ABSENT.search(field(mail, "Subject")):
        return
    found = _named(mail) or _detected(mail) or _addressed(response)
    for email in sorted(found)[:50]:
        yield email, _about(email, response)


def words_of(mail: Part) -> str:
    """Return what the report says in words for people, without the mail that it gives back."""
    text = next((text_of(part) for part in parts_of(mail) if part.get_content_type() == "text/plain"), "")
    if not text:
        pages = (text_of(part) for part in parts_of(mail) if part.get_content_type() == "text/html")
        text = re.sub(r"<[^<>@]{0,500}>", " ", next(pages, "")[:_MOST_CHARACTERS])
    return _above(text[:_MOST_CHARACTERS])


def quoted_message_id(mail: Part) -> str | None:
    """Return the Message-ID of a mail that a report quotes in its text, or None."""
    for part in parts_of(mail):
        if part.get_content_maintype() == "text" and (found := _QUOTED_ID.search(text_of(part)[:_MOST_CHARACTERS])):
            return found[1]
    return None


def _is_report(mail: Part) -> bool:
    """Whether a server wrote it: people quote reports, and their mail would read the same."""
    nobody = field(mail, "Return-Path") == "<>" and not field(mail, "In-Reply-To")
    return bool(field(mail, "X-Failed-Recipients")) or _from_daemon(mail) or nobody


def _from_daemon(mail: Part) -> bool:
    sender = field(mail, "From")
    return bool(_DAEMON.search(sender) or _DAEMON.search(address_in(sender) or ""))


def _above(text: str) -> str:
    cut = _QUOTED.search(text)
    return text[: cut.start()] if cut and cut.start() > 0 else text


def _named(mail: Part) -> set[str]:
    told = field(mail, "X-Failed-Recipients").split(",")
    return {address for text in told if (address := address_in(text))}


def _detected(mail: Part) -> set[str]:
    """Return the addresses that flufl.bounce finds; none where it is not installed."""
    try:
        from flufl.bounce import all_failures  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        return set()
    small = Message()
    for name, value in mail.items():
        small[name] = value
    try:
        temporary, permanent = all_failures(mail if len(str(mail)) <= 4 * _MOST_CHARACTERS else small)
    except Exception:  # noqa: BLE001 - detectors of others on hostile mail: what they raise is not documented
        return set()
    told = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in temporary | permanent)
    return {address for text in told if (address := address_in(text))}


def _addressed(response: str) -> set[str]:
    """Return the address that a report of no known form begins with, if it gives something up."""
    if not _GIVEN_UP.search(response):
        return set()
    first = address_in(response)
    return {first} if first else set()


_GIVEN_UP = re.compile(
    r"(?:could|can|was)(?: ?not|n[’']t)\b.{0,30}\bdeliver|undeliver|not delivered|returned to sender"
    r"|deliver\w* (?:\w+ ){0,3}fail|failed|rejected|nicht zugestellt|unzustellbar|n[’']a pas pu être"
    r"|no (?:se )?(?:ha )?p(?:udo|odido)|не (?:может|удалось)|не доставлено"
    r"|non è stato possibile|não foi possível|退信|无法|できません",
    re.IGNORECASE | re.DOTALL,
)


def _about(email: str, response: str) -> str:
    """Return the words from where they name the address on: before it stands what all reports of a server say."""
    at = response.casefold().find(email.casefold())
    told = response[max(at, 0) :][:2000]
    return told if len(told) > len(email) + 20 else response[:2000]
