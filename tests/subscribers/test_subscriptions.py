from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter import tokens
from newsletter.errors import ProfileError, StoreError
from newsletter.models import Cadence, Profile, Refusal, Status
from newsletter.store import Store
from newsletter.subscribers import subscriptions
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import (
    change_address,
    change_preferences,
    pause,
    resume,
    subscribe,
    unsubscribe,
)
from newsletter.subscribers.sync import SyncReport, sync
from tests.factories import NOW, make_profile, make_subscriber, make_topic

LATER = NOW + timedelta(days=1)
ADA = "ada@example.org"
BEN = "ben@example.org"


# -- joining, changing, pausing, leaving --------------------------------------------------------------


def test_who_joins_is_active_with_their_wishes(store: Store) -> None:
    store.topics.put(make_topic())
    joined = subscribe(store, ADA, " Ada\nExample ", {"topics": ["in-context learning"]}, NOW)
    assert joined == make_subscriber(profile=make_profile(serendipity=True))
    assert store.subscribers.all() == [joined]


def test_joining_twice_is_an_error_in_any_spelling(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    with pytest.raises(StoreError) as caught:
        subscribe(store, "ADA@Example.org", "", {}, LATER)
    assert str(caught.value) == (f"{ADA} is known already: active since 2026-05-08 (newsletter subscribers edit {ADA})")


def test_who_left_is_told_how_to_come_back(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    with pytest.raises(StoreError, match=f"newsletter subscribers resume {ADA}"):
        subscribe(store, ADA, "", {}, LATER)


def test_who_left_and_was_forgotten_comes_back_only_if_they_ask(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    erase(store, ADA, NOW)
    with pytest.raises(StoreError, match=f"newsletter subscribers add {ADA} --resubscribe"):
        subscribe(store, ADA, "", {}, LATER)
    assert subscribe(store, ADA, "", {}, LATER, resubscribe=True).status is Status.ACTIVE
    assert store.subscribers.why_suppressed(ADA) is None


def test_all_that_is_known_moves_to_another_address(store: Store) -> None:
    ada = subscribe(store, ADA, "Ada", {"topics": ["clouds"]}, NOW)
    moved = change_address(store, ada, "ada@new.example")
    assert (moved.id, moved.email, moved.profile) == (ada.id, "ada@new.example", ada.profile)
    assert store.subscribers.find(ADA) is None
    assert change_address(store, moved, "Ada@New.example").id == ada.id


def test_nobody_moves_to_an_address_of_others_or_one_that_must_not_be_mailed(store: Store) -> None:
    ada, _ = subscribe(store, ADA, "", {}, NOW), subscribe(store, BEN, "", {}, NOW)
    store.subscribers.suppress("gone@example.org", "bounced", NOW)
    for email, complaint in ((BEN, "a subscription of its own"), ("gone@example.org", "must not be mailed: bounced")):
        with pytest.raises(StoreError, match=complaint):
            change_address(store, ada, email)
    with pytest.raises(ProfileError):
        change_address(store, ada, "nowhere")
    assert store.subscribers.get(ADA) == ada


@pytest.mark.parametrize("email", ["ada", "", "ada@example.org\nBcc: x@example.org"])
def test_joining_needs_an_address(store: Store, email: str) -> None:
    with pytest.raises(ProfileError):
        subscribe(store, email, "", {}, NOW)
    assert store.subscribers.all() == []


def test_changing_one_wish_keeps_the_others(store: Store) -> None:
    subscribe(store, ADA, "Ada", {"topics": ["clouds"], "hour": 7}, NOW)
    changed = change_preferences(store, "ADA@example.org", None, {"cadence": "weekly"})
    expected = Profile(topics=(make_topic("clouds", ("clouds",)),), hour=7, cadence=Cadence.WEEKLY)
    assert changed == make_subscriber(name="Ada", profile=expected)


def test_a_wrong_wish_changes_nothing(store: Store) -> None:
    before = subscribe(store, ADA, "Ada", {}, NOW)
    with pytest.raises(ProfileError):
        change_preferences(store, ADA, "Ben", {"hour": 99})
    assert store.subscribers.all() == [before]


def test_changing_a_name_changes_only_that(store: Store) -> None:
    subscribe(store, ADA, "Ada", {}, NOW)
    assert change_preferences(store, ADA, "Countess\r\nAda", {}).name == "Countess Ada"


def test_what_a_file_says_is_changed_in_the_file(store: Store, tmp_path: Path) -> None:
    write(tmp_path, "ada", ADA)
    sync(store, tmp_path, NOW)
    with pytest.raises(StoreError, match=r"is written in subscribers/ada\.toml"):
        change_preferences(store, ADA, None, {"hour": 9})


@pytest.mark.parametrize(
    "act",
    [lambda store: change_preferences(store, ADA, None, {}), lambda store: pause(store, ADA, NOW),
     lambda store: resume(store, ADA, NOW), lambda store: unsubscribe(store, ADA, NOW)],
    ids=["change", "pause", "resume", "leave"],
)  # fmt: skip
def test_an_unknown_address_is_an_error(store: Store, act: Callable[[Store], object]) -> None:
    with pytest.raises(StoreError, match=f"no subscriber has the address '{ADA}'"):
        act(store)


def test_pausing_and_resuming_is_remembered_with_its_day(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    assert pause(store, ADA, LATER) == make_subscriber(
        name="", profile=Profile(), status=Status.PAUSED, status_at=LATER
    )
    assert resume(store, ADA, LATER) == make_subscriber(name="", profile=Profile(), status_at=LATER)


def test_leaving_is_at_once_and_suppresses_the_address(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    assert unsubscribe(store, "ADA@EXAMPLE.ORG", LATER) == make_subscriber(
        name="", profile=Profile(), status=Status.UNSUBSCRIBED, status_at=LATER
    )
    assert store.subscribers.suppressions() == {ADA: "unsubscribed"}


def test_leaving_twice_changes_nothing(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    left = unsubscribe(store, ADA, NOW)
    assert unsubscribe(store, ADA, LATER) == left


def test_the_token_of_a_leave_link_is_enough(store: Store) -> None:
    ada, ben = subscribe(store, ADA, "", {}, NOW), subscribe(store, BEN, "", {}, NOW)
    unsubscribe(store, tokens.sign(store.secret(), tokens.UNSUBSCRIBE, ben.id), LATER)
    assert [(one.email, one.status) for one in store.subscribers.all()] == [
        (ada.email, Status.ACTIVE),
        (ben.email, Status.UNSUBSCRIBED),
    ]


@pytest.mark.parametrize("who", ["1.AAAAAAAAAAAAAAAAAAAA", "1.", "1.\udcff", "", "\udcff@example.org"])
def test_another_token_is_an_error_and_nobody_leaves(store: Store, who: str) -> None:
    subscribe(store, ADA, "", {}, NOW)
    with pytest.raises(StoreError):
        unsubscribe(store, who, NOW)
    assert store.subscribers.suppressions() == {}


def test_the_token_of_nobody_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="nobody has the token"):
        unsubscribe(store, tokens.sign(store.secret(), tokens.UNSUBSCRIBE, 99), NOW)


def test_who_left_comes_back_only_by_their_own_wish(store: Store) -> None:
    subscribe(store, ADA, "", {}, NOW)
    unsubscribe(store, ADA, NOW)
    with pytest.raises(StoreError, match="by their own wish"):
        resume(store, ADA, LATER)
    with pytest.raises(StoreError, match="nothing to pause"):
        pause(store, ADA, LATER)
    assert resume(store, ADA, LATER, resubscribe=True).status is Status.ACTIVE
    assert store.subscribers.suppressions() == {}


def test_the_catalogue_is_by_folded_name(store: Store) -> None:
    store.topics.put(make_topic())
    assert subscriptions.catalogue(store) == {"in-context learning": make_topic()}


# -- files --------------------------------------------------------------------------------------------


def write(folder: Path, slug: str, email: str, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{slug}.toml"
    path.write_text(f'email = "{email}"\n{more}\n', encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with Ada's and Ben's files."""
    write(tmp_path / "subscribers", "ada", ADA, 'name = "Ada Example"\ntopics = ["clouds"]')
    write(tmp_path / "subscribers", "ben", BEN, 'cadence = "weekly"')
    return tmp_path / "subscribers"


def changes(report: SyncReport) -> list[tuple[str, str]]:
    assert report.refusals == ()
    return [(slug, outcome) for slug, _, outcome in report.changes]


def statuses(store: Store) -> dict[str, Status]:
    return {one.email: one.status for one in store.subscribers.all()}


def test_new_files_are_added(store: Store, folder: Path) -> None:
    assert sync(store, folder, NOW) == SyncReport((("ada", ADA, "added"), ("ben", BEN, "added")), ())
    clouds = make_profile(topics=(make_topic("clouds", ("clouds",)),), serendipity=True)
    assert store.subscribers.all() == [
        make_subscriber(id=1, profile=clouds, origin="file:ada"),
        make_subscriber(id=2, email=BEN, name="", profile=Profile(cadence=Cadence.WEEKLY), origin="file:ben"),
    ]


def test_a_second_sync_changes_nothing(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    before = store.subscribers.all()
    assert changes(sync(store, folder, LATER)) == [("ada", "same"), ("ben", "same")]
    assert store.subscribers.all() == before


def test_a_changed_file_changes_its_reader(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", ADA, "hour = 17")
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "same")]
    assert store.subscribers.get(ADA) == make_subscriber(name="", profile=Profile(hour=17), origin="file:ada")


def test_a_file_takes_over_who_joined_by_command(store: Store, folder: Path) -> None:
    subscribe(store, ADA, "Ada", {"hour": 5}, NOW)
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "added")]
    assert store.subscribers.get(ADA).origin == "file:ada"


def test_who_joined_by_command_needs_no_file(store: Store, folder: Path) -> None:
    subscribe(store, "cy@example.org", "", {}, NOW)
    sync(store, folder, LATER)
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE, "cy@example.org": Status.ACTIVE}


def test_a_reader_whose_file_is_gone_is_disabled_once(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").unlink()
    assert changes(sync(store, folder, LATER)) == [("ben", "same"), ("ada", "disabled")]
    assert statuses(store) == {ADA: Status.DISABLED, BEN: Status.ACTIVE}
    assert changes(sync(store, folder, LATER)) == [("ben", "same")]


def test_who_is_forgotten_is_not_brought_back_by_their_file(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    erase(store, ADA, LATER)
    assert changes(sync(store, folder, LATER)) == [("ada", "unsubscribed"), ("ben", "same")]
    assert store.subscribers.find(ADA) is None


def test_whose_wishes_are_in_a_file_does_not_move(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    with pytest.raises(StoreError, match="is written in"):
        change_address(store, store.subscribers.get(ADA), "ada@new.example")


def test_a_reader_whose_file_is_back_is_enabled(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").rename(folder / "ada.off")
    sync(store, folder, NOW)
    (folder / "ada.off").rename(folder / "ada.toml")
    assert changes(sync(store, folder, LATER)) == [("ada", "enabled"), ("ben", "same")]
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_a_renamed_file_keeps_its_reader(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    (folder / "ada.toml").rename(folder / "lovelace.toml")
    assert changes(sync(store, folder, LATER)) == [("ben", "same"), ("lovelace", "changed")]
    assert (store.subscribers.get(ADA).id, store.subscribers.get(ADA).origin) == (1, "file:lovelace")


def test_a_new_address_in_a_file_disables_the_old(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", "ada@new.example")
    assert sync(store, folder, LATER).changes == (
        ("ada", "ada@new.example", "added"),
        ("ben", BEN, "same"),
        ("ada", ADA, "disabled"),
    )
    assert statuses(store) == {
        ADA: Status.DISABLED,
        "ada@new.example": Status.ACTIVE,
        BEN: Status.ACTIVE,
    }


def test_two_files_may_swap_their_addresses(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    write(folder, "ada", BEN)
    write(folder, "ben", ADA)
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "changed")]
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_who_paused_stays_paused(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    pause(store, ADA, NOW)
    write(folder, "ada", ADA, "hour = 17")
    assert changes(sync(store, folder, LATER)) == [("ada", "changed"), ("ben", "same")]
    assert statuses(store) == {ADA: Status.PAUSED, BEN: Status.ACTIVE}


def test_who_left_never_comes_back_through_a_file(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    unsubscribe(store, ADA, NOW)
    left = store.subscribers.get(ADA)
    for step in ("as it is", "changed", "renamed", "gone", "back", "other spelling"):
        if step == "changed":
            write(folder, "ada", ADA, "hour = 17")
        if step == "renamed":
            (folder / "ada.toml").rename(folder / "lovelace.toml")
        if step == "gone":
            (folder / "lovelace.toml").unlink()
        if step == "back":
            write(folder, "ada", ADA)
        if step == "other spelling":
            write(folder, "ada", ADA.upper())
        outcomes = {outcome for _, email, outcome in sync(store, folder, LATER).changes if email != BEN}
        assert (step, outcomes) == (step, set() if step == "gone" else {"unsubscribed"})
        assert store.subscribers.all() == [left, store.subscribers.get(BEN)]


def test_a_bad_file_is_refused_alone_and_its_reader_keeps_their_wishes(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    ada = store.subscribers.get(ADA)
    write(folder, "ada", ADA, "hours = 17")
    write(folder, "cy", "cy@example.org")
    (folder / "dee.toml").write_bytes(b"\xff")
    assert sync(store, folder, LATER) == SyncReport(
        changes=(("ben", BEN, "same"), ("cy", "cy@example.org", "added")),
        refusals=(
            Refusal(str(folder / "ada.toml"), "hours: no such field (did you mean hour?)"),
            Refusal(
                str(folder / "dee.toml"),
                "not valid TOML: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            ),
        ),
    )
    assert store.subscribers.get(ADA) == ada


def test_of_two_files_with_one_address_the_first_counts(store: Store, folder: Path) -> None:
    write(folder, "ada2", ADA.upper(), "hour = 17")
    report = sync(store, folder, NOW)
    assert report.refusals == (Refusal(str(folder / "ada2.toml"), "email: ADA@example.org is in ada.toml already"),)
    assert report.changes == (("ada", ADA, "added"), ("ben", BEN, "added"))


def test_other_files_are_left_alone(store: Store, folder: Path) -> None:
    (folder / "README.md").write_text("# who is who")
    (folder / "ada.toml~").write_text("not a profile")
    assert changes(sync(store, folder, NOW)) == [("ada", "added"), ("ben", "added")]


def test_a_missing_folder_is_an_error_and_disables_nobody(store: Store, folder: Path) -> None:
    sync(store, folder, NOW)
    with pytest.raises(StoreError, match="no such folder"):
        sync(store, folder.parent / "nowhere", LATER)
    assert statuses(store) == {ADA: Status.ACTIVE, BEN: Status.ACTIVE}


def test_a_dry_run_says_what_a_run_does_and_changes_nothing(store: Store, folder: Path) -> None:
    """Through every kind of change at once."""
    write(folder, "cy", "cy@example.org")
    write(folder, "dee", "dee@example.org")
    write(folder, "eve", "eve@example.org")
    write(folder, "fay", "fay@example.org")
    sync(store, folder, NOW)
    unsubscribe(store, "eve@example.org", NOW)
    (folder / "ada.toml").rename(folder / "lovelace.toml")
    write(folder, "ben", BEN, "hour = 17")
    write(folder, "cy", "cy@new.example")
    (folder / "dee.toml").unlink()
    (folder / "fay.toml").write_text("email = 1")
    before = store.subscribers.all()

    foretold = sync(store, folder, LATER, dry_run=True)
    assert store.subscribers.all() == before
    assert sync(store, folder, LATER) == foretold
    assert [(slug, outcome) for slug, _, outcome in foretold.changes] == [
        ("ben", "changed"),
        ("cy", "added"),
        ("eve", "unsubscribed"),
        ("lovelace", "changed"),
        ("cy", "disabled"),
        ("dee", "disabled"),
    ]
