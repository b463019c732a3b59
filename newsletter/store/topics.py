"""Topics. Those in the catalogue are offered by name to everybody; the others belong to one profile."""

from __future__ import annotations

from newsletter.models import Topic
from newsletter.store.database import Database


class Topics:
    """The `topics` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def catalogue(self) -> list[Topic]:
        """Return the topics of the catalogue in their order: the site's own in alphabetical order, then the others."""
        sql = "SELECT name, query, about, area FROM topics WHERE in_catalogue = 1 ORDER BY place, name COLLATE NOCASE"
        return self._db.execute(sql).into(lambda row: Topic(*row))

    def find(self, name: str) -> Topic | None:
        """Return the topic of the catalogue with this name, ignoring case, or None."""
        return next((topic for topic in self.catalogue() if topic.name.casefold() == name.casefold()), None)

    def put(self, topic: Topic, place: int = 0) -> bool:
        """Add a topic to the catalogue, or change the one with this name for all; return True if it is new.

        A new one has this place in the catalogue.
        """
        known = self.find(topic.name)
        if known is None:
            self._insert(topic, in_catalogue=True, place=place)
        else:
            sql = "UPDATE topics SET name = ?, query = ?, about = ?, area = ? WHERE in_catalogue = 1 AND name = ?"
            about, area = topic.about or known.about, topic.area or known.area
            self._db.execute(sql, [topic.name, topic.query, about, area, known.name])
        return known is None

    def remove(self, name: str) -> bool:
        """Remove a topic from the catalogue; its subscribers keep it. Return False if there is none with this name."""
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
        """Return the id of `topic`: of the equal one in the catalogue (unless `own`), else of a row for profiles."""
        sql = "SELECT id FROM topics WHERE name = ? AND query = ? AND in_catalogue <= ? ORDER BY in_catalogue DESC"
        found = self._db.execute(sql, [topic.name, topic.query, 0 if own else 1]).fetchone()
        return int(found[0]) if found else self._insert(topic, in_catalogue=False)

    def subscribers(self) -> dict[str, int]:
        """Count the subscribers of each topic in the catalogue, by name."""
        sql = (
            "SELECT name, count(subscriber_id) FROM topics LEFT JOIN subscriptions ON topic_id = topics.id "
            "WHERE in_catalogue = 1 GROUP BY name"
        )
        return dict(self._db.execute(sql).fetchall())

    def _insert(self, topic: Topic, *, in_catalogue: bool, place: int = 0) -> int:
        row = {"name": topic.name, "query": topic.query, "in_catalogue": int(in_catalogue), "place": place}
        row |= {"about": topic.about, "area": topic.area} if in_catalogue else {}
        return self._db.insert("topics", row)
