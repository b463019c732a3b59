"""Ranked papers → sections by topic: a paper once, in its best topic, and no more than the reader wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date

from newsletter.models import Item, Paper, Profile, Section
from newsletter.ranking.index import Match, PaperIndex
from newsletter.ranking.score import popularity_reason, reasons_for, score

ALSO_TRENDING = "Also trending"
TRENDING = "Trending"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A paper and the place in the reader's list of its best topic."""

    topic: int
    item: Item


def group(index: PaperIndex, profile: Profile, sent_before: AbstractSet[int], today: date) -> tuple[Section, ...]:
    """Rank and group the index's papers, less those of the ids `sent_before`, for one reader.

    Sections follow the reader's order of topics and are never empty. Where the limit on the whole digest bites, the
    topics give way in turn, and "Also trending" keeps the places that the profile asks for, up to half of them. A
    paper that holds what one of its topics excludes is not under that topic, nor under "Also trending".
    """
    answers = [index.match(topic) for topic in profile.topics]
    papers = [paper for paper_id, paper in index.papers.items() if paper_id not in sent_before]
    placed: list[_Placed] = []
    rest: list[Paper] = []
    for paper in papers:
        matches = {number: answer[paper.id] for number, answer in enumerate(answers) if paper.id in answer}
        wanted = {number: match for number, match in matches.items() if match.excluded_by is None}
        if wanted:
            placed.append(_place(paper, wanted, profile, today))
        elif not matches:
            rest.append(paper)
    sections = [_section(topic.name, number, placed, profile) for number, topic in enumerate(profile.topics)]
    reserved = min(profile.trending, len(rest), profile.max_papers // 2)
    shown = _within(profile.max_papers - reserved, sections)
    room = profile.max_papers - sum(len(section.items) for section in shown)
    return tuple(shown + _trending(rest, profile, room, today))


def _place(paper: Paper, wanted: dict[int, Match], profile: Profile, today: date) -> _Placed:
    scores = {number: score(paper, match, today) for number, match in wanted.items()}
    best = max(scores, key=lambda number: (scores[number].match, -number))
    item = Item(
        paper,
        scores[best].total,
        reasons_for(wanted[best].found),
        also=tuple(profile.topics[number].name for number in wanted if number != best),
    )
    return _Placed(best, item)


def _section(title: str, number: int, placed: Sequence[_Placed], profile: Profile) -> Section:
    items = sorted((one.item for one in placed if one.topic == number), key=_rank)
    return Section(title, tuple(items[: profile.max_per_section]), matched=len(items))


def _within(limit: int, sections: list[Section]) -> list[Section]:
    """Share `limit` places among the sections in turn, the best of each first: no topic crowds out another."""
    turns = sorted((turn, number) for number, section in enumerate(sections) for turn in range(len(section.items)))
    places = Counter(number for _, number in turns[:limit])
    return [replace(section, items=section.items[: places[n]]) for n, section in enumerate(sections) if places[n]]


def _trending(rest: list[Paper], profile: Profile, room: int, today: date) -> list[Section]:
    limit = min(room, profile.trending) if profile.topics else room
    items = [Item(paper, score(paper, None, today).total, popularity_reason(paper)) for paper in rest]
    shown = tuple(sorted(items, key=_rank)[:limit])
    title = ALSO_TRENDING if profile.topics else TRENDING
    return [Section(title, shown, matched=len(shown))] if shown else []


def _rank(item: Item) -> tuple[float, str]:
    return -item.score, item.paper.key
