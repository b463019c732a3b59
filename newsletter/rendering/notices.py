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
        return self._confirmation(
            _("Please confirm your subscription to %(name)s", name=name),
            _("We received a request to send %(name)s to %(email)s.", name=name, email=email),
            _("Confirm subscription"),
            url,
            until,
        )

    def already_subscribed(self, email: str, url: str) -> NoticeContext:
        """Answer a request to subscribe for an address that is subscribed already."""
        _, name = self.language.gettext, self.site.name
        asked = _("We received a request to send %(name)s to %(email)s.", name=name, email=email)
        already = _("You’re already subscribed. You can change what you receive below.")
        subject = _("You’re already subscribed to %(name)s", name=name)
        return self._preferences(subject, self.language.sentences((asked, already)), url)

    def confirm_address(self, email: str, url: str, until: date) -> NoticeContext:
        """Ask to confirm a new address."""
        _, name = self.language.gettext, self.site.name
        return self._confirmation(
            _("Please confirm your new address for %(name)s", name=name),
            _("You asked us to send %(name)s to %(email)s from now on.", name=name, email=email),
            _("Confirm new address"),
            url,
            until,
        )

    def preferences_link(self, url: str) -> NoticeContext:
        """Send the link to the preferences."""
        _ = self.language.gettext
        subject = _("Your preferences for %(name)s", name=self.site.name)
        return self._preferences(subject, _("Use this link to change your topics, schedule or email address."), url)

    def message(self, envelope: Envelope, notice: NoticeContext) -> Message:
        """Render a notice as a message.

        Raises:
            TemplateError: A template is missing or broken.
        """
        text, html = (self._rendered(f"email/notice.{form}", notice) for form in ("txt", "html"))
        return build_message(envelope, subject=notice.subject, text=text, html=inline(html))

    def _rendered(self, name: str, notice: NoticeContext) -> str:
        values = {"site": self.site, "notice": notice, "language": self.language}
        translations = self.language.text_functions()
        return render(find_template(self.environment, [name]), **values, **translations)

    def _confirmation(self, subject: str, text: str, button: str, url: str, until: date) -> NoticeContext:
        _ = self.language.gettext
        if_not = _(
            "If this wasn’t you, ignore this email. We won’t send anything unless you confirm, and we delete the "
            "request after a week."
        )
        foot = self.language.sentences((self._expiry(until), if_not))
        return NoticeContext(subject, text, button, url, foot)

    def _preferences(self, subject: str, text: str, url: str) -> NoticeContext:
        _ = self.language.gettext
        foot = _("This link works once, within an hour of this email.")
        return NoticeContext(subject, text, _("Manage preferences"), url, foot)

    def _expiry(self, day: date) -> str:
        return self.language.gettext("This link is valid until %(day)s.", day=self.language.day(day))
