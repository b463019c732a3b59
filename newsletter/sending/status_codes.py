"""What a refusal means for the address: its code (RFC 3463), else its words, in the languages servers use.

Hard is only what says that the address is dead. A full mailbox, a message too big, a policy against us and
whatever is not understood are soft: they count, and end a subscription only when they keep coming.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What came back."""

    #: The address does not exist, and will not.
    HARD = "hard"
    #: The mailbox refused this time.
    SOFT = "soft"
    #: The reader called it spam.
    COMPLAINT = "complaint"


# A digit, a dot or a letter before or after makes it part of an IP address, a version or a name.
_ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\w.]*\d)")
#: Of the address: all of 5.1 but what is about the sender's (5.1.7, 5.1.8); disabled, unroutable, no such domain.
_HARD_CODES = re.compile(r"5\.(?:1\.(?!0$|7$|8$)\d+|2\.1$|4\.4$|4\.310$)")
#: These say too little: 5.4.1 is "no answer" to RFC 3463 and "no such recipient" to Exchange Online.
_VAGUE_CODES = re.compile(r"(?:$|5\.0\.\d+$|5\.1\.0$|5\.2\.0$|5\.3\.0$|5\.4\.[01]$|5\.5\.\d+$)")

_SOFT_WORDS = re.compile(
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
_HARD_WORDS = re.compile(
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


def code_in(words: str) -> str:
    """Return the first code of RFC 3463 in a text, as in "5.1.1", or ""."""
    match = _ENHANCED.search(words)
    return ".".join(str(int(part)) for part in match.groups()) if match else ""


def diagnose(status: str, words: str) -> tuple[Kind, str]:
    """Return what the refusal of one address means, and its code; `status` is the report's, if it has one.

    Where the report's own code says little, the one in the server's words counts.
    """
    code, said = code_in(status), code_in(words)
    if said and _VAGUE_CODES.match(code):
        code = said
    if _VAGUE_CODES.match(code):
        return (_kind_of_words(words), code)
    return (Kind.HARD if _HARD_CODES.match(code) else Kind.SOFT), code


def _kind_of_words(words: str) -> Kind:
    # Soft first: "mailbox unavailable, quota exceeded" is about a mailbox that is there.
    return Kind.HARD if not _SOFT_WORDS.search(words) and _HARD_WORDS.search(words) else Kind.SOFT
