"""Email addresses: parsing, the key that identifies one, and the form for SMTP. Nothing else compares addresses."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

import idna

from newsletter.errors import ProfileError
from newsletter.limits import ADDRESS, ADDRESS_OCTETS, LOCAL_PART_OCTETS
from newsletter.text import normalize

#: Providers that ignore dots before the @, and those whose tags begin with "-".
_GMAIL = ("gmail.com", "googlemail.com")
_YAHOO = ("yahoo.com", "ymail.com", "rocketmail.com")
_LOCALHOST = "@localhost"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def parse_address(text: str, *, allow_local: bool = False) -> str:
    """Return an address in its normal form: NFC, the domain in lower case and Unicode.

    Only the syntax is checked, not whether the domain accepts mail. The domain needs a dot, unless `allow_local`: an
    operator may write to `root@localhost`, a stranger may not make the site do so.

    Raises:
        ProfileError: It is not a valid address.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - takes 50 ms to import

    if len(text) > ADDRESS:
        raise ProfileError(f"email: {text[:40]!r}… is longer than {ADDRESS_OCTETS} octets")
    # The validator rejects localhost, as a reserved name: what precedes it is checked with a name that it accepts.
    checked = f"{text}.example" if allow_local and text.lower().endswith(_LOCALHOST) else text
    try:
        address = validate_email(checked, check_deliverability=False, globally_deliverable=False).normalized
        address = address if checked is text else address.removesuffix(".example")
        local, _, domain = wire_address(address).rpartition("@")
    except (EmailNotValidError, UnicodeError) as error:
        raise ProfileError(f"email: {text!r} is not a valid email address: {error}") from error
    octets = len(local.encode())
    if octets > LOCAL_PART_OCTETS:
        raise ProfileError(f"email: the part before the @ is longer than {LOCAL_PART_OCTETS} octets")
    if octets + 1 + len(domain) > ADDRESS_OCTETS:
        raise ProfileError(f"email: {text[:40]!r}… is longer than {ADDRESS_OCTETS} octets")
    if "." not in domain and not allow_local:
        raise ProfileError(f"email: {text!r} is not a valid email address: its domain has no dot")
    if domain.rpartition(".")[2].isdigit():  # an IP address, or part of one; no top-level domain is a number (RFC 3696)
        raise ProfileError(f"email: {text!r} is not a valid email address: its domain is a number")
    return address


def email_key(email: str) -> str:
    """Return the key by which an address is looked up: its form for SMTP, in lower case as far as it is ASCII.

    Nothing else is folded: `ß` and `ss`, `ς` and `σ`, `ﬁ` and `fi` may be the mailboxes of different people. It never
    raises: a domain that IDNA rejects is compared as it is written.
    """
    email = email.strip()
    if email.isascii():
        return email.lower()
    if len(email) > ADDRESS:
        return _SURROGATE.sub("\ufffd", email).translate(_ASCII_LOWER)
    try:
        email = wire_address(email)
    except UnicodeError:
        email = normalize("NFC", email)
    return _SURROGATE.sub("\ufffd", email).translate(_ASCII_LOWER)  # which no table can hold


#: `email_key` of an address that is known to be plain ASCII without blanks around it: a C function, for a million rows.
ascii_key = str.lower


def mailbox_key(email: str) -> str:
    """Return one key for all addresses that are known to lead to one mailbox; only for limits, never to look one up.

    A tag after "+" is dropped, which most providers allow, and Gmail's dots.
    """
    local, _, domain = email_key(email).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", "") or local, _GMAIL[0]
    elif domain in _YAHOO:
        local = local.partition("-")[0] or local
    return f"{local}@{domain}"


def wire_address(email: str) -> str:
    """Return an address with its domain in ASCII (IDNA 2008), as SMTP and message headers need it.

    Raises:
        UnicodeError: The domain is not valid.
    """
    if len(email) > ADDRESS:
        raise UnicodeError(f"longer than {ADDRESS} characters")
    if email.isascii():
        return email
    local, at, domain = normalize("NFC", email).rpartition("@")
    # UTS 46 without its transitional rules, by which ß would be ss: another domain, of somebody else perhaps.
    return f"{local}{at}{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
