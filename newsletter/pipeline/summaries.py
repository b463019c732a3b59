"""Abstracts → summaries of one sentence, by a chat model behind an OpenAI-compatible API; kept in the store.

Summaries are made apart from composing: an edition uses those that exist, and never waits. Both an abstract (prompt
injection) and a response are untrusted data: the one is quoted, the other is validated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from newsletter.config.model import SummarySettings
from newsletter.models import Paper
from newsletter.pipeline.chat_model import Refused, Unusable, ask, host_of, read_response
from newsletter.store import Store
from newsletter.store.summaries import Summaries

#: No request is sent, and no response awaited, later than this after a run began.
MAX_RUN_S = 300.0
#: Papers first seen longer ago are in no edition any more.
MAX_AGE = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class SummaryReport:
    """What one run did."""

    made: int = 0
    #: Responses that could not be used, each as paper, language and reason.
    refused: tuple[str, ...] = ()
    #: Why the run stopped short, if it did.
    error: str | None = None


def summarize(
    store: Store, summaries: Summaries, settings: SummarySettings, clock: Callable[[], datetime]
) -> SummaryReport:
    """Summarize the newest papers without a summary, and store each summary as it arrives.

    A failure of the endpoint is in the report. The languages take turns, so that each gets its share of the budget.

    Raises:
        StoreError: The store cannot be written.
    """
    made = 0
    refused: list[str] = []
    until = time.monotonic() + MAX_RUN_S
    for paper, language in _papers_to_summarize(store, summaries, settings, clock() - MAX_AGE):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            text = read_response(ask(settings, paper, language, min(left, settings.timeout_s)), settings.key)
        except Refused as error:
            refused.append(f"{paper.key} ({language}): {error}")
        except Unusable as error:
            return SummaryReport(made, tuple(refused), f"{host_of(settings.base_url)}: {error}")
        else:
            with store.transaction():
                summaries.put(paper.id, language, settings.model, text, clock())
            made += 1
    return SummaryReport(made, tuple(refused))


def _papers_to_summarize(
    store: Store, summaries: Summaries, settings: SummarySettings, since: datetime
) -> list[tuple[Paper, str]]:
    """Return papers and languages: the newest paper in each language, then the next one, up to the budget."""
    limit = max(0, settings.budget)
    lacking = [
        [(paper_id, language) for paper_id in summaries.lacking(language, limit, since)]
        for language in dict.fromkeys(settings.languages)
    ]
    wanted = [pair for turn in zip_longest(*lacking) for pair in turn if pair][:limit]
    papers = store.papers.get_many(paper_id for paper_id, _ in wanted)
    return [(papers[paper_id], language) for paper_id, language in wanted if paper_id in papers]
