"""Duplicates: find the papers that are the same as an entry, and merge the rows of two papers."""

from __future__ import annotations

from dataclasses import replace

from newsletter.models import Entry, Paper
from newsletter.papers.identity import may_be_same
from newsletter.store.database import Database


def find_duplicates(entry: Entry, known: list[tuple[str, Paper]]) -> tuple[Entry, list[Paper]]:
    """Return the papers that an entry is about, which are duplicates if there are several, and the entry to add.

    `known` are the papers that share a name with the entry, each with that name. The first paper returned is the one to
    keep. An id finds its paper; a title does so only if neither ids nor first authors contradict it, since two papers
    may have the same title. A DOI that belongs to a paper with another arXiv id stays with that paper.
    """
    by_id = [paper for name, paper in known if not name.startswith("title:")]
    if entry.arxiv_id and any(paper.arxiv_id not in (None, entry.arxiv_id) for paper in by_id):
        entry = replace(entry, doi=None)
        by_id = [paper for paper in by_id if paper.arxiv_id in (None, entry.arxiv_id)]
    by_id.sort(key=lambda paper: (paper.arxiv_id is None or paper.arxiv_id != entry.arxiv_id, paper.key))
    same = list({paper.id: paper for paper in by_id}.values())
    for name, paper in known:
        if not name.startswith("title:") or any(paper.id == other.id for other in same):
            continue
        if all(may_be_same(paper, other) for other in (entry, *same)):
            same.append(paper)
    return entry, same


def merge_rows(db: Database, duplicate: int, paper: int) -> None:
    """Move the names, mentions, feedback and history of a duplicate to the paper to keep; delete it.

    Both are given by id. Digests keep the duplicate's id, for which `merged_papers` has the paper's.
    Where both have something, the paper's own stays, but of two mentions the earlier one.
    """
    ids = {"duplicate": duplicate, "paper": paper}
    for sql in (
        """
            INSERT INTO paper_names SELECT name, :paper FROM paper_names WHERE paper_id = :duplicate
            ON CONFLICT DO NOTHING""",
        """
            INSERT INTO mentions SELECT :paper, source, place, mentioned_at FROM mentions WHERE paper_id = :duplicate
            ON CONFLICT (paper_id, source) DO UPDATE SET place = excluded.place, mentioned_at = excluded.mentioned_at
            WHERE excluded.mentioned_at < mentions.mentioned_at""",
        _moved("feedback", "subscriber_id"),
        _moved("saved_papers", "subscriber_id"),
        _moved("upvote_history", "day"),
        """
            INSERT INTO edition_papers SELECT :paper, edition_key FROM edition_papers
            WHERE paper_id = :duplicate ON CONFLICT DO NOTHING""",
        "DELETE FROM edition_papers WHERE paper_id = :duplicate",
        "UPDATE merged_papers SET paper = :paper WHERE paper = :duplicate",
        """
            INSERT INTO merged_papers VALUES (:duplicate, :paper)
            ON CONFLICT (duplicate) DO UPDATE SET paper = excluded.paper""",
        "DELETE FROM papers WHERE id = :duplicate",
    ):
        db.execute(sql, ids)


def _moved(table: str, other: str) -> str:
    """Return the statement that gives rows to the paper to keep, but where it has one of the same `other` already."""
    return f"""
        UPDATE {table} SET paper_id = :paper WHERE paper_id = :duplicate AND NOT EXISTS (
            SELECT 1 FROM {table} AS own WHERE own.paper_id = :paper AND own.{other} = {table}.{other})"""
