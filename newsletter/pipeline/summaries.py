"""Abstracts → one sentence each, by whatever model answers the OpenAI protocol; kept in the store.

Made apart from composing: an edition takes what is there and waits for nothing. What a paper says may be meant to
steer the model, and what an endpoint says may be anything, so both are data: the one is quoted, the other is checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from newsletter.config.model import SummarySettings
from newsletter.models import Paper
from newsletter.pipeline.chat_model import (
    Refused,
    Unusable,
    ask,
    host_of,
    read_response,
)
from newsletter.store import Store
from newsletter.store.summaries import Summaries

#: No question is asked, and no answer waited for, later than this after a run began.
LONGEST_RUN_S = 300.0
#: Papers that have been known for longer are in no edition any more, and not worth the asking.
OLDEST = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class SummaryReport:
    """What one run did."""

    made: int = 0
    #: Answers that could not be taken, each as paper, language and why.
    refused: tuple[str, ...] = ()
    #: Why the run stopped short, if it did.
    error: str | None = None


def summarize(
    store: Store, summaries: Summaries, settings: SummarySettings, clock: Callable[[], datetime]
) -> SummaryReport:
    """Have the newest papers that lack a summary summarised, and keep each as it comes.

    The endpoint's failure is in the report. So that none goes without, the languages take turns.

    Raises:
        StoreError: The store cannot be written.
    """
    made = 0
    refused: list[str] = []
    until = time.monotonic() + LONGEST_RUN_S
    for paper, language in _wanted(store, summaries, settings, clock() - OLDEST):
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


def _wanted(store: Store, summaries: Summaries, settings: SummarySettings, since: datetime) -> list[tuple[Paper, str]]:
    """Return whose summaries to ask for, in which language: the newest in each, then the next."""
    limit = max(0, settings.budget)
    lacking = [
        [(paper_id, language) for paper_id in summaries.lacking(language, limit, since)]
        for language in dict.fromkeys(settings.languages)
    ]
    wanted = [pair for turn in zip_longest(*lacking) for pair in turn if pair][:limit]
    papers = store.papers.get_many(paper_id for paper_id, _ in wanted)
    return [(papers[paper_id], language) for paper_id, language in wanted if paper_id in papers]


# -- asking ---------------------------------------------------------------------------------------


# -- reading --------------------------------------------------------------------------------------
