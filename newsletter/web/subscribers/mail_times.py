"""When emails come and came, in sentences for their subscriber."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.models import Delivery, DeliveryStatus
from newsletter.models.languages import translatable
from newsletter.pipeline.next_mail import NextMail
from newsletter.pipeline.schedule import Nothing
from newsletter.rendering.language import Language

_NOTHING: Mapping[Nothing, str] = {
    Nothing.WEEKEND: translatable("None comes today: you get emails from Monday to Friday."),
    Nothing.OTHER_DAY: translatable("None comes today: it is not the day that you chose."),
    Nothing.CLOSED: translatable("None came today: nothing was new. Later papers come with the next one."),
}
_DELIVERIES: Mapping[DeliveryStatus, str] = {
    DeliveryStatus.QUEUED: translatable("%(day)s: waits to be sent"),
    DeliveryStatus.SENDING: translatable("%(day)s: is being sent"),
    DeliveryStatus.SENT: translatable("%(day)s: sent"),
    DeliveryStatus.DEFERRED: translatable("%(day)s: your mail server asked us to try again later"),
    DeliveryStatus.FAILED: translatable("%(day)s: could not be delivered"),
    DeliveryStatus.HELD: translatable("%(day)s: maybe sent"),
    DeliveryStatus.SKIPPED: translatable("%(day)s: not sent"),
}


def next_mail_sentence(coming: NextMail, language: Language) -> str:
    """Return when the next email comes; "" if none does."""
    _ = language.gettext
    if coming.at is None:
        return ""
    if coming.edition:
        return _("Your next email waits to be sent.")
    zone = str(coming.at.tzinfo).replace("_", " ")
    if coming.waits_until is not None:
        return _(
            "Your next email comes as soon as there are new papers, until %(time)s (%(zone)s).",
            time=f"{coming.waits_until:%H:%M}", zone=zone,
        )  # fmt: skip
    return _(
        "Your next email comes if there are new papers: %(day)s, from %(time)s on (%(zone)s).",
        day=language.day_of_week(coming.at.date()), time=f"{coming.at:%H:%M}", zone=zone,
    )  # fmt: skip


def nothing_sentence(nothing: Nothing | None, language: Language) -> str:
    """Return why no email comes today; "" if that is plain."""
    text = _NOTHING.get(nothing) if nothing is not None else None
    return language.gettext(text) if text else ""


def delivery_sentence(delivery: Delivery, language: Language) -> str:
    """Return what became of an email, with its day."""
    day = language.day(delivery.updated_at.date())
    return language.gettext(_DELIVERIES[delivery.status], day=day)
