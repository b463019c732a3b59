"""The subscribers: a list to search and to page through, the page of each, and what an operator may do about one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.errors import RequestError
from newsletter.models import Cadence, Profile, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.pipeline.next_mail import next_mail
from newsletter.rendering.language import Language
from newsletter.store import Store
from newsletter.store.subscriber_search import Search
from newsletter.subscribers.double_opt_in import ORIGIN, request_own_link
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import COMMAND_LINE, FILE, pause, resume, suppress, unsubscribe, unsuppress
from newsletter.web.http.forms import Form, form_endpoint, parse_query
from newsletter.web.operator_pages import Done, OperatorPages, page_number
from newsletter.web.subscribers.profile_form import Fields, fields_of

#: Subscribers, and deliveries of one, on a page.
_SUBSCRIBERS, _DELIVERIES = 50, 30
#: A search counts no further.
_MOST_COUNTED = 1000
#: SQLite's numbers have no more.
_ID_DIGITS = 18
#: Why an address is suppressed if the operator gives no reason; the command line says the same.
_REASON = "suppressed by the operator"
#: Actions that are asked about first.
_ASKED = ("unsubscribe", "suppress", "erase")


class OperatorSubscribers:
    """Serves the list of subscribers, the page of each, and its actions."""

    def __init__(self, operator: OperatorPages) -> None:
        self.operator = operator

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        view, action = self.operator.view, self.operator.action
        actions: dict[str, Callable[[Store, Subscriber, Form], str]] = {
            "pause": self._pause,
            "resume": self._resume,
            "unsubscribe": self._unsubscribe,
            "suppress": self._suppress,
            "unsuppress": self._unsuppress,
            "erase": self._erase,
            "link": self._send_link,
        }
        path = "/operator/subscribers/{id}"
        return [
            Route("/operator/subscribers", view(self.index), methods=["GET"]),
            Route(path, view(self.page), methods=["GET"]),
            *(Route(f"{path}/{name}", view(self._ask(name)), methods=["GET"]) for name in _ASKED),
            *(
                Route(f"{path}/{name}", form_endpoint(action(self._action(one))), methods=["POST"])
                for name, one in actions.items()
            ),
        ]

    def index(self, store: Store, request: Request) -> Response:
        """Show the subscribers that are found, in the order of their addresses."""
        query = parse_query(request)
        search = _search(query)
        after, before = query.one("after"), query.one("before")
        people = store.subscriber_search.page(search, _SUBSCRIBERS + 1, after=after, before=before)
        is_full = len(people) > _SUBSCRIBERS
        shown = people[-_SUBSCRIBERS:] if before else people[:_SUBSCRIBERS]
        counts = store.subscribers.counts()
        if search.text or search.tag or search.topic:
            number = store.subscriber_search.count(search, _MOST_COUNTED + 1)
        else:
            number = counts.get(search.status, 0) if search.status else sum(counts.values())
        return self.operator.show(
            store,
            request,
            "operator_subscribers.html",
            search=search,
            subscribers=shown,
            counts=counts,
            statuses=list(Status),
            topics={one.id: _topics(one.profile, self.operator.pages.language) for one in shown},
            schedules={one.id: _schedule(one.profile, self.operator.pages.language) for one in shown},
            found=number,
            most_counted=_MOST_COUNTED,
            previous=_link(search, before=shown[0]) if shown and (is_full if before else after) else "",
            next=_link(search, after=shown[-1]) if shown and (before or is_full) else "",
        )

    def page(self, store: Store, request: Request) -> Response:
        """Show all about one subscriber."""
        return self._show(store, request, "operator_subscriber.html")

    def _ask(self, action: str) -> Callable[[Store, Request], Response]:
        return lambda store, request: self._show(store, request, "operator_ask.html", action=action)

    def _show(self, store: Store, request: Request, template: str, action: str = "") -> Response:
        subscriber = _find(store, request)
        if subscriber is None:
            return self.operator.not_found(store, request, self._gone())
        page = page_number(request)
        deliveries = store.deliveries.of_subscriber(subscriber.id, _DELIVERIES + 1, (page - 1) * _DELIVERIES)
        return self.operator.show(
            store,
            request,
            template,
            action=action,
            subscriber=subscriber,
            suppressed=store.suppressions.why_suppressed(subscriber.email),
            tags=store.tags.of(subscriber.id),
            former=store.subscribers.former_addresses(subscriber.id),
            coming=next_mail(store, subscriber, self.operator.pages.clock(), self.operator.pages.language),
            preferences=_preferences(subscriber.profile, self.operator.pages.language),
            deliveries=deliveries[:_DELIVERIES],
            page=page,
            has_more=len(deliveries) > _DELIVERIES,
            bounces=store.bounces.of_subscriber(subscriber.id, subscriber.email)[:_DELIVERIES],
            reason=_REASON,
            origin=_origin(subscriber, self.operator.pages.language),
        )

    # -- actions --------------------------------------------------------------------------------------

    def _action(self, action: Callable[[Store, Subscriber, Form], str]) -> Callable[[Store, Request, Form], Done]:
        def act(store: Store, request: Request, form: Form) -> Done:
            subscriber = _find(store, request)
            if subscriber is None:
                raise RequestError(self._gone())
            done = action(store, subscriber, form)
            return Done("/subscribers" if done == "erased" else f"/subscribers/{subscriber.id}", done)

        return act

    def _check_not_ended(self, subscriber: Subscriber) -> None:
        if subscriber.status is Status.UNSUBSCRIBED:
            _ = self.operator.pages.language.gettext
            raise RequestError(_("This isn’t possible: the emails have already stopped."))

    def _gone(self) -> str:
        return self.operator.pages.language.gettext("There is no such subscriber; they may have been erased.")

    def _pause(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        self._check_not_ended(subscriber)
        pause(store, subscriber.email, self.operator.pages.clock())
        return "subscriber-paused"

    def _resume(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        self._check_not_ended(subscriber)
        resume(store, subscriber.email, self.operator.pages.clock())
        return "subscriber-resumed"

    def _unsubscribe(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        unsubscribe(store, subscriber.email, self.operator.pages.clock(), form.one("reason"))
        return "unsubscribed"

    def _suppress(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        is_new = suppress(store, subscriber.email, form.one("reason") or _REASON, self.operator.pages.clock())
        return "suppressed" if is_new else "suppressed-already"

    def _unsuppress(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        unsuppress(store, subscriber.email)
        return "unsuppressed"

    def _erase(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        config = self.operator.pages.config
        erase(store, subscriber.email, self.operator.pages.clock(), config.outbox, config.log_path)
        return "erased"

    def _send_link(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        if not request_own_link(store, subscriber, self.operator.pages.clock()):
            _ = self.operator.pages.language.gettext
            raise RequestError(_("Three links were requested within a day, or no emails go to this address."))
        return "link-sent"


def _preferences(profile: Profile, language: Language) -> list[tuple[str, str]]:
    """Return the label and the value of each preference but topics, as the subscriber's own page shows them."""
    fields = fields_of(profile, {}, language)
    shown = [one for group in fields.groups.values() for one in group]
    return [(language.gettext(one.label), _value(fields, one.name)) for one in shown]


