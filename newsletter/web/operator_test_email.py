"""Test emails: the digest of a subscriber without topics, to an address of the operator's, in one style or in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from newsletter.errors import ProfileError, RequestError
from newsletter.models import Message, Profile, Style, Subscriber
from newsletter.models.addresses import parse_address
from newsletter.pipeline.messages import MessageRenderer, make_test_message_id, sent_as_test
from newsletter.pipeline.preview import preview_digest, sample_digest
from newsletter.rendering.language import Language
from newsletter.sending import Transport, Verdict, send_one
from newsletter.store import Store
from newsletter.web.http.forms import Form
from newsletter.web.operator_pages import Done, OperatorPages

#: Papers of a test email, and the days from which they are.
_PAPERS, _DAYS = 5, 7


class OperatorTestEmail:
    """Serves the form and sends what it asks for; the page shows what became of it."""

    def __init__(self, operator: OperatorPages) -> None:
        self.operator = operator

    def page(self, store: Store, request: Request) -> Response:
        """Show the form, and what became of the last test email."""
        result = self.operator.outgoing.job_result
        return self.operator.show(store, request, "operator_test_email.html", styles=list(Style), result=result)

    def send(self, store: Store, _request: Request, form: Form) -> Done:
        """Have test emails sent, one for each style that is asked for.

        Raises:
            NewsletterError: The address or the style is not valid, or the test email before was not sent yet.
        """
        _ = self.operator.pages.language.gettext
        try:
            email = parse_address(form.one("email"), allow_local=True)
        except ProfileError:
            text = _("This is not a complete email address. Please check it for typing errors.")
            raise RequestError(text) from None
        messages = [
            self._message(store, email, style) for style in _styles(form.one("style"), self.operator.pages.language)
        ]
        if not self.operator.outgoing.submit(partial(_send, messages, self.operator.pages.language)):
            raise RequestError(_("The test email before this one has not been sent yet."))
        return Done("/test-email", "queued")

    def _message(self, store: Store, email: str, style: Style) -> Message:
        pages = self.operator.pages
        now, config = pages.clock(), pages.config
        profile = Profile(max_papers=_PAPERS, style=style)
        anyone = Subscriber(id=0, email="", profile=profile, subscribed_at=now, status_at=now)
        recipient = sent_as_test(anyone, email)
        digest = preview_digest(store, recipient, now, _DAYS, config.weights) if store.papers.count() else None
        if digest is None or not digest.items:
            digest = sample_digest(recipient, now)
        message_id = make_test_message_id(now, config.sender).replace("<test-", f"<test-{style}-")
        renderer = MessageRenderer(config, pages.environment, store.secret(), store.summaries)
        return renderer.write(digest, recipient, message_id, now)


def _styles(text: str, spoken: Language) -> Sequence[Style]:
    """Return the styles that are asked for: one, all for "all", and the first if none is named."""
    if text == "all":
        return list(Style)
    if text and text not in [*Style]:
        raise RequestError(spoken.gettext("Please choose one of the options."))
    return [Style(text)] if text else [next(iter(Style))]


def _send(
    messages: Sequence[Message], spoken: Language, transport: Transport, abandoned: Callable[[], bool]
) -> str:  # fmt: skip
    """Send test emails; return what became of each, in a language."""
    return "\n".join(_send_one(message, spoken, transport, abandoned) for message in messages)


def _send_one(message: Message, spoken: Language, transport: Transport, abandoned: Callable[[], bool]) -> str:
    result = send_one(transport, message, abandoned)
    values = {"email": message.recipient, "response": result.response}
    # L10N: %(response)s is what the mail server answered.
    if result.verdict is Verdict.SENT:
        return spoken.gettext("Test email to %(email)s sent: %(response)s", **values)
    return spoken.gettext("Test email to %(email)s not sent: %(response)s", **values)
