"""What an email address is: validation, identity key, wire form."""

from __future__ import annotations

import idna

from newsletter.errors import ProfileError
from newsletter.text import squeeze


def check_email(text: str) -> str:
    """Return the address in its normal form.

    Raises:
        ProfileError: It is not an address that mail can be sent to.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - takes 50 ms to import

    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ProfileError(f"email: {text!r} is not an address: {error}") from error
    return checked.normalized


def email_key(email: str) -> str:
    """Return what two spellings of one address share."""
    return squeeze(email).casefold()


def wire_address(email: str) -> str:
    """Return an address with its domain in ASCII (IDNA 2008), as SMTP and headers want it."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
