"""Who is to blame for a response: one classification for the SMTP session, bounce reports and providers' webhooks.

    step, reply code, enhanced status code (RFC 3463), text → Cause

Only a response that states that the address or its domain does not exist suppresses the recipient. What it states of
our sender address or of a policy is never held against a subscriber, and neither is anything that holds "for now".
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum, auto


class Step(Enum):
    """The step of an SMTP conversation that a response belongs to."""

    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    #: The end of the message: the final dot after DATA, or BDAT LAST (RFC 3030).
    END_OF_DATA = auto()
    #: RSET, QUIT, and an empty message that no recipient gets: the reply does not matter.
    OTHER = auto()


class Cause(StrEnum):
    """What a refusal is about."""

    #: Our sender address, or our use of the server (no login, no relaying), is refused: no subscriber is to blame, and
    #: every message will be refused.
    SENDER = "sender refused"
    #: Our reputation, authentication or a policy of the server.
    POLICY = "policy"
    #: The mailbox, or its whole domain, does not exist or was closed for good.
    RECIPIENT_GONE = "recipient does not exist"
    #: The mailbox exists and takes no mail for now: full, disabled for a while, over a limit.
    MAILBOX_UNAVAILABLE = "mailbox unavailable"
    #: This message: its size, content or encoding.
    MESSAGE = "message refused"
    #: Greylisting, a rate limit, or a server that is busy.
    RATE_LIMIT = "rate limited"
    #: None of these, as far as can be told.
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What is reported of an address: a hard bounce, a soft bounce, a complaint, or that its owner unsubscribed."""

    #: The address does not exist: a permanent failure.
    HARD = "hard"
    #: The mailbox refused this message, and may accept the next.
    SOFT = "soft"
    #: The subscriber marked the message as spam.
    COMPLAINT = "complaint"
    #: The subscriber unsubscribed with the provider.
    UNSUBSCRIBE = "unsubscribe"


#: Longest text of a response that is looked at, in characters.
MAX_TEXT = 4000

