from __future__ import annotations

import re
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Message
from newsletter.models.addresses import wire_address
from newsletter.rendering.assembly import Bodies
from newsletter.rendering.folding import fold
from newsletter.rendering.fragments import encode
from newsletter.rendering.message import (
    Envelope,
    Sender,
    _own_head,
    _own_headers,
    build_message,
    join_message,
    unsubscribe_by_mail,
)
from newsletter.text import squeeze
from tests.factories import NOW

SENDER = Sender(name="Daily Papers", address="digest@news.example", reply_to="digest@news.example")
UNSUBSCRIBE = ("https://news.example/unsubscribe/1.abc", "mailto:digest@news.example?subject=unsubscribe%201.abc")


def build(**changes: object) -> Message:
    """Build a message from encoded bodies, and check it against the one that the standard library builds."""
    known: dict[str, object] = {
        "message_id": "<daily-2026-05-08.abc@news.example>", "sender": SENDER, "recipient": "ada@example.org",
        "recipient_name": "Ada", "list_name": "Daily Papers", "unsubscribe_urls": UNSUBSCRIBE, "date": NOW,
    }  # fmt: skip
    content: dict[str, Any] = {"subject": "Hello", "text": "Text\n", "html": "<p>HTML</p>\n"}
    content |= {name: changes.pop(name) for name in content.keys() & changes.keys()}
    known["campaign"] = "daily-2026-05-08"
    envelope = Envelope(**(known | changes))  # type: ignore[arg-type]
    built = build_message(envelope, **content)
    html = None if content["html"] is None else [encode(content["html"])]
    joined = join_message(envelope, Bodies(content["subject"], [encode(content["text"])], html))
    assert {name.lower(): value for name, value in parsed(joined).items()} == {
        name.lower(): value for name, value in parsed(built).items()
    }
    assert (joined.sender, joined.recipient, joined.subject) == (built.sender, built.recipient, built.subject)
    return joined


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(message.content, policy=default)


def header(message: Message, name: str) -> bytes:
    """Return a header field's bytes, unfolded."""
    head = message.content.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    (value,) = [
        line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(name.lower().encode() + b":")
    ]
    return value


@given(
    st.sampled_from(["", "Ada", "Ada Lovelace", "Ada, Lovelace", "Ä", "a" * 80, "=?utf-8?q?x?="]),
    st.sampled_from(["ada@example.org", "a.b+c@example.org", '"a b"@example.org', f"{'a' * 64}@example.org"]),
    st.sampled_from(["Hello", "h" * 90, "Grüße", ""]),
    st.sampled_from(["<1@news.example>", f"<{'1' * 90}@news.example>"]),
    st.sampled_from([UNSUBSCRIBE, UNSUBSCRIBE[1:], ()]),
)
def test_headers_of_most_digests_are_the_same_as_folded_one_by_one(
    name: str, address: str, subject: str, message_id: str, urls: tuple[str, ...]
) -> None:
    envelope = Envelope(
        message_id=message_id, sender=SENDER, recipient=address, recipient_name=name, list_name="Daily Papers",
        unsubscribe_urls=urls, date=NOW,
    )  # fmt: skip

    assert _own_head(envelope, subject) == b"".join(fold(*header) for header in _own_headers(envelope, subject))


def test_a_digest_has_the_headers_of_list_mail() -> None:
    assert dict(parsed(build()).items()) | {"Content-Type": ""} == {
        "From": "Daily Papers <digest@news.example>",
        "To": "Ada <ada@example.org>",
        "Subject": "Hello",
        "Date": "Fri, 08 May 2026 09:30:00 +0000",
        "Message-ID": "<daily-2026-05-08.abc@news.example>",
        "List-Id": '"Daily Papers" <daily-papers.news.example>',
        "Feedback-ID": "daily-2026-05-08:daily-papers:digest:news-example",
        "List-Unsubscribe": f"<{UNSUBSCRIBE[0]}>, <{UNSUBSCRIBE[1]}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }


def test_the_parts_are_text_then_html_in_quoted_printable() -> None:
    parts = list(parsed(build()).walk())

    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in parts[1:]} == {"quoted-printable"}
    assert {part.get_content_charset() for part in parts[1:]} == {"utf-8"}


