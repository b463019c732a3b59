"""The columns of tables of subscribers: ours, and those of Mailchimp, listmonk, Substack, Buttondown, Ghost, Keila …

Whatever the table says of somebody who is not to be mailed, in a status, a yes or no, or a date, ends the subscription.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.errors import ConfigError, ProfileError
from newsletter.models import Status
from newsletter.models.profile import PROFILE_FIELDS
from newsletter.models.value_types import FALSE_WORDS, TRUE_WORDS
from newsletter.store.subscribers import SubscriptionState
from newsletter.text import normalize

#: The columns of an export beside the fields of a profile.
STATE_COLUMNS = ("status", "subscribed_at", "status_at", "paused_until", "suppressed", "suppressed_at")
TAGS = "tags"
FEEDBACK = "feedback"
COLUMNS = ("email", "name", *PROFILE_FIELDS, TAGS, *STATE_COLUMNS, FEEDBACK)

#: Other names of our columns, in the order of preference; letters in lower case, other characters as "_".
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "email": (
        "email_address", "e_mail", "e_mail_address", "e_mail_adresse", "emailaddress", "mail", "subscriber_email",
        "subscriber", "member_email", "contact_email", "primary_email", "adresse_e_mail", "correo_electronico",
        "mailadresse", "emailadresse", "email_adresse", "adresse_mail", "adresse_email", "adresse_electronique",
        "courriel", "correo", "adresse_de_messagerie", "adresse_de_courriel", "indirizzo_email", "indirizzo_e_mail",
        "e_mailadres", "e_mail_1_value", "email_1_value",
    ),
    "name": ("full_name", "display_name", "fullname", "subscriber_name", "nom_complet", "nombre_completo", "naam"),
    "status": (
        "subscriber_type", "subscription_status", "email_status", "member_status", "subscriber_status", "state",
        "email_marketing_status", "marketing_status", "subscriptionstatus", "statut", "estado", "stato", "abonnement",
    ),
    TAGS: ("tag", "labels", "member_labels", "etiquetas", "etiquettes", "schlagworte"),
    "subscribed_at": ("joined_at",),
}  # fmt: skip
_GIVEN_NAMES = ("first_name", "firstname", "given_name", "vorname", "prenom", "fname", "nombre", "voornaam")
_FAMILY_NAMES = ("last_name", "lastname", "family_name", "surname", "nachname", "nom", "lname", "apellidos", "cognome",
                 "achternaam", "nom_de_famille")  # fmt: skip
#: Who has a date or a yes here is not to be mailed.
_ENDING = frozenset((
    "unsub_time", "clean_time", "unsubscribed", "unsubscribed_at", "unsubscribe_date", "unsubscription_date",
    "unsubscribe_time", "unsubscribed_on", "date_unsubscribed", "opted_out", "opt_out", "optout", "optout_time",
    "opt_out_time", "email_disabled", "email_opt_out", "disabled", "disabled_at", "deleted_at", "suppressed",
    "blocklisted", "blacklisted", "email_blacklisted", "email_blocklisted", "blocked", "bounced", "bounced_at",
    "hard_bounced", "cleaned", "complained", "complained_at", "do_not_email", "do_not_mail", "is_unsubscribed",
    "undeliverable", "inactive", "banned", "removed", "removed_at", "deleted", "archived",
))  # fmt: skip
#: Buttondown's column of statuses; elsewhere it may hold anything, so only words that end a subscription count.
_KIND = "type"
#: Who has a no here is not to be mailed.
_CONSENTING = frozenset((
    "subscribed_to_emails", "subscribed", "is_subscribed", "active", "is_active", "enabled", "email_enabled",
    "emails_enabled", "opted_in", "email_opt_in", "accepts_marketing", "confirmed", "email_permission",
    "accepts_email_marketing", "marketing_consent", "consent", "email_consent", "receives_email",
))  # fmt: skip
_ACCENT = re.compile("[\u0300-\u036f]")
_EMPTY = frozenset(("", "null", "none", "n/a", "na", "-", "0000-00-00", "0000-00-00 00:00:00"))

_ACTIVE = frozenset((
    "active", "subscribed", "enabled", "regular", "premium", "gifted", "confirmed", "opted_in", "paid", "free",
    "comped", "trial", "trialed", "aktiv", "actif", "activo", "attivo", "ativo", "normal", "ok", "valid", "member",
    "subscriber",
))  # fmt: skip
#: Those who never agreed: they are refused.
_UNCONFIRMED = frozenset((
    "unconfirmed", "pending", "unactivated", "nonsubscribed", "non_subscribed", "never_subscribed", "not_subscribed",
    "transactional", "awaiting_confirmation", "waiting", "opt_in_pending", "invited", "unverified",
))  # fmt: skip
#: The reason of a suppression by the owner of the address.
_UNSUBSCRIBED = "unsubscribed"
_LEFT = frozenset((
    "unsubscribed", "left", "abgemeldet", "abbestellt", "desabonne", "desinscrit", "unsub", "opted_out",
    "cancelled", "canceled", "baja", "disiscritto", "cancelado", "uitgeschreven",
))  # fmt: skip
#: Parts of words of other tools for addresses that are not to be mailed.
_ENDED_PARTS = re.compile(
    r"unsub|clean|block|black|disab|bounc|inactiv|inaktiv|suppress|complain|spam|unreach|undeliver|invalid|delet"
    r"|remov|archiv|ban|expire|churn|opt.?out|junk|abuse|reject|fail|held|left|cancel|abgemeldet|gesperrt|gelosch|unzustell|desabonn|desinscr|desactiv|inactif|bloqu|supprim|rebot|baja"
)


#: What such a word of another tool means, in the order in which it is looked for.
_REASONS = (
    (re.compile(r"complain|spam|abuse|junk"), "complained"),
    (re.compile(r"unsub|opt.?out|abgemeldet|desabonn|desinscr|cancel|left|baja"), "unsubscribed"),
    (re.compile(r"clean"), "cleaned"),
    (re.compile(r"bounc|rebot|unreach|undeliver|unzustell|fail|reject"), "bounced"),
    (re.compile(r"block|black|ban|gesperrt|bloqu"), "blocklisted"),
    (re.compile(r"disab|desactiv"), "disabled"),
    (re.compile(r"delet|remov|gelosch|supprim"), "deleted"),
    (re.compile(r"archiv"), "archived"),
    (re.compile(r"expire|churn"), "expired"),
    (re.compile(r"invalid"), "invalid"),
    (re.compile(r"suppress|held|do_not"), "suppressed"),
)


def _imported_as(word: str) -> str:
    """Return the reason of a suppression: what another tool's word or column means, in English."""
    meant = next((meaning for words, meaning in _REASONS if words.search(word)), "inactive")
    return f"imported as {meant}"


