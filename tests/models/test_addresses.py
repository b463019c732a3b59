"""What an address is: its syntax, its key, its form for SMTP, and that nothing else compares addresses."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsletter
from newsletter.errors import ProfileError
from newsletter.models.addresses import email_key, parse_address, wire_address
from newsletter.store.migrations.m017_email_keys import _new_key as key_of_the_migration

ADA = "ada@example.org"
#: Spellings that some folding takes for one: `casefold`, NFKC, UTS 46, transitional IDNA.
CONFUSABLES = (
    "ss", "ß", "ẞ", "SS", "fi", "ﬁ", "σ", "ς", "Σ", "i", "I", "ı", "İ", "K", "\u212a", "k", "é", "e\u0301", "É", "e",
    "а", "a", "ａ", "A", "ſ", "s", "ŉ", "ǰ", "ΐ", "և", "µ", "μ", "\u2126", "ω",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada.Example+papers@EXAMPLE.org", "Ada.Example+papers@example.org"),
        ("ädä@exämple.org", "ädä@exämple.org"),
        ("ada@xn--exmple-cua.org", "ada@exämple.org"),
        ("ada@straße.example", "ada@straße.example"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_an_address_is_returned_in_its_normal_form(text: str, email: str) -> None:
    assert parse_address(text) == email


@pytest.mark.parametrize(
    "text",
    ["", "@", "ada", "ada@", "@example.org", "ada@example..org", "Ada <ada@example.org>", "ada@example.org\n",
     "ada@example.org\r\nBcc: ben@example.org", "ada ben@example.org", "a@example.org, b@example.org",
     "ada@[127.0.0.1]", "ada@-example.org", "ada@exa_mple.org", "ada@\udcff.org", "ada@lab", "root@localhost",
     "ada@127.0.0.1", "ada@１２７.0.0.1", "ada@1.2", "ada@example.1",
     f"{'a' * 65}@example.org", f"{'ä' * 33}@example.org", f"ada@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 60}",
     "a\u0301" * 1_000_000 + "@example.org"],
)  # fmt: skip
def test_an_invalid_address_is_an_error_in_one_line(text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_address(text)
    assert str(caught.value).startswith("email: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_only_an_operator_may_omit_the_dot() -> None:
    assert parse_address("ada@lab", allow_local=True) == "ada@lab"
    assert parse_address("root@localhost", allow_local=True) == "root@localhost"


@given(st.text(st.characters(exclude_categories=()), max_size=12), st.text("ab.-é@\n ", max_size=12))
def test_any_text_is_an_address_or_an_error(local: str, domain: str) -> None:
    try:
        email = parse_address(f"{local}@{domain}")
    except ProfileError:
        return
    assert parse_address(email) == email


@pytest.mark.parametrize("other", ["ADA@example.org", "ada@EXAMPLE.ORG", " ada@example.org "])
def test_spellings_of_one_address_share_its_key(other: str) -> None:
    assert email_key(other) == email_key(ADA)


def test_a_domain_has_one_key_in_unicode_and_in_ascii() -> None:
    assert email_key("Ada@EXÄMPLE.org") == email_key("ada@xn--exmple-cua.org") == "ada@xn--exmple-cua.org"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("victim@straße.example", "victim@strasse.example"),
        ("ﬁnn@example.org", "finn@example.org"),
        ("nikoς@example.org", "nikoσ@example.org"),
        ("victim@ς.example", "victim@σ.example"),
        ("Ädä@example.org", "ädä@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("ıda@example.org", "ida@example.org"),
    ],
)
def test_addresses_of_different_mailboxes_have_different_keys(one: str, other: str) -> None:
    assert email_key(one) != email_key(other)


def lower(text: str) -> str:
    return text.translate({code: code + 32 for code in range(65, 91)})


def parsed(local: str, domain: str) -> str | None:
    try:
        return parse_address(f"{local}@{domain}.example")
    except ProfileError:
        return None


def hold_together(addresses: list[str]) -> None:
    for one, other in combinations(addresses, 2):
        assert (email_key(one) == email_key(other)) == (lower(wire_address(one)) == lower(wire_address(other)))


def test_confusable_addresses_share_a_key_exactly_if_they_are_one_for_smtp() -> None:
    pairs = [*((c, "x") for c in CONFUSABLES), *(("x", c) for c in CONFUSABLES)]
    addresses = [email for local, domain in pairs if (email := parsed(local, domain))]
    assert len(addresses) > 50
    hold_together(addresses)


@given(
    st.lists(
        st.tuples(*[st.lists(st.sampled_from([*CONFUSABLES, "x", "-"]), min_size=1, max_size=3).map("".join)] * 2),
        min_size=2,
        max_size=6,
    )
)
def test_any_confusable_addresses_share_a_key_exactly_if_they_are_one_for_smtp(pairs: list[tuple[str, str]]) -> None:
    addresses = [email for local, domain in pairs if (email := parsed(local, domain))]
    hold_together(addresses)
    for email in addresses:
        assert email_key(unicodedata.normalize("NFD", email)) == email_key(email) == email_key(email_key(email))


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_has_a_key_that_can_be_stored(text: str) -> None:
    email_key(text).encode()


@given(st.text(max_size=30) | st.text("a@.ßä-\u200d ", max_size=20))
def test_the_migration_makes_the_same_keys(text: str) -> None:
    assert email_key(text) == key_of_the_migration(text)


@pytest.mark.parametrize(
    ("email", "wire"),
    [(ADA, ADA), ("ada@exämple.org", "ada@xn--exmple-cua.org"), ("ädä@example.org", "ädä@example.org")],
)
def test_the_domain_of_a_wire_address_is_ascii(email: str, wire: str) -> None:
    assert wire_address(email) == wire


def test_nothing_else_folds_addresses() -> None:
    folding = re.compile(r"(email|address|recipient)\w*\.(casefold|lower|upper)\(", re.IGNORECASE)
    package = Path(newsletter.__file__).parent
    found = [
        f"{path.relative_to(package)}: {line.strip()}"
        for path in package.rglob("*.py")
        if path.name != "addresses.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if folding.search(line)
    ]
    assert found == []
