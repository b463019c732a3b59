from __future__ import annotations

import re
from email import message_from_bytes, message_from_string
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.folding import POLICY, fold, inert, mailbox
from newsletter.text import squeeze

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.from_regex(
    r"(=\?utf-8\?[qb]\?[=0-9A-F]*\?=){1,3}"
)


def parse(field: bytes) -> dict[str, str]:
    return {name: str(value) for name, value in message_from_bytes(field + b"\r\n", policy=default).items()}


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("Subject", "8 May: Pears", b"Subject: 8 May: Pears\r\n"),
        ("Message-ID", f"<{'x' * 90}@news.example>", b"Message-ID: <" + b"x" * 90 + b"@news.example>\r\n"),
        ("List-Unsubscribe", f"<https://a.example/{'x' * 60}>, <mailto:a@b.example>",
         b"List-Unsubscribe: <https://a.example/" + b"x" * 60 + b">,\r\n <mailto:a@b.example>\r\n"),
        ("Subject", "Grüße", b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
        ("To", mailbox("Zoë", "zoe@bücher.example"), b"To: =?utf-8?q?Zo=C3=AB?=\r\n <zoe@xn--bcher-kva.example>\r\n"),
        ("To", mailbox("", "zoë@example.org"), "To: zoë@example.org\r\n".encode()),
    ],
)  # fmt: skip
def test_a_field_is_folded(name: str, value: str, field: bytes) -> None:
    assert fold(name, value) == field


@given(texts)
def test_an_arbitrary_subject_stays_one_field_of_short_lines(text: str) -> None:
    field = fold("Subject", inert(text))

    assert field.isascii()
    assert max(map(len, field.split(b"\r\n"))) <= 78
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", field) is None
    assert parse(field) == {"Subject": squeeze(text).replace("=?", "= ?")}


@given(texts)
def test_an_arbitrary_display_name_belongs_to_one_mailbox(name: str) -> None:
    field = fold("To", mailbox(name, "ada@example.org")).decode()
    (address,) = message_from_string(field, policy=default)["To"].addresses

    assert address.addr_spec == "ada@example.org"
    assert "".join(address.display_name.split()) == "".join(inert(name).split())


def test_encoded_words_from_outside_are_not_decoded() -> None:
    assert inert("=?utf-8?q?=0D=0ABcc:_a@b.c?=\n x") == "= ?utf-8?q?=0D=0ABcc:_a@b.c?= x"


@given(texts, st.sampled_from(["Subject", "To", "Reply-To"]))
def test_long_texts_are_encoded_as_by_the_standard_library(text: str, name: str) -> None:
    given = f"é{inert(text)}"
    encoded = Header(given, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")
    value: str | Address = given if name == "Subject" else Address(given, "a", "b.example")
    end = "" if name == "Subject" else "\r\n <a@b.example>"
    assert fold(name, value) == f"{name}: {encoded}{end}\r\n".encode()


@given(texts)
def test_a_subject_is_folded_as_the_policy_does(text: str) -> None:
    given = inert(text)
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = given
    assert fold("Subject", given) == POLICY.fold_binary("Subject", mail["Subject"])
