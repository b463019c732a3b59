"""Tolerant parsing of messages, headers and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.limits import MAIL_BYTES, MAIL_DELIMITERS, MAIL_HEADER
from newsletter.mailboxes.mime import (
    address_in,
    blocks_of,
    field,
    message_id_in,
    original_headers,
    parse,
    parts_of,
    text_of,
)
from tests.sending.bounces.samples import CASES, OURS


@given(st.binary(max_size=2000))
def test_no_input_raises(raw: bytes) -> None:
    message = parse(raw)
    if message is not None:
        original_headers(message)
        for part in parts_of(message):
            text_of(part)
            blocks_of(part)
        assert "\n" not in field(message, "Subject")


def test_a_header_with_many_parameters_is_cut_before_it_is_parsed() -> None:
    raw = b"Content-Type: text/plain" + b";\r\n a*0=b" * 50_000 + b"\r\nSubject: Failed\r\n\r\nBody\r\n"
    message = parse(raw)
    assert message is not None
    assert len(str(message["Content-Type"])) <= MAIL_HEADER
    assert (field(message, "Subject"), text_of(message)) == ("Failed", "Body\r\n")


def test_a_message_of_very_many_parts_is_cut_off() -> None:
    message = parse(b"Content-Type: multipart/report; boundary=a\n\n" + b"--a\n\n" * 100_000)
    assert message is not None
    assert len(message.get_payload()) <= MAIL_DELIMITERS


def test_a_huge_message_is_cut_off() -> None:
    message = parse(b"Subject: x\r\n\r\n" + b"y" * (2 * MAIL_BYTES))
    assert message is not None
    assert len(text_of(message)) < MAIL_BYTES


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("rfc822; ada@users.example", "ada@users.example"),
        ('"Ada, of Papers" <ada@users.example>', "ada@users.example"),
        ("Sent to zoë@exämple.example.", "zoë@exämple.example"),
        ("nobody", None),
        ("x" * 5000 + " ada@users.example", None),
    ],
)
def test_the_first_address_is_found(text: str, address: str | None) -> None:
    assert address_in(text) == address


def test_headers_are_decoded_and_on_one_line() -> None:
    message = parse(b"Subject: =?utf-8?q?Unzustellb=C3=A4r?=\r\n  again\r\nX: \xff\r\n\r\n")
    assert message is not None
    assert field(message, "subject") == "Unzustellbär again"
    assert field(message, "Missing") == ""


def test_the_headers_of_the_original_message_are_found() -> None:
    report = parse(next(case.raw for case in CASES if case.name == "postfix unknown user"))
    assert report is not None
    original = original_headers(report)
    assert original is not None
    assert message_id_in(field(original, "Message-ID")) == OURS