def _without(consent: str) -> str:
    """Return the reason of a suppression by a column that says no."""
    return _imported_as("") if "active" in consent or "enabled" in consent else "imported without consent"


def normal_name(column: str) -> str:
    """Return the name of a column as it is looked up: in lower case without accents, with "_" between words."""
    plain = _ACCENT.sub("", normalize("NFKD", column.casefold()))
    return "_".join(re.findall(r"\w+", plain.replace("_", " ")))


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table holds what."""

    #: Our name → position.
    ours: Mapping[str, int]
    #: The positions of the given and the family name.
    names: tuple[int, ...]
    #: Normal name → position.
    ending: Mapping[str, int]
    consenting: Mapping[str, int]
    #: The names of the columns that are not read.
    ignored: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether this is an export of this program, in which "disabled" means that a profile file is gone."""
        return "status_at" in self.ours

    @property
    def of_state(self) -> tuple[int, ...]:
        """The positions of the columns that say more of a person than address, name and profile."""
        ours = (self.ours[name] for name in STATE_COLUMNS if name in self.ours)
        return (*ours, *self.ending.values(), *self.consenting.values())


def find_columns(header: Sequence[str], mapping: Mapping[str, str], reasons: Sequence[str] = ()) -> Columns | None:
    """Return what is in the columns of this header, or None if none has addresses.

    `mapping` has names of columns that the operator gave, by our name; `reasons` are further names of `suppressed`.

    Raises:
        ConfigError: A name in `mapping` is not one of ours, or the table has no such column.
    """
    names = [normal_name(cell) for cell in header]
    ours: dict[str, int] = {}
    for name, column in mapping.items():
        if name not in COLUMNS:
            raise ConfigError(f"--map {name}={column}: no such field", hint=f"known: {', '.join(COLUMNS)}")
        if normal_name(column) not in names:
            raise ConfigError(f"--map {name}={column}: no such column", hint=f"columns: {', '.join(header)}")
        ours[name] = names.index(normal_name(column))
    # `suppressed` is ours with a reason, and other tools' with a yes or no: `state` reads both.
    for name in COLUMNS:
        found = [
            one
            for one in (name, *_ALIASES.get(name, ()), *(reasons if name == "suppressed" else ()))
            if one in names and names.index(one) not in ours.values()
        ]
        if name not in ours and found:
            ours[name] = names.index(found[0])
    if "email" not in ours:
        return None
    parts = [next((names.index(one) for one in known if one in names), -1) for known in (_GIVEN_NAMES, _FAMILY_NAMES)]
    given = () if "name" in ours else tuple(at for at in parts if at >= 0 and at not in ours.values())
    free = {name: at for at, name in enumerate(names) if at not in {*ours.values(), *given}}
    ending = {name: at for name, at in free.items() if name in _ENDING or name == _KIND}
    consenting = {name: at for name, at in free.items() if name in _CONSENTING}
    used = {*ours.values(), *given, *ending.values(), *consenting.values()}
    ignored = tuple(cell.strip() for at, cell in enumerate(header) if at not in used and cell.strip())
    return Columns(ours, given, ending, consenting, ignored)


