"""Links of a paper, made only from validated ids, http(s) URLs and quoted titles."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from newsletter.models import Paper
from newsletter.models.tokens import feedback_prefix


def paper_url(paper: Paper) -> str:
    """Return the URL of a paper: arXiv, DOI, its own page or short DOI, else a search for its title."""
    if paper.arxiv_id:
        return f"https://arxiv.org/abs/{paper.arxiv_id}"
    if paper.doi:
        return f"https://doi.org/{quote(paper.doi, safe='/')}"
    if paper.url:
        return paper.url
    if paper.short_doi:
        return f"https://doi.org/{paper.short_doi}"
    return f"https://huggingface.co/papers?q={quote_plus(paper.title)}"


def pdf_url(paper: Paper) -> str:
    """Return the URL of a paper's PDF: the one that a source names, else arXiv's; "" if none is known."""
    return paper.pdf_url or (_arxiv_pdf(paper.arxiv_id) if paper.arxiv_id else "")


def paper_links(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return (English label, URL) of each known link, `paper_url` first."""
    links: list[tuple[str, str | None]] = []
    if paper.arxiv_id:
        links += [("arXiv", paper_url(paper)), ("PDF", _arxiv_pdf(paper.arxiv_id))]
        if "huggingface" in paper.sources:
            links.append(("Discussion", f"https://huggingface.co/papers/{paper.arxiv_id}"))
    elif paper.doi:
        links += [("Publisher", paper_url(paper)), ("PDF", paper.pdf_url)]
    elif paper.url or paper.short_doi:
        links += [("Page", paper_url(paper)), ("PDF", paper.pdf_url)]
    else:
        links.append(("Search Hugging Face", paper_url(paper)))
    links += [("Code", paper.code_url), ("Project", paper.project_url)]
    return tuple((label, url) for label, url in links if url)


def _arxiv_pdf(arxiv_id: str) -> str:
    return f"https://arxiv.org/pdf/{arxiv_id}"


@dataclass(frozen=True, slots=True)
class FeedbackLinks:
    """A subscriber's "more like this" and "less like this" links: pages of the site, or mailto."""

    #: The URL up to the token.
    prefix: str
    #: The part that all of the subscriber's tokens share; see `tokens.feedback_prefix`.
    token: str

    def more(self, paper_id: int) -> str:
        """Return the URL that asks for more papers like this one."""
        return f"{self.prefix}{feedback_prefix(paper_id, liked=True)}{self.token}"

    def less(self, paper_id: int) -> str:
        """Return the URL that asks for fewer papers like this one."""
        return f"{self.prefix}{feedback_prefix(paper_id, liked=False)}{self.token}"