def _origin(subscriber: Subscriber, language: Language) -> str:
    """Return how somebody was subscribed, or the file that has their preferences."""
    if subscriber.origin.startswith(FILE):
        return f"{subscriber.origin.removeprefix(FILE)}.toml"
    pgettext = language.pgettext
    # L10N: Where somebody was subscribed: after "from".
    return {COMMAND_LINE: pgettext("origin", "the command line"), ORIGIN: pgettext("origin", "the website")}.get(
        subscriber.origin, subscriber.origin
    )


def _topics(profile: Profile, language: Language) -> str:
    return language.listed(language.topic(topic.name) for topic in profile.topics)


def _schedule(profile: Profile, language: Language) -> str:
    """Return how often and when digests are due, in short: "Once a week, Friday, 16:00 Europe/Berlin"."""
    fields = fields_of(profile, {}, language)
    when = {Cadence.WEEKLY: ["weekday"], Cadence.MONTHLY: ["month_day"]}.get(profile.cadence, [])
    texts = [_value(fields, name) for name in ("cadence", *when, "hour")]
    return f"{', '.join(texts)} {profile.time_zone}"


def _value(fields: Fields, name: str) -> str:
    """Return a preference as a form shows it: the label of what is selected, or what is typed."""
    selected = fields.selected[name]
    return dict(fields.options.get(name, ())).get(selected, selected)


def _find(store: Store, request: Request) -> Subscriber | None:
    number = str(request.path_params["id"])
    is_number = number.isascii() and number.isdecimal() and len(number) <= _ID_DIGITS
    return store.subscribers.find_by_id(int(number)) if is_number else None


def _search(query: Form) -> Search:
    """Return what the query string of the list asks for; an unknown status is none."""
    status = query.one("status")
    return Search(
        text=query.one("q"),
        status=Status(status) if status in [*Status] else None,
        tag=query.one("tag"),
        topic=query.one("topic"),
    )


def _link(search: Search, **place: Subscriber) -> str:
    """Return the query string of the list before or after a subscriber."""
    fields = {"q": search.text, "status": search.status or "", "tag": search.tag, "topic": search.topic}
    fields |= {name: email_key(one.email) for name, one in place.items()}
    return urlencode({name: value for name, value in fields.items() if value})