def state(columns: Columns, cells: Sequence[str], now: datetime) -> SubscriptionState | None:
    """Return what a row says of somebody beside the profile; None for somebody active from now on.

    Raises:
        ProfileError: The status is not known, or says that the person never confirmed; or a date is not valid.
    """
    at = now.isoformat()
    values = {name: cells[columns.ours[name]] for name in STATE_COLUMNS if name in columns.ours}
    status, why = _status(normal_name(values.get("status", "")), columns)
    why = _ending(columns, cells) or why
    if reason := values.get("suppressed", ""):
        word = reason.strip().casefold()
        if word in TRUE_WORDS and not columns.is_ours:
            why = why or "imported as suppressed"
        elif (word not in FALSE_WORDS and word not in _EMPTY) or columns.is_ours:
            why = reason
            status = status if columns.is_ours else Status.UNSUBSCRIBED
    if why is not None and not columns.is_ours:
        status = Status.UNSUBSCRIBED
    until = values.get("paused_until") if status is Status.PAUSED else None
    subscribed_at, status_at, suppressed_at = (
        _moment(values.get(name, ""), name, at) for name in ("subscribed_at", "status_at", "suppressed_at")
    )
    if status is Status.ACTIVE and why is None and not (values.get("subscribed_at") or values.get("status_at")):
        return None
    return SubscriptionState(status, subscribed_at, status_at, _day(until), why, suppressed_at)


def _status(word: str, columns: Columns) -> tuple[Status, str | None]:
    """Return the status that a word says, and why the address is to be suppressed, if it is."""
    if not word or word in _ACTIVE or word in TRUE_WORDS:
        return Status.ACTIVE, None
    if columns.is_ours and word in {*Status}:
        return Status(word), None
    if word == Status.PAUSED.value:
        return Status.PAUSED, None
    if word in _UNCONFIRMED:
        raise ProfileError(f"status: {word}: this person has not confirmed")
    if word in _LEFT:
        return Status.UNSUBSCRIBED, _UNSUBSCRIBED
    if word in FALSE_WORDS or _ENDED_PARTS.search(word):
        return Status.UNSUBSCRIBED, _imported_as(word)
    raise ProfileError(f"status: {word!r} is not known", hint="active, paused, unsubscribed or suppressed")


def _ending(columns: Columns, cells: Sequence[str]) -> str | None:
    """Return why an address is to be suppressed, by the columns with a yes, a no or a date; None if it is not.

    Raises:
        ProfileError: The person never confirmed.
    """
    for name, at in columns.ending.items():
        word = cells[at].strip().casefold()
        if name == _KIND:
            if word in _UNCONFIRMED:
                raise ProfileError(f"{name}: {word}: this person has not confirmed")
            if _ENDED_PARTS.search(word):
                return _imported_as(word)
        elif word not in FALSE_WORDS and word not in _EMPTY:
            return _UNSUBSCRIBED if name.startswith(("unsub", "opt")) else _imported_as(name)
    for name, at in columns.consenting.items():
        if cells[at].strip().casefold() in FALSE_WORDS:
            if name == "confirmed":
                raise ProfileError("confirmed: this person has not confirmed")
            return _UNSUBSCRIBED if "subscribed" in name else _without(name)
    return None


def _moment(text: str, field: str, default: str) -> str:
    if not text.strip():
        return default
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ProfileError(f"{field}: a time is expected, as in 2026-05-08T08:00:00+00:00, not {text!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.fromisoformat(default).tzinfo)).isoformat()


def _day(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ProfileError(f"paused_until: a day is expected, as in 2026-05-08, not {text!r}") from None
