"""Addresses about a paper, made only from checked ids, http(s) links and quoted titles."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from newsletter.models import Paper
from newsletter.tokens import feedback_prefix


def paper_url(paper: Paper) -> str:
    """Return where the paper is to be read about: its own page, else a search for its title."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{paper.arxiv_id}"
    if paper.doi:
        return f"https://doi.org/{quote(paper.doi, safe='/')}"
    if paper.url:
        return paper.url
    return f"https://huggingface.co/papers?q={quote_plus(paper.title)}"


def paper_links(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return (label, address) of everything there is about the paper, `paper_url` first."""
    links: list[tuple[str, str | None]] = []
    if paper.arxiv_id:
        links += [("arXiv", paper_url(paper)), ("PDF", f"https://arxiv.org/pdf/{paper.arxiv_id}")]
        if "huggingface" in paper.sources:
            links.append(("Discussion", f"https://huggingface.co/papers/{paper.arxiv_id}"))
    elif paper.doi:
        links += [("Publisher", paper_url(paper)), ("PDF", paper.pdf_url)]
    elif paper.url:
        links += [("Page", paper_url(paper)), ("PDF", paper.pdf_url)]
    else:
        links.append(("Search Hugging Face", paper_url(paper)))
    links += [("Code", paper.code_url), ("Project", paper.project_url)]
    return tuple((label, address) for label, address in links if address)


@dataclass(frozen=True, slots=True)
class FeedbackLinks:
    """Where one reader says more, or less, like this: a page of the site, or a mail to be sent."""

    #: All of an address but the token.
    prefix: str
    #: What is the same in all tokens of this reader; see `tokens.feedback_prefix`.
    token: str

    def more(self, paper_id: int) -> str:
        """Return where they say that they want more like this paper."""
        return f"{self.prefix}{feedback_prefix(paper_id, liked=True)}{self.token}"

    def less(self, paper_id: int) -> str:
        """Return where they say that they want less like this paper."""
        return f"{self.prefix}{feedback_prefix(paper_id, liked=False)}{self.token}"
