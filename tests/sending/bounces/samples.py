"""Bounces and complaints as different servers write them, and what each means.

All of them are written by us. Their formats follow what these servers are documented or known to send; people, hosts
and texts are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from newsletter.sending.status_codes import Kind

HARD, SOFT, COMPLAINT = Kind.HARD, Kind.SOFT, Kind.COMPLAINT
ADA = "ada@users.example"
OURS = "<daily-2026-05-08.0123456789abcdef0123@papers.example>"
_ORIGINAL = f"Message-ID: {OURS}\nFrom: digest@papers.example\nTo: {ADA}\nSubject: Pears and 19 more papers\n"


@dataclass(frozen=True)
class Case:
    """One message, and what it reports: addresses with their kinds, none if it is not a report."""

    name: str
    raw: bytes
    expected: dict[str, Kind]


def _message(headers: str, body: str) -> bytes:
    return (dedent(headers).strip() + "\n\n" + dedent(body).lstrip("\n")).replace("\n", "\r\n").encode()


def dsn(name: str, sender: str, response: str, block: str, kind: Kind | None, *, to: str = ADA) -> Case:
    """Return a delivery status notification (RFC 3464)."""
    raw = _message(
        f"""From: {sender}
To: bounces@papers.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <{name.replace(" ", "-")}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
""",
        f"""--b
Content-Type: text/plain; charset=utf-8

{response}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Fri, 8 May 2026 09:31:00 +0000

Final-Recipient: rfc822; {to}
{block}

--b
Content-Type: text/rfc822-headers

{_ORIGINAL}
--b--
""",
    )
    return Case(name, raw, {to: kind} if kind else {})


def text(name: str, headers: str, body: str, kind: Kind | None, *, to: str = ADA) -> Case:
    """Return a message of a server that does not follow RFC 3464, or of a person."""
    raw = _message(f"Message-ID: <{name.replace(' ', '-')}@mx.example>\n{dedent(headers).strip()}", body)
    return Case(name, raw, {to: kind} if kind else {})


def arf(name: str, feedback: str, more: str, expected: dict[str, Kind]) -> Case:
    """Return an ARF complaint (RFC 5965)."""
    raw = _message(
        f"""From: feedback@provider.example
To: abuse@papers.example
Subject: complaint about message from 192.0.2.1
Message-ID: <{name.replace(" ", "-")}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"
""",
        f"""--b
Content-Type: text/plain

This is an email abuse report for an email message received from 192.0.2.1.

--b
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: SomeGenerator/1.0
Version: 1
{more}

--b
Content-Type: message/rfc822

