"""DKIM signatures, verified by dkimpy, which shares no code with ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.sending.dkim import DkimKey, load_key, new_key, sign, signature_of

pytest.importorskip("nacl", reason="dkimpy verifies Ed25519 by PyNaCl")

NOW = datetime.now(UTC)
HEADERS = (
    b"From: Daily Papers <digest@papers.example>\r\n"
    b"Date: Fri, 08 May 2026 07:00:00 +0000\r\n"
    b'List-Id: "Daily Papers" <daily-papers.papers.example>\r\n'
    b"Auto-Submitted: auto-generated\r\n"
    b"To: Ada <ada@subscriber.example>\r\n"
    b"Subject: =?utf-8?b?UsO8YmVu?=\r\n =?utf-8?q?_and_more?=\r\n"
    b"Message-ID: <1@papers.example>\r\n"
    b"List-Unsubscribe: <https://papers.example/unsubscribe/1.abc>,\r\n"
    b" <mailto:digest@papers.example?subject=unsubscribe>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
)
MESSAGE = HEADERS + b"\r\nPears,\r\n\r\nand a robot.\r\n"


def make_key(kind: str, selector: str) -> tuple[DkimKey, str]:
    pem, record = new_key(kind)
    private_key = load_pem_private_key(pem, password=None)
    return DkimKey("papers.example", selector, private_key), record  # type: ignore[arg-type]


RSA, RSA_RECORD = make_key("rsa", "r1")
ED, ED_RECORD = make_key("ed25519", "e1")
RECORDS = {"r1._domainkey.papers.example": RSA_RECORD, "e1._domainkey.papers.example": ED_RECORD}


def verified(message: bytes, signatures: int = 1, records: Mapping[str, str] = RECORDS) -> bool:
    """Whether each of the first signatures is valid."""

    def text_of(name: bytes, **_options: object) -> bytes:
        return records[name.decode().rstrip(".")].encode()

    def holds(index: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(index, dnsfunc=text_of))
        except dkim.DKIMException:
            return False

    return all(holds(index) for index in range(signatures))


@pytest.mark.parametrize("keys", [(RSA,), (ED,), (RSA, ED), (ED, RSA)], ids=["rsa", "ed25519", "both", "reversed"])
def test_signatures_are_valid(keys: tuple[DkimKey, ...]) -> None:
    signed = sign(MESSAGE, keys, NOW)
    assert verified(signed, len(keys))
    assert signed.endswith(MESSAGE)
    assert signed.count(b"DKIM-Signature:") == len(keys)
    assert signed == signature_of(MESSAGE, keys, NOW) + MESSAGE  # signing is deterministic
    assert max(map(len, signature_of(MESSAGE, keys, NOW).split(b"\r\n"))) <= 78


def test_without_keys_nothing_changes() -> None:
    assert sign(MESSAGE, (), NOW) == MESSAGE


def test_one_click_headers_are_signed_and_from_is_oversigned() -> None:
    unfolded = signature_of(MESSAGE, (RSA,), NOW).replace(b"\r\n", b"").replace(b" ", b"")
    names = unfolded.split(b"h=")[1].split(b";")[0].lower().split(b":")
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"to", b"subject", b"message-id", b"list-id"} <= set(names)
    assert names.count(b"from") == 2
    assert b"received" not in names
    assert b"reply-to" not in names
    assert b"c=relaxed/simple" in unfolded


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b"one",
        b"one\r\n",
        b"one\r\n\r\n\r\n\r\n",
        b"\r\n\r\none\r\n",
        b" \r\n",
        b"\r\n one \t\r\n",
    ],
)
def test_trailing_empty_lines_do_not_matter(body: bytes) -> None:
    signed = sign(HEADERS + b"\r\n" + body, (RSA, ED), NOW)
    assert verified(signed, 2)
    assert verified(signed + b"\r\n" * (2 if body.endswith(b"\r\n") else 1), 2)


def test_a_message_without_a_body_is_signed() -> None:
    assert verified(sign(HEADERS, (RSA, ED), NOW), 2)


def test_a_message_without_from_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="From"):
        sign(b"To: ada@subscriber.example\r\n\r\nOne.\r\n", (RSA,), NOW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"and a robot", b"and no robot"),
        (b"Daily Papers <digest", b"Weekly Papers <digest"),
        (b"unsubscribe/1.abc", b"unsubscribe/2.abc"),
        (b"One-Click", b"Two-Click"),
        (b"\r\nTo: Ada", b"\r\nTo: Bob"),
        (b"\r\nDate: ", b"\r\nX-Date: "),
        (b"\r\nFrom: ", b"\r\nFrom: eve@elsewhere.example\r\nFrom: "),
        (b"\r\nMIME-Version: 1.0\r\n", b"\r\nMIME-Version: 1.0\r\nFrom: eve@elsewhere.example\r\n"),
        (b"\r\nSubject: ", b"\r\nSubject: You won\r\nSubject: "),
        (b"\r\nContent-Type: ", b"\r\nContent-Type: text/html\r\nContent-Type: "),
    ],
)
def test_changes_in_transit_invalidate_the_signature(before: bytes, after: bytes) -> None:
    signed = sign(MESSAGE, (RSA, ED), NOW)
    assert before in signed
    assert not verified(signed.replace(before, after, 1))


def test_relays_may_refold_headers_and_add_their_own() -> None:
    signed = sign(MESSAGE, (RSA, ED), NOW)
    relayed = signed.replace(b"\r\nTo: Ada <", b"\r\nTO:\tAda\r\n  <").replace(b"example>,\r\n <", b"example>, <")
    assert relayed != signed
    assert verified(b"Received: from a by b\r\n" + relayed, 2)


def test_another_key_in_dns_verifies_no_signature() -> None:
    assert not verified(sign(MESSAGE, (RSA,), NOW), records={"r1._domainkey.papers.example": new_key("rsa")[1]})


# -- any message -------------------------------------------------------------------------------------

# dkimpy treats more than space and tab as white space (RFC 5234), and reads no header with a bare CR or LF.
TEXT = st.text(st.characters(exclude_characters="\r\n\v\f\x00", exclude_categories=["Cs"]), max_size=60)
FOLDED = st.lists(TEXT, min_size=1, max_size=4).map("\r\n ".join)
NAMES = st.sampled_from(
    ["Reply-To", "To", "Subject", "Feedback-ID", "Precedence", "list-help", "SUBJECT", "X-Own", "Cc"]
)
LINES = st.lists(st.one_of(st.just(""), TEXT, st.sampled_from([".", "..", " ", "\t", "From here"])), max_size=8)


@given(headers=st.lists(st.tuples(NAMES, FOLDED), max_size=6), name=TEXT, lines=LINES, ends=st.booleans())
@example(headers=[("Subject", "one"), ("Subject", "two"), ("SUBJECT", "three")], name="", lines=[], ends=False)
@example(headers=[("Subject", " \t a  \t b \r\n \t")], name="Zoë  \t", lines=["x", "", ""], ends=True)
def test_any_message_can_be_signed(headers: list[tuple[str, str]], name: str, lines: list[str], ends: bool) -> None:
    head = f"From: {name} <digest@papers.example>\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
    content = "\r\n".join([head, *lines]) + ("\r\n" if ends else "")
    signed = sign(content.encode(), (RSA, ED), NOW)
    assert verified(signed, 2)
    assert not verified(signed + b"one more\r\n")


# -- keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_can_be_loaded_and_has_its_record(tmp_path: Path, kind: str) -> None:
    pem, record = new_key(kind)
    path = tmp_path / "dkim.pem"
    path.write_bytes(pem)
    key = load_key(path, "Pérs.Example.", "S1")
    assert (key.domain, key.selector, key.path) == ("xn--prs-bma.example", "s1", path)
    assert (key.host, key.record) == ("s1._domainkey.xn--prs-bma.example", record)
    assert record.startswith(f"v=DKIM1; k={kind}; p=")
    assert "Private" not in repr(key)


def test_rsa_keys_in_the_older_pem_format_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "dkim.pem"
    path.write_bytes(RSA.private_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    assert verified(sign(MESSAGE, (load_key(path, "papers.example", "r1"),), NOW))


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


PUBLIC = RSA.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
SMALL = rsa.generate_private_key(65537, 1024)  # noqa: S505 - must be refused
CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "is not a PEM file"),
        (b"\x00\xff", "is not a PEM file"),
        (PUBLIC, "public key"),
        (pem_of(SMALL), "has 1024 bits, not 2048"),
        (pem_of(CURVE), "neither RSA nor Ed25519"),
        (pem_of(SMALL, b"open sesame"), "is encrypted"),
        (b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "invalid private key"),
    ],
)
def test_an_invalid_key_is_refused_in_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "dkim.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as raised:
        load_key(path, "papers.example", "s1")
    assert "\n" not in str(raised.value)
    assert "c2VjcmV0" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_an_unreadable_key_has_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_key(tmp_path, "papers.example", "s1")


@pytest.mark.parametrize(
    ("domain", "selector"), [("", "s1"), ("a b", "s1"), ("-a", "s1"), ("a.example", "s;1"), ("a..b", "s")]
)
def test_invalid_dns_names_are_refused(tmp_path: Path, domain: str, selector: str) -> None:
    path = tmp_path / "dkim.pem"
    path.write_bytes(new_key("ed25519")[0])
    with pytest.raises(ConfigError, match="expected a DNS name"):
        load_key(path, domain, selector)
