"""Notices: transactional emails that ask to confirm an address or link to the preferences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jinja2 import Environment

from newsletter.models import Message
from newsletter.rendering.context import NoticeContext, SiteContext
from newsletter.rendering.digest import inline
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language
from newsletter.rendering.message import Envelope, build_message


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes the notices of a site in one language."""

    environment: Environment
    site: SiteContext
    language: Language

    def confirm_subscription(self, email: str, url: str, until: date) -> NoticeContext:
        """Ask to confirm a subscription (double opt-in)."""
        _, name = self.language.gettext, self.site.name
        return NoticeContext(
            subject=_("Please confirm your subscription to %(name)s", name=name),
            text=_("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email),
            button=_("Confirm"),
            url=url,
            foot=_("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._expiry(until),
        )

    def already_subscribed(self, email: str, url: str, until: date) -> NoticeContext:
        """Answer a request to subscribe for an address that is subscribed already."""
        _, name = self.language.gettext, self.site.name
        return NoticeContext(
            subject=_("You are subscribed to %(name)s already", name=name),
            text=_("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email)
            + " "
            + _("It is already. Here you can change what you get."),
            button=_("Change topics, day or address"),
            url=url,
            foot=self._expiry(until),
        )

    def confirm_address(self, email: str, url: str, until: date) -> NoticeContext:
        """Ask to confirm a new address."""
        _, name = self.language.gettext, self.site.name
        return NoticeContext(
            subject=_("Please confirm your new address for %(name)s", name=name),
            text=_("You asked for %(name)s to be sent to %(email)s from now on.", name=name, email=email),
            button=_("Confirm"),
            url=url,
            foot=_("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._expiry(until),
        )

    def preferences_link(self, url: str, until: date) -> NoticeContext:
        """Send the link to the preferences."""
        _ = self.language.gettext
        return NoticeContext(
            subject=_("Your preferences for %(name)s", name=self.site.name),
            text=_("Here you can change what you get."),
            button=_("Change topics, day or address"),
            url=url,
            foot=self._expiry(until),
        )

    def message(self, envelope: Envelope, notice: NoticeContext) -> Message:
        """Render a notice as a message.

        Raises:
            TemplateError: A template is missing or broken.
        """
        text, html = (self._rendered(f"email/notice.{form}", notice) for form in ("txt", "html"))
        return build_message(envelope, subject=notice.subject, text=text, html=inline(html))

    def _rendered(self, name: str, notice: NoticeContext) -> str:
        values = {"site": self.site, "notice": notice, "language": self.language, "_": self.language.gettext}
        return render(find_template(self.environment, [name]), **values)

    def _expiry(self, day: date) -> str:
        return self.language.gettext("This link is good until %(day)s.", day=self.language.day(day))
