"""Likes that come from libraries which are synchronised: which item gave which feedback, and up to which version."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.store.database import Database


@dataclass(frozen=True, slots=True)
class LibraryLike:
    """A paper that a subscriber likes because it is in their library."""

    #: The key of the item in the library.
    item: str
    #: By which the store finds the paper, once it has it: one of `papers.identity.names_of`.
    name: str
    #: As `Paper.key`, of the example that stands for a paper which is not in the store.
    key: str
    #: When the feedback was given for it; "" if the subscriber had given feedback on this paper already.
    given_at: str


class Libraries:
    """The `library_versions` and `library_likes` tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def versions(self, library: str) -> dict[int, int]:
        """Return up to which version of a library the likes of each subscriber follow it."""
        sql = "SELECT subscriber_id, version FROM library_versions WHERE library = ?"
        return dict(self._db.execute(sql, [library]).fetchall())

    def set_version(self, subscriber_id: int, library: str, version: int) -> None:
        """Store that a subscriber's likes follow a library up to this version."""
        sql = """
            INSERT INTO library_versions VALUES (?, ?, ?)
            ON CONFLICT (subscriber_id, library) DO UPDATE SET version = excluded.version"""
        self._db.execute(sql, [subscriber_id, library, version])

    def forget_version(self, subscriber_id: int, library: str) -> None:
        """Store that a subscriber's likes do not follow a library any more."""
        sql = "DELETE FROM library_versions WHERE subscriber_id = ? AND library = ?"
        self._db.execute(sql, [subscriber_id, library])

    def likes(self, subscriber_id: int, library: str) -> dict[str, LibraryLike]:
        """Return a subscriber's likes from a library, by the keys of its items."""
        sql = "SELECT item, name, key, given_at FROM library_likes WHERE subscriber_id = ? AND library = ?"
        rows = self._db.execute(sql, [subscriber_id, library]).fetchall()
        return {row[0]: LibraryLike(*row) for row in rows}

    def of(self, subscriber_id: int) -> list[tuple[str, LibraryLike]]:
        """Return all likes of a subscriber that come from libraries, with the library of each."""
        sql = """
            SELECT library, item, name, key, given_at FROM library_likes WHERE subscriber_id = ?
            ORDER BY library, item"""
        return [(library, LibraryLike(*row)) for library, *row in self._db.execute(sql, [subscriber_id]).fetchall()]

    def put(self, subscriber_id: int, library: str, like: LibraryLike) -> None:
        """Store a like, in place of the one of the same item."""
        row = [subscriber_id, library, like.item, like.name, like.key, like.given_at]
        sql = """
            INSERT INTO library_likes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber_id, library, item)
            DO UPDATE SET name = excluded.name, key = excluded.key, given_at = excluded.given_at"""
        self._db.execute(sql, row)

    def remove(self, subscriber_id: int, library: str, item: str) -> None:
        """Delete the like of an item, but not the feedback that it gave."""
        sql = "DELETE FROM library_likes WHERE subscriber_id = ? AND library = ? AND item = ?"
        self._db.execute(sql, [subscriber_id, library, item])

    def given_at(self, subscriber_id: int, key: str) -> str | None:
        """Return when feedback on the paper of this key was given for an item of any library; None if for none."""
        sql = "SELECT max(given_at) FROM library_likes WHERE subscriber_id = ? AND key = ? AND given_at <> ''"
        return self._db.execute(sql, [subscriber_id, key]).one(lambda row: str(row[0]) if row[0] else None)