def test_a_message_without_html_is_a_single_part() -> None:
    mail = parsed(build(html=None))

    assert (mail.get_content_type(), mail.get_content().splitlines()) == ("text/plain", ["Text"])


def test_an_unsubscribe_link_longer_than_a_line_is_not_encoded() -> None:
    """The standard policy turns it into an encoded word, which mail clients cannot follow (cpython#85725)."""
    url = "https://papers.a-university-with-a-very-long-name.example/newsletters/unsubscribe/" + "x" * 60

    message = build(unsubscribe_urls=[url, UNSUBSCRIBE[1]])

    assert header(message, "List-Unsubscribe") == f"<{url}>, <{UNSUBSCRIBE[1]}>".encode()
    assert b"=?" not in message.content
    assert header(message, "List-Unsubscribe-Post") == b"List-Unsubscribe=One-Click"


@pytest.mark.parametrize("urls", [[UNSUBSCRIBE[1]], ["http://news.example/unsubscribe/1.abc", UNSUBSCRIBE[1]]])
def test_one_click_unsubscribe_requires_https(urls: list[str]) -> None:
    assert parsed(build(unsubscribe_urls=urls))["List-Unsubscribe-Post"] is None


def test_non_ascii_names_are_encoded_and_addresses_are_not() -> None:
    message = build(recipient_name="Zoë", sender=Sender("Tägliche Papiere", "digest@news.example", "me@news.example"))

    mail = parsed(message)
    assert str(mail["To"]) == "Zoë <ada@example.org>"
    assert str(mail["From"]) == "Tägliche Papiere <digest@news.example>"
    assert str(mail["Reply-To"]) == "me@news.example"
    assert message.content.isascii()
    assert b"<ada@example.org>" in message.content


