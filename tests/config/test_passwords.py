"""Passwords as hashes."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.passwords import hash_password, is_correct, is_hash_valid
from tests.examples import examples


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
@examples(0.25)  # scrypt is slow on purpose
def test_only_the_password_matches_its_hash(password: str, other: str) -> None:
    hashed = hash_password(password)
    assert is_hash_valid(hashed)
    assert is_correct(password, hashed)
    assert is_correct(other, hashed) == (other.encode(errors="replace") == password.encode(errors="replace"))


def test_it_is_scrypt_with_a_random_salt_and_needs_no_quotes_in_a_shell() -> None:
    first, second = hash_password("sesame"), hash_password("sesame")
    assert first != second
    assert "sesame" not in first
    assert not set(first) & set("$%'\" \\")
    name, n, r, p, salt, key = first.split(":")
    assert name == "scrypt"
    expected = hashlib.scrypt(b"sesame", salt=base64.urlsafe_b64decode(salt), n=int(n), r=int(r), p=int(p), dklen=16)
    assert base64.urlsafe_b64decode(key) == expected


def test_a_plain_password_is_compared_as_it_is() -> None:
    assert is_correct("sesame", "sesame")
    assert not is_correct("sesam", "sesame")
    assert not is_correct("", "sesame")
    assert is_correct("\ud800é", "\ud800é")


@pytest.mark.parametrize(
    "broken",
    ["scrypt:", "scrypt:16384:8:1:x", "scrypt:16384:8:1:!!!!:AAAA", "scrypt:1073741824:8:1:AAAA:" + "A" * 24,
     "scrypt:3:8:1:AAAA:" + "A" * 24, "scrypt:a:8:1:AAAA:" + "A" * 24, "scrypt:16384:8:1:AAAA:"],
)  # fmt: skip
def test_a_broken_or_unaffordable_hash_is_refused(broken: str) -> None:
    assert not is_hash_valid(broken)
    assert not is_correct("x", broken)
