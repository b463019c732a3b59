"""People in and out: what is exported comes back equal, and no table of another program revives anybody."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Example, Profile, Status, Subscriber
from newsletter.store import Store
from newsletter.store.feedback import GivenFeedback
from newsletter.subscribers.csv_rows import open_text
from newsletter.subscribers.import_export import (
    ImportOptions,
    ImportReport,
    exported_rows,
    import_people,
    suppressions_of,
)
from newsletter.text import squeeze
from tests.factories import NOW, make_entry
from tests.profiles import profiles
from tests.stores import open_new_store


def import_bytes(store: Store, content: bytes, **mapping: str) -> tuple[ImportReport, list[str]]:
    refused: list[str] = []
    options = ImportOptions(mapping=mapping)
    with open_text(io.BytesIO(content)) as lines:
        return import_people(
            store, lines, "people.csv", NOW, Profile(), options=options, refuse=lambda one: refused.append(str(one))
        ), refused


def exported(store: Store) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(exported_rows(store))
    return file.getvalue().encode()


def feedback(store: Store, person: Subscriber) -> list[GivenFeedback]:
    return list(store.feedback.given(person.id))


def statuses(store: Store) -> dict[str, str]:
    """Return who is mailed ("active"), and who is not ("ended" if suppressed)."""
    return {
        one.email.partition("@")[0]: "ended" if store.suppressions.why_suppressed(one.email) else one.status.value
        for one in store.subscribers.all()
    }


_names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8).map(squeeze)


@given(
    people=st.lists(
        st.tuples(
            _names, profiles(), st.sampled_from(Status), st.integers(0, 400), st.sampled_from((None, "-5.1.1: x"))
        )
    ),
    both_have_the_paper=st.booleans(),
)
def test_a_site_made_from_an_export_equals_the_first(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[tuple[str, Profile, Status, int, str | None]],
    both_have_the_paper: bool,
) -> None:
    folder = tmp_path_factory.mktemp("sites")
    with open_new_store(folder / "one.db") as one, open_new_store(folder / "two.db") as two:
        one.papers.add(make_entry(), NOW)
        if both_have_the_paper:
            two.papers.add(make_entry(), NOW)
        (paper,) = one.papers.newest(1)
        for number, (name, profile, status, days, reason) in enumerate(people):
            at = NOW - timedelta(days=days)
            known = one.subscribers.add(f"p{number}@example.org", name, profile, "cli", at)
            until = date(2026, 6, 1) if status is Status.PAUSED and days % 2 else None
            one.subscribers.set_status(known.id, status, NOW, paused_until=until)
            if reason or status is Status.UNSUBSCRIBED:
                one.suppressions.suppress(known.email, reason or "unsubscribed", at)
            if days % 3:
                one.feedback.put(known.id, paper.id, liked=days % 3 == 1, now=at)
                one.feedback.put_example(known.id, Example(f"doi:10.1/{days}", name, "A. =B\n", liked=True), NOW)

        assert import_bytes(two, exported(one))[1] == []

        ours = [replace(person, id=0) for person in one.subscribers.all()]
        assert [replace(person, id=0) for person in two.subscribers.all()] == ours
        assert suppressions_of(two) == suppressions_of(one)
        assert [feedback(two, person) for person in two.subscribers.all()] == [
            feedback(one, person) for person in one.subscribers.all()
        ]
        assert exported(two) == exported(one)


_TABLES = (
    # Mailchimp: subscribed, unsubscribed and cleaned addresses are three files.
    ("Email Address,First Name,Last Name,TAGS\na@x.org,Ann,Bo,ML\n", {"a": "active"}),
    ("Email Address,First Name,UNSUB_TIME,UNSUB_REASON\na@x.org,A,2024-05-01 10:11:12,NORMAL\n", {"a": "ended"}),
    ("Email Address,CLEAN_TIME\na@x.org,2024-05-01 10:11:12\n", {"a": "ended"}),
    ("email,name,attributes,status\na@x.org,A,{},enabled\nb@x.org,B,{},blocklisted\n", {"a": "active", "b": "ended"}),
    (
        "email,active_subscription,email_disabled\na@x.org,false,false\nb@x.org,true,true\n",
        {"a": "active", "b": "ended"},
    ),
    (
        "id,email,name,subscribed_to_emails,deleted_at\n1,a@x.org,A,true,\n2,b@x.org,B,false,\n3,c@x.org,,true,2024-01-01\n",
        {"a": "active", "b": "ended", "c": "ended"},
    ),
    ("email,subscriber_type\na@x.org,regular\nb@x.org,unsubscribed\n", {"a": "active", "b": "ended"}),
    ("email_address,type\na@x.org,premium\nb@x.org,undeliverable\n", {"a": "active", "b": "ended"}),
    ("Email,First name,Last name,Status\na@x.org,A,B,active\nb@x.org,,,unreachable\n", {"a": "active", "b": "ended"}),
    ("E-Mail;Vorname;Nachname;Status\na@x.org;K;K;aktiv\nb@x.org;K;K;abgemeldet\n", {"a": "active", "b": "ended"}),
    ("Ann Example <a@x.org>\nb@x.org\n", {"a": "active", "b": "active"}),
    ("a@x.org\nb@x.org\n", {"a": "active", "b": "active"}),
)


@pytest.mark.parametrize(("text", "expected"), _TABLES)
def test_tables_of_other_programs_are_read_without_a_mapping(store: Store, text: str, expected: dict[str, str]) -> None:
    assert import_bytes(store, text.encode())[1] == []
    assert statuses(store) == expected


#: What people really have in such files: quotes over lines, marks of encodings, NUL, other cases, other languages.
#: Each: the text, the names of those who are active, and of those who are not.
_SIBLINGS = (
    ('"EMAIL ADDRESS","FIRST NAME",NOTES\n"A@X.org","Ann","two\nlines, and a ""quote"""\n', "A", ""),
    ("\ufeff\ufeffEmail ; Name \n a@x.org ; Ann \n", "a", ""),
    ("sep=\t\nemail\tname\na@x.org\tAnn\n", "a", ""),
    ('"sep=;"\nemail;name\na@x.org;Ann\n', "a", ""),
    ("\n\nemail,name\n\na@x.org,Ann\n,\n\n", "a", ""),
    ("E-Mail-Adresse;Vorname;Nachname;Status\na@x.org;Ä;B;Aktiv\nb@x.org;Ö;C;Gelöscht\n", "a", "b"),
    ("Adresse e-mail;Prénom;Nom;Statut\na@x.org;É;B;Actif\nb@x.org;;;Désinscrit\n", "a", "b"),
    ("Correo electrónico;Nombre;Estado\na@x.org;A;activo\nb@x.org;;BAJA\n", "a", "b"),
    ('email,name,uuid,lists,status\na@x.org,A,1,"a,b",Enabled\nb@x.org,,2,,BLOCKLISTED\n', "a", "b"),
    (
        (
            "email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_a"
            "t,labels,tiers\na@x.org,A,,TRUE,,,2024-01-01T00:00:00.000Z,,,\nb@x.org,B,,False,,,,,,\n"
        ),
        "a",
        "b",
    ),
    (
        (
            "email,notes,metadata,tags,referrer_url,secondary_id,creation_date,unsubscription_date,unsubscri"
            "ption_reason,source,subscriber_type\na@x.org,,{},,,1,2024-01-01,,,api,regular\n"
            "b@x.org,,{},,,2,2024-01-01,2024-02-02,x,api,Unsubscribed\n"
        ),
        "a",
        "b",
    ),
    ("Email,Subscriber Type\na@x.org,premium\nb@x.org,Complaining\n", "a", "b"),
    (
        ("Email,active_subscription,plan,email_disabled\na@x.org,FALSE,other,FALSE\nb@x.org,TRUE,yearly,TRUE\n"),
        "a",
        "b",
    ),
    (
        (
            "Email,First name,Last name,Data,Status,External ID\na@x.org,A,B,{},ACTIVE,\n"
            "b@x.org,,,{},Unsubscribed,\nc@x.org,,,{},Unreachable,\n"
        ),
        "a",
        "bc",
    ),
    ('"Doe, Ann" <a@x.org>\n<b@x.org>\nmailto:c@x.org\n', "abc", ""),
    ("a@x.org,Ann\nb@x.org,Bo\n", "ab", ""),
)


