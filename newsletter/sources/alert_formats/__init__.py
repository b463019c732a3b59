"""Alert mails by their sender: one row for each service whose mails are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from newsletter.models import Entry, Refusal
from newsletter.sources.alert_formats import arxiv_listing, google_scholar, my_ncbi, sciencedirect, semantic_scholar
from newsletter.sources.alert_formats.message import AlertMail


@dataclass(frozen=True, slots=True)
class AlertFormat:
    """The mails of one service."""

    name: str
    #: Addresses, or domains with all that is below them, that it sends from.
    senders: tuple[str, ...]
    #: What only its mails have, for those that come by way of another address.
    mark: str
    entries: Callable[[AlertMail], Iterator[Entry | Refusal]]
    #: Whether a mail without a new paper is in order.
    may_be_empty: Callable[[AlertMail], bool] = lambda _mail: False


FORMATS = (
    AlertFormat(
        "Google Scholar", ("scholaralerts-noreply@google.com", "scholarcitations-noreply@google.com"),
        "/scholar_url?", google_scholar.entries,
    ),
    AlertFormat("Semantic Scholar", ("semanticscholar.org",), "semanticscholar.org/paper/", semantic_scholar.entries),
    AlertFormat("arXiv", ("arxiv.org",), "\n\\\\\narXiv:", arxiv_listing.entries, arxiv_listing.is_listing),
    AlertFormat(
        "ScienceDirect", ("notification.elsevier.com", "sciencedirect.com"), "sciencedirect.com", sciencedirect.entries
    ),
    AlertFormat("PubMed", ("ncbi.nlm.nih.gov", "mail.nih.gov"), "My NCBI", my_ncbi.entries),
)  # fmt: skip

SENDERS = tuple(sender for one in FORMATS for sender in one.senders)


def is_from(address: str, sender: str) -> bool:
    """Return whether an address is this one, or of this domain or one below it."""
    sender = sender.lower()
    if "@" in sender:
        return address == sender
    domain = address.rpartition("@")[2]
    return bool(domain) and (domain == sender or domain.endswith(f".{sender}"))


def format_of(mail: AlertMail) -> AlertFormat | None:
    """Return the format of a mail by its sender, else by what only mails of a service have."""
    by_sender = (one for one in FORMATS if any(is_from(mail.sender, sender) for sender in one.senders))
    by_mark = (one for one in FORMATS if one.mark in mail.html or one.mark in mail.text)
    return next(by_sender, None) or next(by_mark, None)
