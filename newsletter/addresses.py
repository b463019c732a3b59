"""Email addresses: validation, the key that identifies one, and the form for SMTP."""

from __future__ import annotations

import idna

from newsletter.errors import ProfileError
from newsletter.text import squeeze


def check_email(text: str) -> str:
    """Return an address in its normal form: NFC, the domain in lower case and Unicode.

    Only the syntax is checked, not whether the domain accepts mail.

    Raises:
        ProfileError: It is not a valid address.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - takes 50 ms to import

    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ProfileError(f"email: {text!r} is not a valid email address: {error}") from error
    return checked.normalized


def email_key(email: str) -> str:
    """Return the key by which an address is looked up: spellings that differ in case or spaces share it."""
    return squeeze(email).casefold()


def wire_address(email: str) -> str:
    """Return an address with its domain in ASCII (IDNA 2008), as SMTP and message headers need it."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