def test_an_internationalized_domain_is_written_in_ascii() -> None:
    message = build(recipient="ada@bücher.example")

    assert message.recipient == wire_address("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert header(message, "To").endswith(b"<ada@xn--bcher-kva.example>")


def test_an_internationalized_local_part_is_written_as_utf8() -> None:
    message = build(recipient="adá@bücher.example", recipient_name="Adá")

    assert header(message, "To") == "=?utf-8?q?Ad=C3=A1?= <adá@xn--bcher-kva.example>".encode()
    assert parsed(message)["To"].addresses[0].display_name == "Adá"


def test_a_list_with_a_non_ascii_name_has_an_identifier() -> None:
    assert header(build(list_name="論文"), "List-Id") == b"<newsletter.news.example>"
    assert (
        header(build(list_name='The "Best" Papers'), "List-Id") == b'"The Best Papers" <the-best-papers.news.example>'
    )


def test_the_unsubscribe_mailto_has_the_token_as_subject() -> None:
    sender = Sender("x", "a@news.example", reply_to="anna+bo&x=y@news.example")

    assert unsubscribe_by_mail(sender, "12.ab-c_d") == (
        "mailto:anna%2Bbo%26x%3Dy@news.example?subject=unsubscribe%2012.ab-c_d"
    )  # fmt: skip


lines = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.from_regex(
    r"(=\?utf-8\?[qb]\?[=0-9A-F]*\?=){1,3}"
)


@given(subject=lines, name=lines, text=lines, html=lines)
def test_a_message_with_arbitrary_text_is_well_formed(subject: str, name: str, text: str, html: str) -> None:
    message = build(subject=squeeze(subject), recipient_name=name, text=text, html=html)

    mail = parsed(message)
    assert [part.defects for part in mail.walk()] == [[], [], []]
    assert str(mail["Subject"]) == squeeze(subject).replace("=?", "= ?")
    assert mail["To"].addresses[0].addr_spec == "ada@example.org"
    # Python's parser puts a space between the encoded words of a long name.
    assert "".join(mail["To"].addresses[0].display_name.split()) == "".join(squeeze(name).split())
    assert len(mail.keys()) == 13
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", message.content) is None
    assert max(map(len, message.content.split(b"\r\n"))) <= 998
    assert max(map(len, message.content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 78


def test_headers_are_ascii_unless_the_local_part_needs_smtputf8() -> None:
    """An internationalized domain has an ASCII form, so it needs no SMTPUTF8."""
    message = build(recipient="ada@bücher.example", recipient_name="Zoë", subject="Grüße")

    assert (message.recipient.isascii(), message.content.isascii()) == (True, True)
    assert str(parsed(message)["Subject"]) == "Grüße"


@pytest.mark.parametrize("recipient", ["ada@example.org", "adá@example.org"])
@pytest.mark.parametrize(
    "name",
    [
        "Doe, Ada",
        "Doe, Ada, of the Department of Pears and Kettles, Example University, <victim@example.org>",
        "Doe, Adá, of the Department of Pears and Kettles, Example University, <victim@example.org>",
        'Ada "The Pear" Example, who has a name that is longer than a line of a message may be: so long',
        "victim@example.org, " * 10,
        "x" * 300 + ",",
    ],
)
def test_a_display_name_never_becomes_another_address(name: str, recipient: str) -> None:
    """The standard policy loses the quotes of a long name (cpython#121284)."""
    # From a string, because Python parses raw UTF-8 in header bytes as surrogates.
    mail = message_from_string(build(recipient=recipient, recipient_name=name).content.decode(), policy=default)

    assert [address.addr_spec for address in mail["To"].addresses] == [recipient]
    assert mail.defects == []


def test_lines_of_quoted_printable_have_at_most_76_characters() -> None:
    message = build(text="x" * 500 + "\n" + "é" * 300 + "\n", html="<p>" + "y" * 500 + "</p>\n")

    assert max(map(len, message.content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_a_boundary_has_at_most_70_characters() -> None:
    domain = "newsletter.department-of-pears-and-kettles.university-hospital.example"

    message = build(message_id=f"<weekdays-2026-05-08.0123456789abcdef0123@{domain}>")

    assert len(str(parsed(message).get_boundary())) <= 70


@given(name=lines, list_name=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_message_of_a_site_with_arbitrary_names_is_well_formed(name: str, list_name: str) -> None:
    sender = Sender(name, "digest@news.example", "me@news.example")

    message = build(sender=sender, list_name=list_name, html=None)

    mail = parsed(message)
    (origin,) = mail["From"].addresses
    assert (mail.defects, len(mail.keys())) == ([], 15)
    assert (origin.addr_spec, mail["Reply-To"].addresses[0].addr_spec) == ("digest@news.example", "me@news.example")
    assert "".join(origin.display_name.split()) == "".join(squeeze(name).split())
    assert re.search(rb"<[a-z0-9.-]+\.news\.example>$", header(message, "List-Id"))
    assert message.content.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", message.content) is None
    assert max(map(len, message.content.split(b"\r\n"))) <= 998


@given(text=lines, html=lines)
def test_both_bodies_decode_to_the_same_text_with_crlf(text: str, html: str) -> None:
    first, second = parsed(build(text=text, html=html)).iter_parts()

    assert isinstance(first, EmailMessage)
    assert isinstance(second, EmailMessage)
    assert [first.get_content(), second.get_content()] == [with_crlf(text), with_crlf(html)]


def with_crlf(body: str) -> str:
    """Normalize line ends to CRLF."""
    return re.sub(r"\r\n|\r|\n", "\r\n", body)


def test_envelope_and_headers_have_the_same_ascii_addresses() -> None:
    sender = Sender("Papers", "digest@bücher.example", "digest@bücher.example")

    message = build(sender=sender, recipient="ada@bücher.example")

    assert (message.sender, message.recipient) == ("digest@xn--bcher-kva.example", "ada@xn--bcher-kva.example")
    assert header(message, "From") == b"Papers <digest@xn--bcher-kva.example>"
    assert header(message, "List-Id") == b'"Daily Papers" <daily-papers.xn--bcher-kva.example>'


def test_a_message_is_deterministic() -> None:
    assert build().content == build().content
