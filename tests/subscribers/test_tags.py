from __future__ import annotations

import csv
import io

import pytest

from newsletter.errors import RequestError
from newsletter.models import Profile, tokens
from newsletter.store import Store
from newsletter.subscribers.double_opt_in import confirm
from newsletter.subscribers.import_export import ImportOptions, ImportReport, exported_rows, import_people
from newsletter.subscribers.import_start import Start
from newsletter.subscribers.tags import add_tags, read_tag, read_tags, remove_tags
from tests.factories import NOW, make_profile


def tags_of(store: Store) -> dict[str, tuple[str, ...]]:
    return {one.email.partition("@")[0]: store.tags.of(one.id) for one in store.subscribers.all()}


def import_text(store: Store, text: str, **options: object) -> ImportReport:
    return import_people(
        store, text.splitlines(keepends=True), "people.csv", NOW, Profile(), options=ImportOptions(**options)  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("", ()),
        ("Lab", ("lab",)),
        ("lab; Robots ,  PhD  students|lab", ("lab", "robots", "phd students")),
        ('"Lab","ML 2026"', ("lab", "ml 2026")),
        ("['lab', 'ml']".replace("'", '"'), ("lab", "ml")),
        ("lab\nml\n", ("lab", "ml")),
    ],
)
def test_the_tags_of_a_cell_are_read_however_they_are_separated(cell: str, tags: tuple[str, ...]) -> None:
    assert read_tags(cell) == tags


@pytest.mark.parametrize("text", ["", " ", "a,b", "ada@example.org", "x" * 101])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="tag"):
        read_tag(text)


def test_nobody_is_tagged_if_somebody_is_unknown_or_would_have_too_many(store: Store) -> None:
    store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    with pytest.raises(RequestError, match=r"nobody@example\.org"):
        add_tags(store, ["ada@example.org", "nobody@example.org"], ["lab"])
    with pytest.raises(RequestError, match="more than 100 tags"):
        add_tags(store, ["ada@example.org"], [f"t{number}" for number in range(101)])
    assert tags_of(store) == {"ada": ()}
    assert add_tags(store, ["ADA@example.org"], ["Lab", "lab"]) == 1
    assert remove_tags(store, ["ada@example.org"], ["LAB"]) == 1


def test_tags_are_imported_and_exported(store: Store) -> None:
    import_text(store, 'Email Address,First Name,TAGS\nann@x.org,Ann,"""lab"",""ml"""\nbo@x.org,Bo,\nno@x.org,No,a@b\n')
    assert tags_of(store) == {"ann": ("lab", "ml"), "bo": (), "no": ()}

    file = io.StringIO()
    csv.writer(file).writerows(exported_rows(store))
    with store.transaction():
        for one in store.subscribers.all():
            store.subscribers.erase(one)
    import_text(store, file.getvalue())

    assert tags_of(store) == {"ann": ("lab", "ml"), "bo": (), "no": ()}


def test_what_is_no_tag_is_left_out_of_a_foreign_table_and_refused_in_ours(store: Store) -> None:
    report = import_text(store, "email,tags\nann@x.org,a@b\nbo@x.org,c@d\n")
    assert (report.added, report.warnings) == (
        2,
        ["people.csv, line 2: some cells hold no tags as they are here, and were left out"],
    )
    assert import_text(store, "email,tags,status_at\nno@x.org,a@b,2026-05-08T08:00:00+00:00\n").refused == 1


def test_existing_subscribers_get_the_tags_of_rows_with_update_and_those_of_the_import_always(store: Store) -> None:
    import_text(store, "email,tags\nann@x.org,lab\n")
    again = "email,tags\nann@x.org,new\nbo@x.org,new\n"
    import_text(store, again, dry_run=True, tags=("all",))
    import_text(store, again, tags=("all",))
    assert tags_of(store) == {"ann": ("all", "lab"), "bo": ("all", "new")}
    import_text(store, again, update=True)
    assert tags_of(store) == {"ann": ("all", "lab", "new"), "bo": ("all", "new")}


def test_who_confirms_an_import_gets_the_tags(store: Store) -> None:
    import_text(store, "email,tags\nann@x.org,lab\n", start=Start(confirm=True), tags=("2026",))
    (request,) = store.confirmations.waiting(9)
    assert (request.tags, tags_of(store)) == (("lab", "2026"), {})

    confirm(store, tokens.sign_until(store.secret(), tokens.CONFIRM, request.id, NOW.date()), NOW)

    assert tags_of(store) == {"ann": ("2026", "lab")}
