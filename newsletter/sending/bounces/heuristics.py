"""Heuristic parsing of bounces that do not follow RFC 3464, and detection of automatic replies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message
from itertools import islice

from newsletter.limits import MAIL_ADDRESSES, MAIL_LINE, MAIL_LINES, MAIL_PARTS, MAIL_TEXT
from newsletter.mailboxes.mime import Part, address_in, field, parts_of, text_of

#: Senders of bounces.
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post-?master|mail[ -]?(?:delivery|system|daemon|administrator)|^mdaemon|system administrator"
    r"|^mailsystem|^no-?reply-?bounce|^bounces?@|mail-?er@|^smtp@",
    re.IGNORECASE,
)
#: The message is delayed: the server keeps trying.
_DELAYED = re.compile(
    r"warning message only|warning only|no need to (?:resend|retry)|(?:do|need) not (?:need to )?resend"
    r"|still (?:be )?tr(?:y|ied)"
    r"|will (?:be (?:retried|attempted)|continue|keep|retry|try)|has not yet been delivered|delivery (?:is )?delayed"
    r"|could not be delivered for \d+ hours|^subject:.*\b(?:delayed|warning|verzögert)",
    re.IGNORECASE | re.MULTILINE,
)
_OUT_OF_OFFICE = re.compile(
    r"out of (?:the )?office|auto(?:matic(?:ally)?)?[ -]?(?:reply|response|generated)|vacation|on holiday|on leave"
    r"|abwesen|automatische antwort|absen(?:t|ce)|réponse automatique|respuesta autom|fuera de (?:la )?oficina"
    r"|resposta autom|risposta automatica|автоответ|自动回复|自動返信|不在",
    re.IGNORECASE,
)
#: The message could not be delivered.
_FAILED = re.compile(
    r"(?:could|can|was)(?: ?not|n[’']t)\b.{0,30}\bdeliver|undeliver|not delivered|returned to sender"
    r"|deliver\w* (?:\w+ ){0,3}fail|failed|rejected|nicht zugestellt|unzustellbar|n[’']a pas pu être"
    r"|no (?:se )?(?:ha )?p(?:udo|odido)|не (?:может|удалось)|не доставлено"
    r"|non è stato possibile|não foi possível|退信|无法|できません",
    re.IGNORECASE | re.DOTALL,
)
#: The line above the quoted original message.
_QUOTED = re.compile(
    r"^(?:-+ ?(?:below this line|original message|this is a copy|returned message|the header|unsent message"
    r"|begin message|message header)|received: from |return-path: <).*",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_ID = re.compile(r"^[> \t]{0,8}Message-ID:\s{0,80}(<[^\s<>]{1,900}>)", re.IGNORECASE | re.MULTILINE)
_MAX_RESPONSE = 2000


def is_auto_reply(message: Part) -> bool:
    """Whether it is an automatic reply (RFC 3834), such as an out-of-office message, and not a bounce."""
    if field(message, "X-Failed-Recipients") or _is_from_daemon(message):
        return False
    signs = [
        field(message, "Auto-Submitted").casefold().startswith("auto-"),
        bool(field(message, "X-Autoreply") or field(message, "X-Autorespond")),
        field(message, "X-Auto-Response-Suppress").casefold() == "all",
        field(message, "Precedence").casefold() in ("auto_reply", "auto-reply", "bulk", "list", "junk"),
        bool(_OUT_OF_OFFICE.search(field(message, "Subject"))),
    ]
    return any(signs)


def failed_recipients(message: Part) -> Iterator[tuple[str, str]]:
    """Yield each address that a bounce reports as failed, and the text about it. Never raises."""
    if is_auto_reply(message) or not _is_bounce(message):
        return
    subject, text = field(message, "Subject"), explanation(message)
    if _DELAYED.search(f"subject: {subject}\n{text}") or _OUT_OF_OFFICE.search(subject):
        return
    found = _from_header(message) or _from_detectors(message) or _from_text(text)
    for email in sorted(found)[:MAIL_ADDRESSES]:
        yield email, _text_about(email, text)


def explanation(message: Part) -> str:
    """Return the human-readable text of a bounce, without the original message that it quotes."""
    text = next((text_of(part) for part in parts_of(message) if part.get_content_type() == "text/plain"), "")
    if not text:
        pages = (text_of(part) for part in parts_of(message) if part.get_content_type() == "text/html")
        text = re.sub(r"<[^<>@]{0,500}>", " ", next(pages, "")[:MAIL_TEXT])
    return _without_quote(text[:MAIL_TEXT])


def quoted_message_id(message: Part) -> str | None:
    """Return the Message-ID of the original message that a bounce quotes in its text, or None."""
    for part in parts_of(message):
        if part.get_content_maintype() == "text" and (found := _QUOTED_ID.search(text_of(part)[:MAIL_TEXT])):
            return found[1]
    return None


def _is_bounce(message: Part) -> bool:
    """Whether a server sent it: people quote bounces, and the text of their messages reads the same."""
    has_null_sender = field(message, "Return-Path") == "<>" and not field(message, "In-Reply-To")
    return bool(field(message, "X-Failed-Recipients")) or _is_from_daemon(message) or has_null_sender


def _is_from_daemon(message: Part) -> bool:
    sender = field(message, "From")
    return bool(_DAEMON.search(sender) or _DAEMON.search(address_in(sender) or ""))


def _without_quote(text: str) -> str:
    cut = _QUOTED.search(text)
    return text[: cut.start()] if cut and cut.start() > 0 else text


def _from_header(message: Part) -> set[str]:
    return _addresses(field(message, "X-Failed-Recipients").split(","))


def _from_detectors(message: Part) -> set[str]:
    try:
        from flufl.bounce import all_failures  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        return set()
    headers_only = Message()
    for name, value in message.items():
        headers_only[name] = value
    try:
        temporary, permanent = all_failures(message if _is_short(message) else headers_only)
    except Exception:  # noqa: BLE001 - third-party detectors on hostile input: their exceptions are not documented
        return set()
    found = temporary | permanent
    return _addresses(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in found)


def _is_short(message: Part) -> bool:
    """Return whether the detectors, which try some forty patterns on each line, may look at all of a message."""
    parts = list(islice(message.walk(), MAIL_PARTS + 1))
    if len(parts) > MAIL_PARTS:
        return False
    lines = [line for part in parts for line in text_of(part).splitlines()]
    return len(lines) <= MAIL_LINES and all(len(line) <= MAIL_LINE for line in lines)


def _from_text(text: str) -> set[str]:
    """Return the first address of a bounce in an unknown format, if it reports a failure."""
    return _addresses([text]) if _FAILED.search(text) else set()


def _addresses(texts: Iterable[str]) -> set[str]:
    return {address for text in texts if (address := address_in(text))}


def _text_about(email: str, text: str) -> str:
    """Return the text from the address on; what comes before it is the same in all bounces of a server."""
    found = re.search(re.escape(email), text, re.IGNORECASE)
    about = text[found.start() if found else 0 :][:_MAX_RESPONSE]
    return about if len(about) > len(email) + 20 else text[:_MAX_RESPONSE]