# With a digit, dot or letter before or after it, it is part of an IP address, a version or a name.
_ENHANCED = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\w.]*\d)")
#: Codes that say nothing, or different things at different servers: the text decides, if it says anything.
#: 5.4.1 is "no answer from host" in RFC 3463 and "no such recipient" in Exchange Online.
_AMBIGUOUS_CODES = re.compile(r"(?:$|\d\.0\.\d+$|\d\.1\.0$|\d\.2\.0$|\d\.3\.0$|\d\.4\.[01]$|\d\.5\.\d+$)")
#: The first that matches counts. RFC 3463, 3.2 to 3.8; RFC 7505 (5.1.10); Exchange Online (5.4.310).
_CODES: tuple[tuple[re.Pattern[str], Cause], ...] = tuple(
    (re.compile(pattern), cause)
    for pattern, cause in (
        (r"\d\.1\.[78]$|\d\.7\.27$", Cause.SENDER),
        (r"\d\.7\.\d+$", Cause.POLICY),
        (r"5\.1\.(?!0$)\d+$|5\.2\.1$|5\.4\.4$|5\.4\.310$", Cause.RECIPIENT_GONE),
        (r"\d\.2\.3$|\d\.3\.4$|\d\.6\.\d+$", Cause.MESSAGE),
        (r"\d\.2\.[124]$|4\.1\.\d+$", Cause.MAILBOX_UNAVAILABLE),
        (r"4\.[34]\.\d+$|\d\.3\.[12]$|\d\.4\.[2-7]$", Cause.RATE_LIMIT),
    )
)
#: Statements about whoever sends. "Sender address rejected" is Postfix's, which says it of RCPT by default.
_SENDER_PHRASES = re.compile(
    r"""sender\ (?:address\ |domain\ |e?-?mail\ |name\ |id\ )?(?:<[^<>]{0,320}>\ )?(?:was\ |is\ |has\ been\ )?
            (?:reject|refus|den|unknown|not\ (?:allow|exist|found|valid|accept|permitted|known)|invalid|block|does\ not|
            verif|must|domain)
    | (?:reject|refus|invalid|unknown|unroutable|unverified|bad|forged|spoofed)\w*
            \ (?:return\ path|(?:envelope\ )?sender\b)
    | (?:domain|address)\ of\ (?:the\ )?sender | (?:envelope\ )?from\ address\ (?:reject|not|invalid|does)
    | mail\ from\ (?:address\ |domain\ )?(?:reject|refus|invalid|not|unknown|must|does) | verify\ (?:the\ )?sender
    | client\ host\ rejected
    | relay(?:ing)?\ (?:access\ )?(?:denied|not|is\ prohibited) | (?:unable|not\ allowed)\ to\ relay
    | sender\ verif | callout\ verif | return[- ]path\ (?:reject|invalid|does|not)""",
    re.IGNORECASE | re.VERBOSE,
)
_POLICY_PHRASES = re.compile(
    r"""\bspam(?!\w*@) | blacklist | black\s?list | block\s?list | deny\s?list | \brbl\b | dnsbl | spamhaus
    | spamcop | barracuda
    | reputation | \bpolic(?:y|ies)\b | unsolicited | bulk\ mail | \bspf\b | \bdkim\b | dmarc | \bptr\b | reverse\ dns
    | not\ (?:authorized|authorised|authenticated|permitted) | authenticat(?:e|ion)\ (?:required|failed|is\ required)
    | access\ (?:denied|not\ allowed)
    | administrative\ prohibition
    | (?:client|ip|host|server|your)\ \S{0,100}\ ?(?:is\ |was\ |has\ been\ )?(?:blocked|banned|listed|rejected)
    | \bblocked\ (?:by|using|for) | messages?\ from\ \S{1,100}\ (?:weren.t\ sent|blocked)
    | not\ accept(?:ing)?\ mail\ from""",
    re.IGNORECASE | re.VERBOSE,
)
_MESSAGE_PHRASES = re.compile(
    r"""too\ (?:large|big|long) | (?:message|mail)\ (?:size|exceed) | size\ (?:limit|exceed)
    | exceeds\ (?:the\ )?(?:maximum|size|limit)
    | content\ (?:rejected|denied|filter) | virus | malware | phish | suspicious | attachment | smtputf8 | \bmime\b
    | zu\ gro(?:ß|ss) | supera\ el\ tama | loop | hop\ count""",
    re.IGNORECASE | re.VERBOSE,
)
_RATE_PHRASES = re.compile(
    r"""gr[ea]y-?list | try\ (?:again|later) | rate[ -]?limit
    | too\ (?:many\ (?!hops)|quickly|fast|frequent) | \bat\ a\ rate\b
    | throttl | deferred | time[d]?\s?-?\ ?out | connection\ (?:refused|lost|dropped|reset) | server\ busy
    | resources""",
    re.IGNORECASE | re.VERBOSE,
)
#: The mailbox exists and takes nothing now. "for now" wins over any code that says it is gone.
_UNAVAILABLE_PHRASES = re.compile(
    r"""quota | (?:mail)?box\ (?:is\ )?(?:too\ )?full | \b(?:is|was)\ full\b | full\ mailbox | over\s*limit
    | exceeded\ (?:its|the|their|storage)\ ?(?:storage|max|limit)?
    | (?:insufficient|not\ enough|no|out\ of)\ (?:disk|system|storage|mailbox)?\s*(?:space|storage) | storage\ limit
    | temporar(?:y|ily) | for\ now\b | at\ (?:this|the\ present)\ time | at\ the\ moment | currently\ (?:full|over)
    | plein | satur[ée]e | voll\b | überschritten | ueberschritten | lleno | llena
    | переполнен | cheio | cheia | piena | 已满 | いっぱい | 容量""",
    re.IGNORECASE | re.VERBOSE,
)
_GONE_PHRASES = re.compile(
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
    | utilisateur\ inconnu
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


def classify(step: Step, reply: int, enhanced: str, text: str) -> Cause:  # noqa: PLR0911 - a decision list
    """Return what a refusal is about.

    Args:
        step: The step of the SMTP session that it was said in; `Step.OTHER` where that is not known, as in a bounce.
        reply: The reply code, as in 550, or 0 where it is not known.
        enhanced: The enhanced status code, as in "5.1.1", or "". Where it is ambiguous, one in the text counts.
        text: The server's response; its first `MAX_TEXT` characters are looked at.
    """
    text = text[:MAX_TEXT]
    code, code_in_text = code_in(enhanced), code_in(text)
    if code_in_text and _AMBIGUOUS_CODES.match(code):
        code = code_in_text
    if step is Step.MAIL:
        return _of_mail_from(reply, code, text)
    if _SENDER_PHRASES.search(text):
        return Cause.SENDER
    if reply in (530, 535):
        return Cause.SENDER
    if reply == 552 or (reply in (550, 553) and "SMTPUTF8" in text):
        return Cause.MAILBOX_UNAVAILABLE if _UNAVAILABLE_PHRASES.search(text) else Cause.MESSAGE
    if code == "5.4.1" and "recipient address rejected" in text.lower():  # Exchange Online: no such recipient
        return Cause.RECIPIENT_GONE
    if _AMBIGUOUS_CODES.match(code):
        return _of_text(text)
    cause = next((cause for pattern, cause in _CODES if pattern.match(code)), Cause.UNKNOWN)
    if cause is Cause.RECIPIENT_GONE:
        return _for_now(text) or cause
    return cause


def kind_of(cause: Cause) -> Kind:
    """Return whether a bounce for this cause is hard: only if the recipient does not exist."""
    return Kind.HARD if cause is Cause.RECIPIENT_GONE else Kind.SOFT


def classify_bounce(status: str, response: str, default: Kind = Kind.SOFT) -> tuple[Kind, str]:
    """Return the kind of a bounce and its enhanced status code, or "".

    Args:
        default: The kind if neither the status nor the response says what the failure is about.
        status: The Status field of the report, or "". Where its code is ambiguous, the one in the response counts.
        response: The server's response, or other text that explains the failure.
    """
    code, code_in_response = code_in(status), code_in(response[:MAX_TEXT])
    if code_in_response and _AMBIGUOUS_CODES.match(code):
        code = code_in_response
    cause = classify(Step.OTHER, 0, status, response)
    return default if cause is Cause.UNKNOWN else kind_of(cause), code


def _of_mail_from(reply: int, code: str, text: str) -> Cause:
    """Classify a refused MAIL FROM: about the sender, unless it is about size, rate or the client's address."""
    if reply == 552 or code.endswith(".3.4"):
        return Cause.MESSAGE
    if 400 <= reply < 500:
        return Cause.RATE_LIMIT
    return Cause.POLICY if ".7." in code and not _SENDER_PHRASES.search(text) else Cause.SENDER


def _for_now(text: str) -> Cause | None:
    """Return the cause of a refusal that states that it does not last, whatever its code is."""
    if _RATE_PHRASES.search(text):
        return Cause.RATE_LIMIT
    return Cause.MAILBOX_UNAVAILABLE if _UNAVAILABLE_PHRASES.search(text) else None


def _of_text(text: str) -> Cause:
    """Classify by the text alone. What lasts no longer than now, and what is about us, wins over "does not exist"."""
    for phrases, cause in (
        (_UNAVAILABLE_PHRASES, Cause.MAILBOX_UNAVAILABLE),
        (_RATE_PHRASES, Cause.RATE_LIMIT),
        (_MESSAGE_PHRASES, Cause.MESSAGE),
        (_POLICY_PHRASES, Cause.POLICY),
        (_GONE_PHRASES, Cause.RECIPIENT_GONE),
    ):
        if phrases.search(text):
            return cause
    return Cause.UNKNOWN
