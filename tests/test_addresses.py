from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.addresses import check_email, email_key, wire_address
from newsletter.errors import ProfileError

ADA = "ada@example.org"


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Example+papers@EXAMPLE.org", "Ada.Example+papers@example.org"),
        ("ädä@exämple.org", "ädä@exämple.org"),
        ("ada@xn--exmple-cua.org", "ada@exämple.org"),
        ("ada@lab", "ada@lab"),
    ],
)
def test_an_address_is_returned_in_its_normal_form(text: str, email: str) -> None:
    assert check_email(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "@", "ada", "ada@", "@example.org", "ada@example..org", "Ada <ada@example.org>", "ada@example.org\n",
     "ada@example.org\r\nBcc: ben@example.org", "ada ben@example.org", "a@example.org, b@example.org",
     "ada@[127.0.0.1]", "ada@-example.org", "ada@exa_mple.org", "ada@\udcff.org"],
)  # fmt: skip
def test_an_invalid_address_is_an_error_in_one_line(text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        check_email(text)
    assert str(caught.value).startswith("email: ")
    assert "\n" not in str(caught.value)


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=()), max_size=12), st.text("ab.-é@\n ", max_size=12))
def test_any_text_is_an_address_or_an_error(local: str, domain: str) -> None:
    try:
        email = check_email(f"{local}@{domain}")
    except ProfileError:
        return
    assert check_email(email) == email


@pytest.mark.parametrize("other", ["ADA@example.org", "ada@EXAMPLE.ORG", " ada@example.org ", "ada@example.org\u200b"])
def test_spellings_of_one_address_share_its_key(other: str) -> None:
    assert email_key(other) == email_key(ADA)


@pytest.mark.parametrize(
    ("email", "wire"),
    [(ADA, ADA), ("ada@exämple.org", "ada@xn--exmple-cua.org"), ("ädä@example.org", "ädä@example.org")],
)
def test_the_domain_of_a_wire_address_is_ascii(email: str, wire: str) -> None:
    assert wire_address(email) == wire
