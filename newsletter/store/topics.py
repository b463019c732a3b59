"""Topics ⇄ rows. Some are in the catalogue and offered by name to everybody; others are one profile's own."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.models import Topic


class Topics:
    """The topics of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def catalogue(self) -> list[Topic]:
        """Return the topics that are offered by name, in alphabetical order."""
        sql = "SELECT name, query FROM topics WHERE in_catalogue = 1 ORDER BY name COLLATE NOCASE"
        return [Topic(*row) for row in self._db.execute(sql)]

    def find(self, name: str) -> Topic | None:
        """Return the catalogue's topic of this name, in any case, or None."""
        return next((topic for topic in self.catalogue() if topic.name.casefold() == name.casefold()), None)

    def put(self, topic: Topic) -> bool:
        """Add a topic to the catalogue, or change the one of this name for all its readers; return if it is new."""
        known = self.find(topic.name)
        if known is None:
            self._insert(topic, in_catalogue=True)
        else:
            sql = "UPDATE topics SET name = ?, query = ? WHERE in_catalogue = 1 AND name = ?"
            self._db.execute(sql, [topic.name, topic.query, known.name])
        return known is None

    def remove(self, name: str) -> bool:
        """Take a topic out of the catalogue; who reads it keeps it. Return False if there is none of this name."""
        known = self.find(name)
        if known is None:
            return False
        own = self.identify(known, own=True)
        sql = (
            "UPDATE subscriptions SET topic_id = ? "
            "WHERE topic_id = (SELECT id FROM topics WHERE in_catalogue = 1 AND name = ?)"
        )
        self._db.execute(sql, [own, known.name])
        self._db.execute("DELETE FROM topics WHERE in_catalogue = 1 AND name = ?", [known.name])
        return True

    def identify(self, topic: Topic, *, own: bool = False) -> int:
        """Return the row of `topic`: the catalogue's where it is the same (unless `own`), else one for profiles."""
        sql = "SELECT id FROM topics WHERE name = ? AND query = ? AND in_catalogue <= ? ORDER BY in_catalogue DESC"
        found = self._db.execute(sql, [topic.name, topic.query, 0 if own else 1]).fetchone()
        return int(found[0]) if found else self._insert(topic, in_catalogue=False)

    def subscribers(self) -> dict[str, int]:
        """Return how many subscribers read each topic of the catalogue, by name."""
        sql = (
            "SELECT name, count(subscriber_id) FROM topics LEFT JOIN subscriptions ON topic_id = topics.id "
            "WHERE in_catalogue = 1 GROUP BY name"
        )
        return dict(self._db.execute(sql).fetchall())

    def _insert(self, topic: Topic, *, in_catalogue: bool) -> int:
        row = {"name": topic.name, "query": topic.query, "in_catalogue": int(in_catalogue)}
        return int(str(self._db.table("topics").insert(row).last_pk))
