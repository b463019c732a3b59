"""The statements of a run and of the pages use an index: none reads the whole of a table that grows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from newsletter.models import Cadence, DeliveryStatus, Status
from newsletter.store import Store
from newsletter.store.departures import DaySlot
from newsletter.store.filters import Limits, Order
from newsletter.store.subscriber_search import Search
from newsletter.topics.query import parse
from tests.factories import NOW, make_entry, make_profile
from tests.stores import connection_of

pytestmark = pytest.mark.sqlite_only("the plans of its planner")

GROWING = (
    "papers|traits|paper_traits|paper_codes|coded|paper_topics|topic_papers|examined|paper_names|mentions|subscribers"
    "|subscriptions|digests|digest_texts|deliveries|bounces"
    "|pulls|editions|saved_papers|upvote_history|sent_papers|edition_papers"
)
#: Indexes of few rows, and the one that gives editions in their order.
PARTIAL = (
    "deliveries_open", "confirmations_waiting", "editions_created", "editions_state", "editions_special", "pulls_errors"
)  # fmt: skip
ADA = "ada@example.org"
DAY = date(2026, 5, 8)
OF_A_DAY = Limits(since=DAY, until=DAY)
NARROWED = replace(OF_A_DAY, source="arxiv", category="cs.CL", organization="Lab", has_code=True, is_discussed=True)
OF_AN_EDITION = Limits(window=(NOW - timedelta(days=1), NOW))
SEARCHES = (
    Search(), Search(text="ada"), Search(status=Status.PAUSED), Search(tag="lab"), Search(topic="LLM agents")
)  # fmt: skip


def search_pages(search: Search, store: Store) -> None:
    for place in ({}, {"after": ADA}, {"before": ADA}):
        store.subscriber_search.page(search, 50, **place)
    store.subscriber_search.count(search, 1000)


OF_A_DAY = Limits(since=DAY, until=DAY)
NARROWED = replace(OF_A_DAY, source="arxiv", category="cs.CL", organization="Lab", has_code=True, is_discussed=True)
OF_AN_EDITION = Limits(window=(NOW - timedelta(days=1), NOW))
OF_A_TOPIC = Limits(examined_topic=(7, 2))
A_SLOT = DaySlot(NOW, Cadence.DAILY, 7, "UTC")
HOT: dict[str, Callable[[Store], object]] = {
    "claim": lambda store: store.deliveries.claim(NOW, after=0, limit=9),
    "what waits for too long": lambda store: store.deliveries.bring_forward(NOW, NOW),
    "count of what is open": lambda store: store.deliveries.open_count(NOW),
    "oldest open": lambda store: store.deliveries.oldest_open(),
    "open": lambda store: store.deliveries.open(),
    "departure": lambda store: store.deliveries.depart(1, NOW, NOW, make_profile()),
    "departures": lambda store: store.departures.depart([*range(1, 65)], NOW, A_SLOT),
    "results": lambda store: store.departures.settle_sent([(one, "250 ok") for one in range(1, 65)], NOW),
    "last mail of a subscriber": lambda store: store.deliveries.last_mail(1, NOW),
    "editions whose day may be over": lambda store: store.deliveries.open_days(DAY),
    "closing of a day": lambda store: store.deliveries.close_day("daily-2026-05-08", "UTC", NOW, ""),
    "move": lambda store: store.deliveries.move(1, DeliveryStatus.SENT, NOW),
    "delivery of an edition": lambda store: store.deliveries.find("daily-2026-05-08", 1),
    "deliveries of a subscriber": lambda store: store.deliveries.of_subscriber(1),
    "papers planned for a subscriber": lambda store: store.deliveries.papers_planned_for(1),
    "what is in doubt": lambda store: store.deliveries.hold(NOW, ""),
    "what is stale": lambda store: store.deliveries.skip_open(NOW, "", before=NOW),
    "rest of an edition": lambda store: store.deliveries.skip_open(NOW, "", edition_key="daily-2026-05-08"),
    "open deliveries to hold": lambda store: store.deliveries.hold_open(NOW, ""),
    "first of the open": lambda store: store.deliveries.next_attempt(),
    "who may be due": lambda store: list(store.next_due.batches(NOW)),
    "when to look again": lambda store: store.next_due.put({NOW: [1]}, NOW),
    "ended pauses": lambda store: (store.subscribers.resume_due(NOW), store.subscribers.next_resume()),
    "looks": lambda store: store.looks.until(NOW),
    "a look": lambda store: store.looks.add(NOW),
    "what models are learned from": lambda store: store.topic_models.to_learn_from(NOW),
    "whether anything is open": lambda store: store.deliveries.is_any_open(),
    "newest paper": lambda store: store.papers.last_seen_at(),
    "what left last, of many": lambda store: store.planning.last_mails([1, 2], NOW),
    "what waits, of many": lambda store: store.planning.waiting([1, 2]),
    "what was skipped, of many": lambda store: store.planning.unsent_days([1, 2]),
    "an edition, of many": lambda store: store.planning.of_edition("daily-2026-05-08", [1, 2]),
    "editions of papers": lambda store: store.planning.editions_with([1, 2]),
    "papers sent, of many": lambda store: store.planning.sent_of({1, 2}, ["daily-2026-05-08"], [1, 2]),
    "suppressions, of many": lambda store: store.suppressions.reasons([ADA]),
    "edition before": lambda store: store.editions.before(Cadence.DAILY, DAY),
    "add entries": lambda store: store.papers.add(make_entry(), NOW),
    "paper by name": lambda store: store.papers.find("arxiv:2605.01234"),
    "papers by id": lambda store: store.papers.get_many([1, 2]),
    "new papers": lambda store: store.papers.new_since(NOW),
    "mentions": lambda store: store.papers.mentions(1),
    "papers of days": lambda store: store.archive.search(None, OF_A_DAY, order=Order.UPVOTED, with_traits=True),
    "newest papers of days": lambda store: store.archive.search(None, OF_A_DAY, order=Order.NEWEST),
    "narrowed papers of days": lambda store: store.archive.search(None, NARROWED, order=Order.STARRED),
    "papers of a topic in days": lambda store: store.archive.search(parse("clouds"), NARROWED, with_traits=True),
    "papers of an edition": lambda store: store.archive.search(None, OF_AN_EDITION, order=Order.UPVOTED),
    "newest papers of an edition": lambda store: store.archive.search(None, OF_AN_EDITION, order=Order.NEWEST),
    "papers with similar titles": lambda store: store.archive.sharing_words("small clouds of pears"),
    "papers of a category": lambda store: store.archive.search(parse("cat:cs.CL"), with_traits=True),
    "papers of rare categories": lambda store: store.archive.search(parse("cat:q-bio.* OR cat:cs.CL")),
    "papers of an author": lambda store: store.archive.search(parse("author:lovelace"), with_traits=True),
    "papers of an organization": lambda store: store.archive.search(parse('org:"some lab"')),
    "words near each other": lambda store: store.archive.search(parse("clouds pears"), with_traits=True),
    "topics of papers": lambda store: (store.paper_topics.find([1, 2], 7), store.paper_topics.words([1, 2])),
    "papers whose topics are not known": lambda store: store.paper_topics.unexamined(7, 9),
    "papers of a topic": lambda store: store.archive.search(parse("clouds"), OF_A_TOPIC, order=Order.NEWEST),
    "papers of a topic in an order": lambda store: store.archive.search(None, OF_A_TOPIC, order=Order.UPVOTED),
    "papers of a topic's days": lambda store: store.archive.search(None, replace(OF_A_TOPIC, since=DAY)),
    "topics that papers have": lambda store: store.paper_topics.put({1: (2, 3)}, 7),
    "ids of new papers": lambda store: store.papers.ids_since(NOW),
    "keys of a part of the sitemap": lambda store: list(store.archive.keys(5, 9)),
    "last paper": lambda store: store.papers.last_id(),
    "first and last day": lambda store: store.archive.span(),
    "days beside": lambda store: (store.archive.day_before(DAY), store.archive.day_after(DAY)),
    "saved papers": lambda store: (store.saved.of(1), store.saved.has(1, 1)),
    "removing a saved paper": lambda store: store.saved.remove(1, 1),
    "saving": lambda store: store.saved.put(1, 1, NOW, 9),
    "upvotes of a paper": lambda store: store.upvotes.of(1),
    "paper by key": lambda store: store.archive.find("arxiv:2605.01234"),
    "editions of a paper": lambda store: store.archive.editions_of(1),
    "papers by day": lambda store: store.archive.days(DAY - timedelta(days=30), DAY),
    "papers with words": lambda store: store.archive.with_words("small clouds"),
    "version of the embedding": lambda store: store.taste_models.embedding_version(),
    "subscriber by address": lambda store: store.subscribers.find(ADA),
    "subscriber by id": lambda store: store.subscribers.find_by_id(1),
    "suppression": lambda store: store.suppressions.why_suppressed(ADA),
    "soft bounces": lambda store: store.bounces.soft_count(ADA, NOW),
    "bounces of an address": lambda store: store.bounces.of(ADA),
    "delivery of a Message-ID": lambda store: store.bounces.delivery_of("<1@example.org>"),
    "waiting confirmations": lambda store: store.confirmations.waiting(9),
    "claim of a confirmation": lambda store: store.confirmations.claim(1, NOW),
    "failures": lambda store: store.deliveries.latest_bad(NOW, 5),
    "number of failures": lambda store: store.deliveries.bad_counts(NOW),
    "deliveries of an edition": lambda store: store.deliveries.counts("daily-2026-05-08"),
    "bounces of a week": lambda store: store.bounces.counts_since(NOW),
    "bounces for review": lambda store: store.bounces.pending_review(),
    "last pull": lambda store: (store.pulls.last("arxiv"), store.pulls.last_numbers("arxiv")),
    "first pull": lambda store: store.pulls.first("arxiv"),
    "pulls with new papers": lambda store: store.pulls.arrivals("arxiv", 200),
    "latest runs": lambda store: (store.runs.latest(20), store.runs.last_clean()),
    "feedback": lambda store: store.feedback.of(1),
    "latest editions": lambda store: store.editions.latest(10, 20),
    "editions that are not open": lambda store: store.editions.states(),
    "when messages left": lambda store: store.edition_numbers.departures("daily-2026-05-08"),
    "bounces of editions": lambda store: store.edition_numbers.bounced(["daily-2026-05-08"], NOW),
    "digest of an edition": lambda store: store.edition_numbers.typical_digest("daily-2026-05-08"),
    "failures of an edition": lambda store: store.deliveries.with_status(
        [DeliveryStatus.FAILED, DeliveryStatus.HELD, DeliveryStatus.DEFERRED], "daily-2026-05-08", 50
    ),
    "a page of deliveries": lambda store: store.deliveries.of_subscriber(1, 30, 60),
    "errors of pulls": lambda store: store.pulls.errors(10),
    "days of the chart": lambda store: store.subscribers.daily_changes(DAY),
    "bounces of a subscriber": lambda store: store.bounces.of_subscriber(1, ADA),
    **{f"subscribers: {search}": partial(search_pages, search) for search in SEARCHES},
}


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_scans_no_table_that_grows(name: str, store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
    statements: list[str] = []
    connection_of(store).set_trace_callback(statements.append)
    HOT[name](store)
    connection_of(store).set_trace_callback(None)
    planned = [sql for sql in statements if re.match(r"\s*(WITH|SELECT|UPDATE|DELETE|INSERT)", sql)]
    assert planned
    plans = {sql: [row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in planned}
    scans = {sql: plan for sql, plan in plans.items() if any(_is_scan(step) for step in plan)}
    assert scans == {}


def _is_scan(step: str) -> bool:
    """Return whether a step reads a whole table, or a whole index that holds every row of it."""
    match = re.match(rf"SCAN ({GROWING})\b(?: USING (?:COVERING )?INDEX (\w+))?", step)
    return match is not None and match[2] not in PARTIAL
