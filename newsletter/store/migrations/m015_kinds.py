"""Kinds of section and of reason in place of English titles."""

from __future__ import annotations

import json

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m015_kinds(db: Database) -> None:
    """Sections and reasons by kind, where English titles and words told them apart.

    A topic may be called "Trending" too: the items of a topic have a reason that is a term of its query, those of the
    program's own sections have none. Followed authors and organizations come first of all sections.
    """
    db.execute("ALTER TABLE digest_sections RENAME COLUMN title TO topic")
    db.execute("ALTER TABLE digest_sections ADD COLUMN kind TEXT NOT NULL DEFAULT 'topic'")
    for title, kind, first, reasons in (
        ("Trending", "trending", 0, ["trending", "new version"]),
        ("Also trending", "also_trending", 0, ["trending", "new version"]),
        ("Something different", "serendipity", 0, ["trending", "new version"]),
        ("People you follow", "followed", 1, ["author", "org", "new version"]),
    ):
        db.execute(
            """
            UPDATE digest_sections SET kind = :kind, topic = ''
            WHERE topic = :title AND (position = 0 OR NOT :first) AND NOT EXISTS (
                SELECT 1 FROM digest_items AS item, json_each(item.reasons) AS reason
                WHERE item.digest_id = digest_sections.digest_id AND item.section = digest_sections.position
                    AND json_extract(reason.value, '$[0]') NOT IN (SELECT value FROM json_each(:reasons)))""",
            {"title": title, "kind": kind, "first": first, "reasons": json.dumps(reasons)},
        )
    db.execute("""
        UPDATE digest_items SET reasons = (                          -- JSON list of [kind, detail]
            SELECT json_group_array(json_array(
                CASE json_extract(value, '$[0]')
                    WHEN 'org' THEN 'organization'
                    WHEN 'cat' THEN 'category'
                    WHEN 'trending' THEN 'popularity'
                    WHEN 'new version' THEN 'new_version'
                    ELSE json_extract(value, '$[0]') END,
                CASE json_extract(value, '$[0]') WHEN 'trending' THEN '' ELSE json_extract(value, '$[1]') END))
            FROM json_each(reasons))
        WHERE EXISTS (
            SELECT 1 FROM json_each(reasons)
            WHERE json_extract(value, '$[0]') IN ('org', 'cat', 'trending', 'new version'))""")