@pytest.mark.parametrize(("text", "active", "ended"), _SIBLINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_siblings_of_the_shapes(store: Store, text: str, active: str, ended: str, encoding: str, line_end: str) -> None:
    if encoding == "cp1252":
        text = text.replace("\ufeff", "")
    assert import_bytes(store, text.replace("\n", line_end).encode(encoding))[1] == []
    assert statuses(store) == dict.fromkeys(active, "active") | dict.fromkeys(ended, "ended")


@pytest.mark.parametrize("row", ["a\x00b@x.org,Ann", "a@x.org\x00,Ann", "ann@gmail,A", "a@x.org,A,B,C"])
def test_a_bad_row_is_refused_and_the_next_is_read(store: Store, row: str) -> None:
    report, refused = import_bytes(store, f"email,name\n{row}\nb@x.org,Bo\n".encode())
    assert (report.added, len(refused)) == (1, 1)
    assert refused[0].startswith("people.csv, line 2: ")


_ENDED = (
    "unsubscribed", "Unsubscribed", "cleaned", "blocklisted", "blacklisted", "disabled", "bounced", "Hard bounce",
    "inactive", "complained", "spam complaint", "suppressed", "left", "removed", "archived", "undeliverable",
    "opted-out", "unreachable", "deleted", "false", "0",
)  # fmt: skip


@pytest.mark.parametrize("word", _ENDED)
def test_no_word_for_an_end_makes_an_active_subscriber(store: Store, word: str) -> None:
    import_bytes(store, f"email,status\na@x.org,{word}\n".encode())
    assert statuses(store) == {"a": "ended"}


@pytest.mark.parametrize("word", ["unconfirmed", "pending", "Non-Subscribed", "quux"])
def test_people_without_consent_and_unknown_statuses_are_refused(store: Store, word: str) -> None:
    assert len(import_bytes(store, f"email,status\na@x.org,{word}\n".encode())[1]) == 1
    assert statuses(store) == {}


def test_the_file_ends_a_subscription_here(store: Store) -> None:
    import_bytes(store, b"a@x.org\nb@x.org\n")
    report, _ = import_bytes(store, b"email,status\na@x.org,cleaned\nb@x.org,active\n")
    assert (report.added, report.known, report.suppressed) == (0, 1, 1)
    assert statuses(store) == {"a": "ended", "b": "active"}
    assert store.subscribers.get("a@x.org").status is Status.UNSUBSCRIBED


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("says", [True, False])
def test_separators_and_encodings(store: Store, separator: str, encoding: str, says: bool) -> None:
    lines = [f"sep={separator}"] * says + [f"email{separator}name", f"a@x.org{separator}Käfer", ""]
    report, refused = import_bytes(store, "\r\n".join(lines).encode(encoding))
    assert (report.added, refused, len(report.warnings)) == (1, [], int(encoding == "latin-1"))
    assert store.subscribers.get("a@x.org").name == "Käfer"


def test_names_and_topics_are_put_together(store: Store) -> None:
    import_bytes(store, b'Email,Vorname,Nachname,topics\na@x.org,Ann,Example,"robots; ""x; y"" | pears"\n')
    ann = store.subscribers.get("a@x.org")
    assert (ann.name, [topic.name for topic in ann.profile.topics]) == ("Ann Example", ["robots", '"x; y"', "pears"])


def test_columns_are_named_by_the_operator_and_unknown_ones_reported_once(store: Store) -> None:
    text = b"Kontakt,Person,Hobby\na@x.org,Ann,x\nb@x.org,Bo,y\n"
    report, _ = import_bytes(store, text, email="Kontakt", name="Person")
    assert (report.added, report.warnings) == (2, ["people.csv: ignored columns: Hobby"])
    assert store.subscribers.get("a@x.org").name == "Ann"


@pytest.mark.parametrize("closed", ["", 'z@x.org,"Zoe"\n', '"z@x.org",Zoe\n', 'z@x.org,"\n'])
@pytest.mark.parametrize("rows", [5, 5000])
def test_a_quote_left_open_costs_its_own_row_only(store: Store, rows: int, closed: str) -> None:
    text = "email,name\n" + "".join(f"r{n}@x.org,{'`' * (n == 2)}R {n}\n" for n in range(rows)).replace("`", '"')
    report, refused = import_bytes(store, (text + closed).encode())
    assert refused[0] == "people.csv, line 4: not valid CSV: a quote is left open"
    assert report.refused == 1 + (closed == 'z@x.org,"\n')
    assert report.added == rows - 1 + (closed.count("Zoe"))


def test_a_cell_of_several_lines_is_one_cell(store: Store) -> None:
    report, refused = import_bytes(store, b'note,email\n"see\nold@x.org, too\nend",a@x.org\n"one\ntwo",b@x.org\n')
    assert refused == [] or report.added == 2
    assert {"a", "b"} <= statuses(store).keys()


CASES = Path(__file__).parents[3] / "shared" / "data" / "cases" / "people"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases from the field are not on this machine")
@pytest.mark.parametrize(
    ("name", "active", "ended"),
    [
        ("excel.csv", 1, 0), ("listmonk.csv", 1, 2), ("mailchimp.csv", 2, 0), ("mailchimp_unsubscribed.csv", 0, 1),
        ("p02_semi.csv", 1, 0), ("p03_mailchimp.csv", 1, 0), ("p04_listmonk.csv", 1, 0), ("p14_e-mail.csv", 1, 0),
        ("p19_sep.csv", 1, 0), ("p20_nodot.csv", 0, 0), ("p21_stray_quote_1000.csv", 999, 0), ("substack.csv", 2, 1),
        ("x01_export.csv", 3, 1),
    ],
)  # fmt: skip
def test_the_cases_from_the_field(store: Store, name: str, active: int, ended: int) -> None:
    import_bytes(store, (CASES / name).read_bytes())
    counted = [*statuses(store).values()]
    assert (counted.count("active"), counted.count("ended")) == (active, ended)


@pytest.mark.parametrize("column", ["type", "Subscriber type", "status"])
def test_who_never_confirmed_elsewhere_is_refused_and_not_suppressed(store: Store, column: str) -> None:
    _, refused = import_bytes(store, f"email_address,{column}\na@x.org,unactivated\n".encode())
    assert "this person has not confirmed" in refused[0]
    assert store.subscribers.find("a@x.org") is None
    assert store.suppressions.why_suppressed("a@x.org") is None


def test_the_first_row_of_an_address_counts_for_each_field(tmp_path: Path) -> None:
    with open_new_store(tmp_path / "newsletter.db") as store:
        import_bytes(store, b"email\nada@x.org\n")
        lines = io.StringIO("email,name,hour\nada@x.org,Ada,7\nADA@x.org,Bea,8\n")
        report = import_people(store, lines, "people.csv", NOW, Profile(), options=ImportOptions(update=True))
        ada = store.subscribers.get("ada@x.org")
    assert (ada.name, ada.profile.hour, report.known, report.changed) == ("Ada", 7, 2, 1)


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("status", "0", "imported as inactive"),
        ("status", "no", "imported as inactive"),
        ("status", "blocklisted", "imported as blocklisted"),
        ("status", "gesperrt", "imported as blocklisted"),
        ("status", "Hard bounce", "imported as bounced"),
        ("status", "gelöscht", "imported as deleted"),
        ("clean_time", "2026-05-08", "imported as cleaned"),
        ("disabled_at", "2026-05-08", "imported as disabled"),
        ("active", "0", "imported as inactive"),
        ("marketing_consent", "no", "imported without consent"),
        ("subscribed", "nein", "unsubscribed"),
        ("suppressed", "yes", "imported as suppressed"),
    ],
)
def test_the_reason_of_a_suppression_is_english_whatever_the_tool_says(
    tmp_path: Path, header: str, cell: str, reason: str
) -> None:
    with open_new_store(tmp_path / "newsletter.db") as store:
        import_bytes(store, f"email,{header}\nada@x.org,{cell}\n".encode())
        assert [why for why, _ in suppressions_of(store).values()] == [reason]
