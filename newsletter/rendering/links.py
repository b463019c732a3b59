"""Addresses about a paper, made only from checked ids, http(s) links and quoted titles."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from newsletter.models import Paper


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