{_ORIGINAL}
Papers.
--b--
""",
    )
    return Case(name, raw, expected)


_POSTFIX = "MAILER-DAEMON@mx.example (Mail Delivery System)"
_EXIM = "Mail Delivery System <Mailer-Daemon@mx.example>"
_SENDMAIL = "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>"
_EXCHANGE = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@papers.example>"
_GMAIL = "Mail Delivery Subsystem <mailer-daemon@googlemail.example>"


def _block(action: str, status: str, diagnostic: str) -> str:
    return f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}"


_DSNS = [
    dsn("postfix unknown user", _POSTFIX, f"<{ADA}>: host mx.users.example said: 550 5.1.1 User unknown",
        _block("failed", "5.1.1", "550 5.1.1 <ada@users.example>: Recipient address rejected: User unknown"), HARD),
    dsn("postfix no such domain", _POSTFIX, "Host or domain name not found.",
        _block("failed", "5.4.4", "X-Postfix; Host or domain name not found. Name service error"), HARD),
    dsn("postfix mailbox full", _POSTFIX, "mailbox full",
        _block("failed", "5.2.2", "552 5.2.2 Mailbox full"), SOFT),
    dsn("postfix gave up on a timeout", _POSTFIX, "connect to mx.users.example[192.0.2.7]:25: Connection timed out",
        _block("failed", "4.4.1", "X-Postfix; connect to mx.users.example[192.0.2.7]:25: Connection timed out"), SOFT),
    dsn("postfix delayed", _POSTFIX, "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
        _block("delayed", "4.4.1", "X-Postfix; connect to mx.users.example: Connection refused"), None),
    dsn("postfix delivered", _POSTFIX, "Your message was successfully delivered.",
        _block("delivered", "2.0.0", "250 2.0.0 Ok"), None),
    dsn("postfix relayed", _POSTFIX, "The message was relayed to a server that sends no reports.",
        _block("relayed", "2.0.0", "250 ok"), None),
    dsn("postfix unknown in virtual table", _POSTFIX, "unknown user",
        _block("failed", "5.1.1", "X-Postfix; User unknown in virtual mailbox table"), HARD),
    dsn("postfix mail loop", _POSTFIX, "mail for users.example loops back to myself",
        _block("failed", "5.4.6", "X-Postfix; mail for users.example loops back to myself"), SOFT),
    dsn("exim unrouteable", _EXIM, "A message that you sent could not be delivered.",
        _block("failed", "5.0.0", "550 Unrouteable address"), HARD),
    dsn("exim no such user here", _EXIM, "The following address failed.",
        _block("failed", "5.0.0", "550 No such user here"), HARD),
    dsn("exim retry timeout", _EXIM, "retry timeout exceeded",
        _block("failed", "5.0.0", "451 Temporary local problem - please try later"), SOFT),
    dsn("sendmail unknown user", _SENDMAIL, "The following addresses had permanent fatal errors",
        _block("failed", "5.1.1", "550 5.1.1 <ada@users.example>... User unknown"), HARD),
    dsn("sendmail host unknown", _SENDMAIL, "The following addresses had permanent fatal errors",
        _block("failed", "5.1.2", "550 5.1.2 Host unknown (Name server: users.example: host not found)"), HARD),
    dsn("sendmail disk quota", _SENDMAIL, "permanent fatal errors",
        _block("failed", "5.2.2", "552 5.2.2 Over quota"), SOFT),
    dsn("sendmail warning after four hours", _SENDMAIL, "Warning: could not send message for past 4 hours",
        _block("delayed", "4.4.7", "451 4.4.1 reply: read error from mx.users.example."), None),
    dsn("exchange online no such recipient", _EXCHANGE, "Your message to ada couldn't be delivered.",
        _block("failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP lookup"), HARD),
    dsn("exchange online access denied", _EXCHANGE, "Your message couldn't be delivered.",
        _block("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied."), HARD),
    dsn("exchange online no such domain", _EXCHANGE, "couldn't be delivered",
        _block("failed", "5.4.310", "550 5.4.310 DNS domain users.example does not exist"), HARD),
    dsn("exchange mailbox full", _EXCHANGE, "The recipient's mailbox is full.",
        _block("failed", "5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"), SOFT),
    dsn("exchange restricted group", _EXCHANGE, "Only senders of the organisation may write here.",
        _block("failed", "5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup"), SOFT),
    dsn("exchange message expired", _EXCHANGE, "Delivery has been tried for two days.",
        _block("failed", "4.4.7", "550 4.4.7 QUEUE.Expired; message expired"), SOFT),
    dsn("exchange tenant blocked us", _EXCHANGE, "Your message couldn't be delivered.",
        _block("failed", "5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]."), SOFT),
    dsn("gmail no such user", _GMAIL, "The email account that you tried to reach does not exist.",
        _block("failed", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist."), HARD),
    dsn("gmail disabled account", _GMAIL, "The email account is disabled.",
        _block("failed", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled."), HARD),
    dsn("gmail over quota", _GMAIL, "The recipient's inbox is out of storage space.",
        _block("failed", "5.2.2", "452 4.2.2 The recipient's inbox is out of storage space."), SOFT),
    dsn("gmail rate limit", _GMAIL, "receiving mail at a rate",
        _block("failed", "4.2.1", "450 4.2.1 The user you are trying to contact is receiving mail too quickly."), SOFT),
    dsn("gmail spam", _GMAIL, "Our system has detected that this message is likely unsolicited mail.",
        _block("failed", "5.7.1", "550-5.7.1 Our system has detected that this message is likely unsolicited"), SOFT),
    dsn("gmail delayed", _GMAIL, "There was a temporary problem. Gmail will retry for 46 more hours.",
        _block("delayed", "4.4.2", "TIMEOUT"), None),
    dsn("yahoo disabled", _POSTFIX, "554 delivery error",
        _block("failed", "5.0.0", "554 delivery error: dd This user doesn't have a yahoo.example account"), HARD),
    dsn("yahoo complaints", _POSTFIX, "421 TSS04",
        _block("failed", "4.7.0", "421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints"), SOFT),
    dsn("icloud unknown", _POSTFIX, "user does not exist",
        _block("failed", "5.1.1", "550 5.1.1 <ada@users.example>: user does not exist"), HARD),
    dsn("our IP address blocked", _POSTFIX, "blocked",
        _block("failed", "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen"), SOFT),
    dsn("endless greylisting", _POSTFIX, "greylisted",
        _block("failed", "4.2.0", "450 4.2.0 Greylisted, see http://postgrey.example/help"), SOFT),
    dsn("a message too large", _POSTFIX, "message size exceeds",
        _block("failed", "5.3.4", "552 5.3.4 Message size exceeds fixed limit"), SOFT),
    dsn("our sender address refused", _POSTFIX, "bad sender",
        _block("failed", "5.1.8", "553 5.1.8 <digest@papers.example>... Sender's domain does not exist"), SOFT),
    dsn("spf refused", _POSTFIX, "SPF",
        _block("failed", "5.7.23", "550 5.7.23 Message rejected due to: SPF fail - not authorized"), SOFT),
    dsn("null mx", _POSTFIX, "Domain does not accept mail (nullMX)",
        _block("failed", "5.1.0", "X-Postfix; Domain users.example does not accept mail (nullMX)"), HARD),
    dsn("account moved", _SENDMAIL, "moved",
        _block("failed", "5.1.6", "551 5.1.6 User has moved; please try elsewhere"), HARD),
    dsn("german unknown user", _POSTFIX, "Empfänger unbekannt",
        _block("failed", "5.0.0", "550 Requested action not taken: Empfänger unbekannt"), HARD),
    dsn("french full mailbox", _POSTFIX, "Boîte pleine",
        _block("failed", "5.0.0", "552 Boite du destinataire pleine"), SOFT),
]  # fmt: skip

_TEXTS = [
    text("qmail no mailbox", """\
         From: MAILER-DAEMON@mx.example
         Subject: failure notice
         """, f"""
         Hi. This is the qmail-send program at mx.example.
         I'm afraid I wasn't able to deliver your message to the following addresses.
         This is a permanent error; I've given up. Sorry it didn't work out.

         <{ADA}>:
         Sorry, no mailbox here by that name. (#5.1.1)

         --- Below this line is a copy of the message.

         {_ORIGINAL}""", HARD),
    text("qmail over quota", """\
         From: MAILER-DAEMON@mx.example
         Subject: failure notice
         """, f"""
         Hi. This is the qmail-send program at mx.example.
         I'm afraid I wasn't able to deliver your message to the following addresses.
         This is a permanent error; I've given up. Sorry it didn't work out.

         <{ADA}>:
         The users mailfolder is over the allowed quota (size). (#5.2.2)

         --- Below this line is a copy of the message.
         """, SOFT),
    text("exim in plain text", f"""\
         From: Mail Delivery System <Mailer-Daemon@mx.example>
         Subject: Mail delivery failed: returning message to sender
         X-Failed-Recipients: {ADA}
         Auto-Submitted: auto-replied
         """, f"""
         This message was created automatically by mail delivery software.

         A message that you sent could not be delivered to one or more of its
         recipients. This is a permanent error. The following address(es) failed:

           {ADA}
             host mx.users.example [192.0.2.7]
             SMTP error from remote mail server after RCPT TO:<{ADA}>:
             550 5.1.1 Mailbox does not exist
         """, HARD),
    text("exim delayed", """\
         From: Mail Delivery System <Mailer-Daemon@mx.example>
         Subject: Warning: message 1abc delayed 24 hours
         Auto-Submitted: auto-replied
         """, f"""
         A message that you sent has not yet been delivered to one or more of its
         recipients after more than 24 hours on the queue on mx.example.

         The address to which the message has not yet been delivered is:

           {ADA}

         No action is required on your part. Delivery attempts will continue for some time.
         """, None),
    text("a daemon in html only", """\
         From: postmaster@mx.example
         Subject: Undeliverable mail
         MIME-Version: 1.0
         Content-Type: text/html; charset=utf-8
         """, f"""
         <p>Your message could not be delivered.</p>
         <p>&nbsp;</p><p>{ADA}: 550 5.1.1 recipient unknown, message not delivered</p>
         """, HARD),
    text("mdaemon no such user", """\
         From: MDaemon@mx.example
         Subject: Permanent Delivery Failure
         """, f"""
         Delivery failed: the attached message had permanent fatal delivery errors.

         Failed address: {ADA}

         <{ADA}>: 550 5.1.1 No such user here
         """, HARD),
    text("spanish daemon", """\
         From: Mail Delivery System <postmaster@mx.example>
         Subject: Correo no entregado
         """, f"""
         No se ha podido entregar su mensaje a {ADA}: el usuario no existe.
         """, HARD),
    text("out of office", """\
         From: Ada <ada@users.example>
         Subject: Automatic reply: Pears and 19 more papers
         Auto-Submitted: auto-replied
         """, """
         I am away until Monday. In urgent cases write to bob@users.example, who could not be happier to help.
         """, None),
    text("abwesend", """\
         From: Ada <ada@users.example>
         Subject: Abwesenheitsnotiz: Pears
         X-Auto-Response-Suppress: All
         """, """
         Ich bin bis Montag nicht im Haus; Ihre Nachricht wird nicht weitergeleitet.
         """, None),
    text("vacation without headers", """\
         From: Ada <ada@users.example>
         Subject: Out of Office: back on Monday
         """, """
         My account is unavailable until Monday, and my mailbox is full. Write to bob@users.example.
         """, None),
    text("challenge-response", """\
         From: ada@users.example
         Subject: Please confirm your message
         Precedence: bulk
         """, """
         ada@users.example does not know you. Your message was not delivered until you answer this mail.
         """, None),
    text("a person writes about a bounce", """\
         From: Bob <bob@users.example>
         Subject: Fwd: failure notice
         In-Reply-To: <1@users.example>
         """, """
         What does this mean? "550 5.1.1 <ada@users.example>: user unknown". Yours, Bob
         """, None),
    text("a person replies", """\
         From: Ada <ada@users.example>
         Subject: Re: Pears and 19 more papers
         In-Reply-To: <1@users.example>
         """, """
         I could not find the second paper: its address does not exist any more. Can it be delivered again?
         """, None),
    text("a newsletter about bounces", """\
         From: News <news@mail.example>
         Subject: Why mail fails: user unknown explained
         Precedence: list
         """, """
         550 5.1.1 <someone@else.example>: user unknown. The mail could not be delivered.
         """, None),
    text("a subscribe request", """\
         From: carol@users.example
         Subject: subscribe
         """, """
         please, for carol@users.example
         """, None),
]  # fmt: skip

_COMPLAINTS = [
    arf("an abuse report", "abuse", f"Original-Rcpt-To: {ADA}", {ADA: COMPLAINT}),
    arf("a report without an address", "abuse", "Source-IP: 192.0.2.1", {ADA: COMPLAINT}),
    arf("a report with a redacted address", "abuse", "Original-Rcpt-To: redacted@provider.example", {ADA: COMPLAINT}),
    arf("a fraud report", "fraud", f"Removal-Recipient: {ADA}", {ADA: COMPLAINT}),
    arf("an opt-out", "opt-out", f"Original-Rcpt-To: {ADA}", {ADA: COMPLAINT}),
    arf("not spam", "not-spam", f"Original-Rcpt-To: {ADA}", {}),
    arf("authentication failure", "auth-failure", f"Original-Rcpt-To: {ADA}", {}),
]

CASES = [*_DSNS, *_TEXTS, *_COMPLAINTS]
