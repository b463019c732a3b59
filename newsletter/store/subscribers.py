"""Subscribers with their profiles and topics."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from newsletter.errors import RowDamaged
from newsletter.limits import NAME
from newsletter.models import Profile, Status, Subscriber, Topic
from newsletter.models.addresses import email_key
from newsletter.models.profile import PROFILE_FIELDS, SCHEDULE_FIELDS
from newsletter.store.database import Database, Rows
from newsletter.store.suppressions import PUT_HASH, Suppressions
from newsletter.store.topics import Topics

#: The types of the fields of a profile that have a column.
_PROFILE_COLUMNS = {name: one.type for name, one in PROFILE_FIELDS.items() if one.type.has_column}


class SubscriptionState(NamedTuple):
    """What a table of subscribers says about somebody beside the profile; times are in ISO 8601."""

    status: Status
    subscribed_at: str
    status_at: str
    paused_until: str | None = None
    #: Why the address is suppressed, or None.
    reason: str | None = None
    suppressed_at: str = ""


class Hour(NamedTuple):
    """An hour at which some subscribers want their mail."""

    time_zone: str
    hour: int
    wait_hours: int
    subscribers: int


#: Somebody to add: address, its `email_key`, name, profile, and standing; without one they are active from now on.
Person = tuple[str, str, str, Profile, SubscriptionState | None]
#: Is called with the `email_key` of a subscriber whose row is damaged, and with what is wrong.
Unreadable = Callable[[str, RowDamaged], object]
#: How many subscribers are read at once, where there may be a million.
_BATCH = 1000
#: How far the first time zone is ahead of UTC.
_FIRST_ZONE = timedelta(hours=14)
_COLUMNS = (
    "id", "email", "name", "status", "origin", "subscribed_at", "status_at", "paused_until", "schedule_changed_at",
    *_PROFILE_COLUMNS,
)  # fmt: skip
_STATUSES = {status.value: status for status in Status}
_NOTE_SCHEDULE = f"""
    UPDATE subscribers SET schedule_changed_at = ? WHERE id = ?
        AND ({", ".join(SCHEDULE_FIELDS)}) IS NOT ({", ".join("?" * len(SCHEDULE_FIELDS))})"""


class Subscribers:
    """The `subscribers` and `subscriptions` tables."""

    def __init__(self, db: Database, topics: Topics, suppressions: Suppressions) -> None:
        self._db = db
        self._topics = topics
        self._suppressions = suppressions

    def add(self, email: str, name: str, profile: Profile, origin: str, now: datetime) -> Subscriber:
        """Store a new, active subscriber."""
        row = {
            "id": self.last_id() + 1,
            "email": email,
            "email_key": email_key(email),
            "status": Status.ACTIVE.value,
            "subscribed_at": now.isoformat(),
        }
        with self._db.transaction():
            self._db.insert(
                "subscribers", row | self._profile_columns(name, profile, origin) | {"status_at": now.isoformat()}
            )
            self._db.note({"added": row["id"]})
        subscriber = self.get(email)
        self._subscribe(subscriber.id, profile.topics)
        return self.get(email)

    def add_many(self, people: Iterable[Person], origin: str, now: datetime) -> None:
        """Store new subscribers, much faster than one by one; no address may be in use."""
        with self._db.transaction():
            self._add_groups(people, origin, now)
            self._db.note({"added": self.last_id()})

    def _add_groups(self, people: Iterable[Person], origin: str, now: datetime) -> None:
        last = self.last_id()
        # Grouped by identity, since to compare profiles takes long and many people share one object.
        groups: defaultdict[int, list[Person]] = defaultdict(list)
        for person in people:
            groups[id(person[3])].append(person)
        for alike in groups.values():
            alike.sort(key=itemgetter(1))  # an index takes a fifth less time to fill in its order
            for has_state in (False, True):
                if group := [person for person in alike if (person[4] is not None) is has_state]:
                    self._add_group(group[0][3], group, last + 1, origin, now)
                    last += len(group)

    def last_id(self) -> int:
        """Return the highest id of a subscriber, also of those who were erased: links in their emails name it."""
        sql = "SELECT max(coalesce(max(id), 0), (SELECT last_id FROM erased_subscribers)) FROM subscribers"
        return int(self._db.execute(sql).fetchone()[0])

    def _add_group(self, profile: Profile, people: list[Person], first: int, origin: str, now: datetime) -> None:
        """Store new subscribers with one profile, all with or all without a standing, with the ids from `first` on."""
        at, same = now.isoformat(), self._profile_columns("", profile, origin)
        del same["name"]
        own, columns = "", [count(first), *(map(itemgetter(at), people) for at in range(3))]
        if people[0][4] is None:
            same |= {"status": Status.ACTIVE.value, "subscribed_at": at, "status_at": at}
        else:
            own = ", status, subscribed_at, status_at, paused_until"
            states = [person[4] or () for person in people]
            columns += (map(itemgetter(at), states) for at in range(4))
        # Equal values are written into the statement: to bind them for each row takes as long as all the rest.
        values = [self._db.quoted(value) if isinstance(value, str) else str(int(value)) for value in same.values()]
        sql = f"""
            INSERT INTO subscribers (id, email, email_key, name{own}, {", ".join(same)})
            VALUES ({", ".join("?" * len(columns))}, {", ".join(values)})"""
        self._db.executemany(sql, zip(*columns, strict=False))
        if own:
            self._suppressions.suppress_many(
                (key, state.reason, state.suppressed_at) for _, key, _, _, state in people if state
            )
        for position, topic in enumerate([self._topics.identify(topic) for topic in profile.topics]):
            sql = "INSERT INTO subscriptions SELECT id, ?, ? FROM subscribers WHERE id >= ?"
            self._db.execute(sql, [position, topic, first])

    def ids(self) -> set[int]:
        """Return the ids of all subscribers."""
        return {int(number) for (number,) in self._db.execute("SELECT id FROM subscribers")}

    def end_many(self, people: Iterable[Person]) -> None:
        """Suppress the addresses of existing subscribers as their standing says, and unsubscribe those it ends."""
        states = [(key, state) for _, key, _, _, state in people if state]
        sql = """
            UPDATE subscribers SET status = 'unsubscribed', status_at = ?, paused_until = NULL
            WHERE email_key = ? AND status <> 'unsubscribed'"""
        ended = [(one.status_at, key) for key, one in states if one.status is Status.UNSUBSCRIBED]
        with self._db.transaction():
            self._db.executemany(sql, ended)
            for at, key in ended:
                self._db.note({"ended": self._suppressions.hash_of_key(key), "at": at})
        self._suppressions.suppress_many((key, one.reason, one.suppressed_at) for key, one in states)

    def known_keys(self, keys: Collection[str]) -> tuple[set[str], set[str]]:
        """Return which of these `email_key`s are subscribed (or paused or disabled), and which are suppressed."""
        wanted = json.dumps(sorted(keys))
        sql = "SELECT email_key, status FROM subscribers WHERE email_key IN (SELECT value FROM json_each(?))"
        rows = self._db.execute(sql, [wanted]).fetchall()
        suppressed = self._suppressions.suppressed_keys(keys) | {
            key for key, status in rows if status == Status.UNSUBSCRIBED.value
        }
        return {key for key, _ in rows} - suppressed, suppressed

    def update_profile(self, subscriber_id: int, name: str, profile: Profile, origin: str, now: datetime) -> None:
        """Replace the name, profile and origin of a subscriber; the status stays."""
        columns = self._profile_columns(name, profile, origin)
        schedule = [columns[column] for column in SCHEDULE_FIELDS]
        self._db.execute(_NOTE_SCHEDULE, [now.isoformat(), subscriber_id, *schedule])
        self._db.update("subscribers", subscriber_id, columns)
        self._subscribe(subscriber_id, profile.topics)

    def set_status(
        self, subscriber_id: int, status: Status, now: datetime, *, paused_until: date | None = None
    ) -> None:
        """Store a new status as of `now`; a pause ends by itself on `paused_until`."""
        until = paused_until.isoformat() if paused_until else None
        row = {"status": status.value, "status_at": now.isoformat(), "paused_until": until}
        with self._db.transaction():
            self._db.update("subscribers", subscriber_id, row)
            self._db.note({"subscriber": subscriber_id, "status": status.value, "at": now.isoformat(), "until": until})

    def resume_due(self, now: datetime) -> int:
        """Resume the subscribers whose pause ends today (theirs) or ended before; return how many there were."""
        sql = "SELECT DISTINCT time_zone FROM subscribers WHERE status = 'paused' AND paused_until <= ?"
        zones = self._db.execute(sql, [(now + _FIRST_ZONE).date().isoformat()]).fetchall()
        sql = """
            UPDATE subscribers SET status = 'active', status_at = ?, paused_until = NULL
            WHERE status = 'paused' AND time_zone = ? AND paused_until <= ?"""
        todays = ((zone, now.astimezone(ZoneInfo(zone)).date().isoformat()) for (zone,) in zones)
        return sum(self._db.execute(sql, [now.isoformat(), zone, today]).rowcount for zone, today in todays)

    def next_resume(self) -> date | None:
        """Return the day on which the first pause ends, or None."""
        sql = "SELECT min(paused_until) FROM subscribers WHERE status = 'paused'"
        return self._db.execute(sql).one(lambda row: date.fromisoformat(row[0]) if row[0] else None)

    def changed_since(self, moment: datetime) -> bool:
        """Whether someone is active who was not at a moment, or wants their mail at another time since."""
        sql = """
            SELECT EXISTS (
                SELECT 1 FROM subscribers WHERE status = 'active' AND (status_at > :at OR schedule_changed_at > :at))"""
        return bool(self._db.execute(sql, {"at": moment.isoformat()}).fetchone()[0])

    def hours(self) -> list[Hour]:
        """Return the hours at which active subscribers want their mail, and how long they wait for papers."""
        sql = """
            SELECT time_zone, hour, wait_hours, count(*) FROM subscribers WHERE status = 'active'
            GROUP BY time_zone, hour, wait_hours"""
        return self._db.execute(sql).into(lambda row: Hour(str(row[0]), int(row[1]), int(row[2]), int(row[3])))

    def change_address(self, subscriber_id: int, email: str) -> None:
        """Store another address for a subscriber, and remember the former one; nobody else may have it."""
        sql = """
            INSERT INTO former_addresses SELECT id, email, email_key FROM subscribers WHERE id = ?
            ON CONFLICT DO NOTHING"""
        with self._db.transaction():
            self._db.execute(sql, [subscriber_id])
            self._db.update("subscribers", subscriber_id, {"email": email, "email_key": email_key(email)})
            self._db.note({"moved": subscriber_id, "to": self._suppressions.hash_of_key(email_key(email))})

    def former_addresses(self, subscriber_id: int) -> list[str]:
        """Return the addresses that a subscriber had before, but not those that somebody else has now."""
        sql = """
            SELECT former.email FROM former_addresses AS former
            WHERE subscriber_id = :id AND NOT EXISTS (
                SELECT 1 FROM subscribers WHERE subscribers.email_key = former.email_key AND subscribers.id <> :id)"""
        return [email for (email,) in self._db.execute(sql, {"id": subscriber_id})]

    def erase(self, subscriber: Subscriber) -> None:
        """Delete a subscriber and everything stored under their id or any address they ever had.

        What stays are the suppressions, by a keyed hash of the address and without the words of a server or person: of
        the present address, and of former ones whose owner unsubscribed or complained there.
        """
        keys = [email_key(email) for email in (subscriber.email, *self.former_addresses(subscriber.id))]
        values = {"id": subscriber.id, "present": keys[0], "keys": json.dumps(keys)}
        among = "IN (SELECT value FROM json_each(:keys))"
        for sql in (
            f"DELETE FROM bounces WHERE subscriber_id = :id OR (subscriber_id IS NULL AND email_key {among})",
            f"DELETE FROM confirmations WHERE subscriber_id = :id OR email_key {among}",
            f"DELETE FROM email_key_changes WHERE old {among} OR new {among}",
            f"""DELETE FROM suppressions WHERE email_key {among} AND email_key <> :present
                AND reason NOT LIKE 'unsubscribed%' AND reason NOT LIKE 'complaint%'""",
            "DELETE FROM deliveries WHERE subscriber_id = :id",
            "UPDATE erased_subscribers SET last_id = max(last_id, :id)",
            "DELETE FROM subscribers WHERE id = :id",
        ):
            self._db.execute(sql, values)
        sql = f"DELETE FROM suppressions WHERE email_key {among} RETURNING email_key, reason, suppressed_at"
        kept = self._db.execute(sql, values).fetchall()
        hashed = [(self._suppressions.hash(key), reason.partition(":")[0], at) for key, reason, at in kept]
        self._db.executemany(PUT_HASH, hashed)
        self._db.note({"erased": subscriber.id})

    def changed_keys(self) -> int:
        """Count the keys of addresses that an upgrade of the store has changed."""
        return int(self._db.execute("SELECT count(*) FROM email_key_changes WHERE old <> new").fetchone()[0])

    def merged_keys(self) -> int:
        """Count the addresses that were stored under several keys, before an upgrade of the store made them one."""
        sql = "SELECT count(*) FROM (SELECT new FROM email_key_changes GROUP BY new HAVING count(*) > 1) AS several"
        return int(self._db.execute(sql).fetchone()[0])

    def find(self, email: str) -> Subscriber | None:
        """Return the subscriber with this address, in any spelling, or None."""
        return self._rows("email_key = ?", [email_key(email)]).one(_subscriber)

    def get(self, email: str) -> Subscriber:
        """Return the subscriber with this address, who must exist."""
        found = self.find(email)
        if found is None:
            raise LookupError(email)
        return found

    def of_keys(self, keys: Iterable[str]) -> dict[str, Subscriber]:
        """Return the subscribers with these `email_key`s, by key."""
        condition = "email_key IN (SELECT value FROM json_each(?))"
        return {email_key(one.email): one for one in self._where(condition, [json.dumps(list(keys))])}

    def find_by_id(self, subscriber_id: int) -> Subscriber | None:
        """Return the subscriber with this id, or None."""
        return self._rows("subscribers.id = ?", [subscriber_id]).one(_subscriber)

    def get_many(self, ids: Iterable[int], unreadable: Unreadable | None = None) -> dict[int, Subscriber]:
        """Return the subscribers with these ids, by id; `unreadable` as in `each`.

        Raises:
            RowDamaged: A row has a value that is not valid.
        """
        numbers = [int(number) for number in ids]
        try:
            listed = "subscribers.id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
            return {one.id: one for one in self._where(listed, [json.dumps(numbers)])}
        except RowDamaged as error:
            if unreadable is None:
                raise
            if len(numbers) > 1:
                return {key: one for number in numbers for key, one in self.get_many([number], unreadable).items()}
            (key,) = self._db.execute("SELECT email_key FROM subscribers WHERE id = ?", numbers).fetchone()
            unreadable(str(key), error)
            return {}

    def each(self, unreadable: Unreadable | None = None) -> Iterator[Subscriber]:
        """Yield all subscribers in the order of their addresses, without keeping a read transaction open.

        With `unreadable`, which is called with the `email_key` and what is wrong, damaged rows are left out.

        Raises:
            RowDamaged: A row has a value that is not valid.
        """
        last, sql = "", "SELECT id, email_key FROM subscribers WHERE email_key > ? ORDER BY email_key LIMIT ?"
        while batch := self._db.execute(sql, [last, _BATCH]).fetchall():
            found = self.get_many((number for number, _ in batch), unreadable)
            yield from (found[number] for number, _ in batch if number in found)
            last = str(batch[-1][1])

    def all(self) -> list[Subscriber]:
        """Return all subscribers in the order of their addresses."""
        return self._where("TRUE ORDER BY email_key", [])

    def count_in(self, domain: str | None = None) -> int:
        """Count the subscribers who are mailed, at one domain (as in `email_key`) or at all."""
        sql = (
            "SELECT count(*) FROM subscribers WHERE status = 'active' "
            "AND (CAST(? AS TEXT) IS NULL OR substr(email_key, instr(email_key, '@') + 1) = ?)"
        )
        return int(self._db.execute(sql, [domain, domain]).fetchone()[0])

    def mailable(self, *, tag: str | None = None, topic: str | None = None) -> list[int]:
        """Return the ids of the active subscribers who are not suppressed: with a tag, or a topic of a name, or all."""
        sql = """
            SELECT id FROM subscribers WHERE status = 'active'
                AND email_key NOT IN (SELECT email_key FROM suppressions)
                AND (CAST(:tag AS TEXT) IS NULL OR id IN (SELECT subscriber_id FROM tags WHERE tag = :tag))
                AND (CAST(:topic AS TEXT) IS NULL OR id IN (
                    SELECT subscriber_id FROM topics JOIN subscriptions ON topic_id = topics.id
                    WHERE lower(name) = lower(:topic)))
            ORDER BY id"""
        return [int(number) for (number,) in self._db.execute(sql, {"tag": tag, "topic": topic})]

    def counts(self) -> dict[str, int]:
        """Count the subscribers by status."""
        return dict(self._db.execute("SELECT status, count(*) FROM subscribers GROUP BY status").fetchall())

    def number(self) -> int:
        """Count all subscribers, whatever their status."""
        return int(self._db.execute("SELECT count(*) FROM subscribers").fetchone()[0])

    def daily_changes(self, since: date) -> dict[date, tuple[int, int]]:
        """Count subscriptions and unsubscribes by day, from `since` on; days without either are left out."""
        sql = """
            SELECT day, sum(subscribed), sum(unsubscribed) FROM (
                SELECT substr(subscribed_at, 1, 10) AS day, 1 AS subscribed, 0 AS unsubscribed FROM subscribers
                WHERE subscribed_at >= :since
                UNION ALL
                SELECT substr(status_at, 1, 10), 0, 1 FROM subscribers
                WHERE status = 'unsubscribed' AND status_at >= :since) AS changes
            GROUP BY day ORDER BY day"""
        rows = self._db.execute(sql, {"since": since.isoformat()})
        return dict(rows.into(lambda row: (date.fromisoformat(row[0]), (int(row[1]), int(row[2])))))

    def _profile_columns(self, name: str, profile: Profile, origin: str) -> dict[str, Any]:
        columns = {column: kind.to_column(getattr(profile, column)) for column, kind in _PROFILE_COLUMNS.items()}
        return {"name": name, "origin": origin} | columns

    def _subscribe(self, subscriber_id: int, topics: tuple[Topic, ...]) -> None:
        self._db.execute("DELETE FROM subscriptions WHERE subscriber_id = ?", [subscriber_id])
        rows = [(subscriber_id, position, self._topics.identify(topic)) for position, topic in enumerate(topics)]
        self._db.executemany("INSERT INTO subscriptions (subscriber_id, position, topic_id) VALUES (?, ?, ?)", rows)

    def _where(self, condition: str, values: list[Any]) -> list[Subscriber]:
        return self._rows(condition, values).into(_subscriber)

    def _rows(self, condition: str, values: list[Any]) -> Rows:
        columns = ", ".join(_COLUMNS)
        sql = f"""
            SELECT {columns}, (
                SELECT json_group_array(json_array(name, query)) FROM (
                    SELECT topics.name, query FROM subscriptions JOIN topics ON topics.id = topic_id
                    WHERE subscriber_id = subscribers.id ORDER BY position) AS own)
            FROM subscribers WHERE {condition}"""
        return self._db.execute(sql, values)


def _subscriber(values: tuple[Any, ...]) -> Subscriber:
    number, email, name, status, origin, subscribed_at, status_at, paused_until, changed_at, *profile = values
    return Subscriber(
        id=number,
        email=email,
        name=name[:NAME],
        status=_STATUSES[status],
        profile=_profile(*profile),
        origin=origin,
        subscribed_at=datetime.fromisoformat(subscribed_at),
        status_at=datetime.fromisoformat(status_at),
        paused_until=date.fromisoformat(paused_until) if paused_until else None,
        schedule_changed_at=datetime.fromisoformat(changed_at) if changed_at else None,
    )


@lru_cache(maxsize=1024)
def _profile(*values: Any) -> Profile:
    """Return the profile of the values of a row; cached, since many subscribers have the same."""
    *columns, topics = values
    pairs = zip(_PROFILE_COLUMNS.items(), columns, strict=True)
    fields: dict[str, Any] = {column: kind.from_column(stored) for (column, kind), stored in pairs}
    return Profile(topics=tuple(Topic(*topic) for topic in json.loads(topics)), **fields)
