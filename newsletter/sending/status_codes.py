"""Bounce classification, by the enhanced status code (RFC 3463) or else by the text of the server's response.

A bounce is hard only if it states that the address does not exist. A full mailbox, a message that is too large, a
policy against us and any response that is not understood are soft bounces, and an address is suppressed only after
several of them.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What is reported of an address: a hard bounce, a soft bounce or a complaint."""

    #: The address does not exist: a permanent failure.
    HARD = "hard"
    #: The mailbox refused this message, and may accept the next.
    SOFT = "soft"
    #: The subscriber marked the message as spam.
    COMPLAINT = "complaint"


# With a digit, dot or letter before or after it, it is part of an IP address, a version or a name.
_ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\w.]*\d)")
#: Hard: all of 5.1 (bad address) except for the sender's (5.1.7, 5.1.8); disabled mailbox, unroutable, no such domain.
_HARD_CODES = re.compile(r"5\.(?:1\.(?!0$|7$|8$)\d+|2\.1$|4\.4$|4\.310$)")
#: Ambiguous: 5.4.1 means "no answer from host" in RFC 3463 and "no such recipient" in Exchange Online.
_AMBIGUOUS_CODES = re.compile(r"(?:$|5\.0\.\d+$|5\.1\.0$|5\.2\.0$|5\.3\.0$|5\.4\.[01]$|5\.5\.\d+$)")

_SOFT_PHRASES = re.compile(
    r"""quota | (?:mail)?box\ (?:is\ )?(?:too\ )?full | \bis\ full\b | over\s*limit
    | exceeded\ (?:its|the|their)\ (?:storage|max)
    | (?:insufficient|not\ enough|no|out\ of)\ (?:disk|system|storage|mailbox)?\s*(?:space|storage) | storage\ limit
    | too\ (?:large|big|long) | size\ (?:limit|exceed) | exceeds\ (?:the\ )?(?:maximum|size|limit) | message\ size
    | gr[ea]y-?list | try\ (?:again|later) | temporar(?:y|ily) | deferred | rate[ -]?limit | too\ (?:many|quickly|fast)
    | \bspam | blacklist | block\s?list | blocked | \brbl\b | spamhaus | reputation | policy | polic(?:ies|ing)
    | unsolicited | bulk | content\ (?:rejected|denied) | virus | malware | suspicious | \bspf\b | \bdkim\b | dmarc
    | not\ (?:authorized|authenticated|permitted) | authentication\ (?:required|failed) | relay(?:ing)?\ (?:denied|not)
    | time[d]?\s?-?\ ?out | expired | loop | hop\ count | connection\ (?:refused|lost|dropped|reset)
    | plein | satur[ée]e | voll\b | überschritten | ueberschritten | zu\ gro(?:ß|ss) | lleno | llena | supera\ el\ tama
    | переполнен | cheio | cheia | piena | 已满 | いっぱい | 容量""",
    re.IGNORECASE | re.VERBOSE,
)
_HARD_PHRASES = re.compile(
    r"""(?:user|recipient|mailbox|account|address|addressee|alias|inbox|person)(?:\ name)?
            (?:\ (?:\S{1,80}\ )?)?(?:is\ |was\ |has\ been\ )?(?:currently\ )?
            (?:unknown|not\ (?:known|found|exist(?:ing)?|valid|listed|recognized|active|local|available)|invalid|
            disabled|inactive|suspended|deactivated|unavailable|closed|terminated|discontinued|expired|
            undeliverable|no\ longer)
    | (?:unknown|invalid|inactive|bad|no\ such|nonexistent|non-existent|disabled|undeliverable|unrouteable|unroutable)
            \ (?:\w+\ )?(?:user|recipient|mailbox|account|address|person|local[- ]part|addressee|
            destination|domain|host)
    | (?:does|do|did)(?:\ not|n[’']t)\ (?:exist|have\ an?\ \S+\ account) | doesn[’']t\ have\ an?\ \S+\ account
    | no\ (?:mailbox|account|user|recipient|address|person)\ (?:here|by|with|at|found|named)
    | couldn[’']t\ find\ any\ host | name\ or\ service\ not\ known | host\ (?:or\ domain\ name\ )?(?:unknown|not\ found)
    | domain\ (?:name\ )?(?:not\ found|\S{0,80}\ ?(?:does\ not\ exist|couldn[’']t\ be\ found)) | no\ mx | null\ ?mx
    | not\ our\ customer | no\ longer\ (?:valid|available|active|in\ use|on\ (?:the\ )?server|work|employed|accept)
    | (?:wasn[’']t|couldn[’']t\ be|could\ not\ be|cannot\ be|was\ not|not)\ found(?:\ (?:at|in|on)\b|\.|$)
    | not\ listed\ in | unknown\ in\ (?:virtual|local|relay) | cannot\ find\ (?:the\ )?(?:user|recipient)
    | address\ rejected:\ access\ denied | utilisateur\ inconnu
    | adresse?\ (?:inconnue|d.au\ moins.*invalide|inexistante)
    | destinataire\ inconnu | boîte\ .{0,20}inexistante | unbekannt | existiert\ nicht | nicht\ gefunden | no\ existe
    | desconocido | nu\ existe | não\ existe | inesistente | не\ существует | не\ найден | 不存在 | 見つかりません
    | ユーザーは存在しません | 存在しません""",
    re.IGNORECASE | re.VERBOSE,
)


def code_in(text: str) -> str:
    """Return the first enhanced status code (RFC 3463) in a text, as in "5.1.1", or ""."""
    match = _ENHANCED.search(text)
    return ".".join(str(int(part)) for part in match.groups()) if match else ""


def classify_bounce(status: str, response: str) -> tuple[Kind, str]:
    """Return the kind of a bounce and its enhanced status code, or "".

    Args:
        status: The Status field of the report, or "". Where its code is ambiguous, the one in the response counts.
        response: The server's response, or other text that explains the failure.
    """
    code, response_code = code_in(status), code_in(response)
    if response_code and _AMBIGUOUS_CODES.match(code):
        code = response_code
    if _AMBIGUOUS_CODES.match(code):
        return _classify_text(response), code
    return (Kind.HARD if _HARD_CODES.match(code) else Kind.SOFT), code


def _classify_text(response: str) -> Kind:
    # Soft phrases win: "mailbox unavailable, quota exceeded" is about a mailbox that exists.
    is_hard = not _SOFT_PHRASES.search(response) and _HARD_PHRASES.search(response)
    return Kind.HARD if is_hard else Kind.SOFT
