"""Two people who edit the same thing: the later save is refused, says why, and keeps what is typed.

Every form of `edited_kinds` is opened by both, as a browser without scripts does it.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from automation.models import Workflow
from automation.workflows.services import workflow_start
from contacts.consents.definitions import consent_definition_save
from contacts.models import ConsentDefinition, Promotion
from sites.audit import Actor
from sites.models import AuditEntry, Role, Site, User
from sites.opened_state import OpenedState
from tests.admin.edited_kinds import KINDS, Kind, OpenPage
from tests.factories import MembershipFactory, SiteFactory
from tests.webhooks.outbound.subscribing import saved as subscription
from webhooks.inbound.models import Source
from webhooks.inbound.sources.services import source_set_active

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def logged_in(site: Site, username: str) -> Client:
    user: User = MembershipFactory.create(site=site, role=Role.ADMIN, user__username=username).user
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def anna(site: Site) -> Client:
    return logged_in(site, "anna")


@pytest.fixture
def bert(site: Site) -> Client:
    return logged_in(site, "bert")


def opened(client: Client, kind: Kind, row: Model) -> OpenPage:
    return OpenPage(client, kind, kind.url(row))


@every_kind
def test_the_later_save_is_refused_and_says_who_was_first(
    kind: Kind, site: Site, anna: Client, bert: Client
) -> None:
    row = kind.make(site)
    hers, his = opened(anna, kind, row), opened(bert, kind, row)
    typed, first, _ = kind.typed
    assert his.save(first), his.errors
    as_he_left_it = kind.stored(row)
    for _ in range(2):
        # Once more with the plain button is no more than the first time.
        assert not hers.save(typed)
        assert kind.stored(row) == as_he_left_it
        assert "bert changed this at" in hers.html
        assert "after you opened it" in hers.html
        assert hers.typed == [typed]
        assert 'target="_blank" rel="noopener">Open the current state' in hers.html
    assert f'href="{kind.url(row)}' in hers.html
    # Enter in a field presses the first button of the form.
    assert hers.html.index('value="save"') < hers.html.index('name="save_anyway"')


@every_kind
def test_saving_anyway_is_a_second_step_and_asks_again_after_a_third_change(
    kind: Kind, site: Site, anna: Client, bert: Client
) -> None:
    row = kind.make(site)
    hers, his = opened(anna, kind, row), opened(bert, kind, row)
    typed, first, again = kind.typed
    before = kind.stored(row)
    assert his.save(first), his.errors
    assert not hers.save(typed)
    assert opened(bert, kind, row).save(again)
    assert not hers.save(typed, button="save_anyway")
    assert hers.typed == [typed]
    assert hers.save(typed, button="save_anyway")
    assert typed in kind.stored(row)
    assert kind.stored(row) != before
    saves = AuditEntry.objects.filter(actor_label="anna").exclude(action__startswith="login.")
    assert saves.count() == 1


@every_kind
def test_nobody_is_asked_when_nothing_changed(kind: Kind, site: Site, anna: Client) -> None:
    row = kind.make(site)
    for typed in kind.typed[:2]:
        assert opened(anna, kind, row).save(typed)
        assert typed in kind.stored(row)


@pytest.mark.django_db(transaction=True)
@every_kind
def test_of_two_who_save_at_the_same_moment_one_is_refused(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    site: Site = SiteFactory.create()
    row = kind.make(site)
    pages = [opened(logged_in(site, name), kind, row) for name in ("anna", "bert")]
    # Both requests have read the row before either of them saves.
    both_read = threading.Barrier(2)
    read_before = OpenedState.__init__

    def read_together(state: OpenedState, data: Any, *args: Any, **more: Any) -> None:
        read_before(state, data, *args, **more)
        if data and not getattr(threading.current_thread(), "has_read", False):
            threading.current_thread().has_read = True  # type: ignore[attr-defined]
            both_read.wait(timeout=120)

    monkeypatch.setattr(OpenedState, "__init__", read_together)
    saved: dict[str, bool] = {}

    def save(page: OpenPage, typed: str) -> None:
        try:
            saved[typed] = page.save(typed)
        finally:
            connection.close()

    calls = zip(pages, kind.typed[:2], strict=True)
    threads = [threading.Thread(target=save, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    (winner,) = [typed for typed, is_saved in saved.items() if is_saved]
    assert len(saved) == 2
    assert winner in kind.stored(row)


# -- what is a change ------------------------------------------------------------------------------


def test_buttons_that_save_nothing_keep_the_state_that_was_opened(
    site: Site, anna: Client, bert: Client
) -> None:
    for name, action in (("promotion", "add"), ("segment", "preview"), ("send_event", "add")):
        kind = KINDS[name]
        row = kind.make(site)
        hers, his = opened(anna, kind, row), opened(bert, kind, row)
        assert his.save(kind.typed[1])
        assert not hers.save(kind.typed[0], action=action)
        assert "bert changed this" not in hers.html
        assert not hers.save(kind.typed[0])
        assert "bert changed this" in hers.html


def test_saving_anyway_does_what_the_refused_button_says(
    site: Site, anna: Client, bert: Client
) -> None:
    kind = KINDS["promotion"]
    row = kind.make(site)
    hers, his = opened(anna, kind, row), opened(bert, kind, row)
    assert his.save("By Bert")
    assert not hers.save("By Anna", action="publish")
    assert Promotion.objects.get().is_draft
    assert hers.save("By Anna", button="save_anyway")
    assert not Promotion.objects.get().is_draft


def test_sections_of_a_subscription_are_edited_side_by_side(
    site: Site, anna: Client, bert: Client
) -> None:
    row = subscription(site)
    policy, endpoint = KINDS["subscription_policy"], KINDS["subscription_endpoint"]
    hers, his = opened(anna, endpoint, row), opened(bert, policy, row)
    assert his.save("12")
    assert hers.save("By Anna")
    row.refresh_from_db()
    assert (row.name, row.timeout_seconds) == ("By Anna", 12)


def test_starting_a_workflow_is_no_change_of_it(site: Site, anna: Client) -> None:
    kind = KINDS["workflow"]
    row = kind.make(site)
    hers = opened(anna, kind, row)
    workflow_start(workflow=Workflow.objects.get(), actor=Actor.system("bert"))
    assert hers.save("By Anna")


def test_new_texts_of_a_consent_are_a_change(site: Site, anna: Client) -> None:
    kind = KINDS["consent"]
    row = kind.make(site)
    hers = opened(anna, kind, row)
    texts = {"en-GB": {"condition": "", "display": "I agree to more", "link": ""}}
    actor = Actor.system("configuration file")
    consent_definition_save(definition=ConsentDefinition.objects.get(), texts=texts, actor=actor)
    assert not hers.save("By Anna")
    assert "configuration file changed this at" in hers.html
    assert "What changed: text version, texts." in hers.html


def test_a_source_that_was_switched_off_meanwhile_stays_off(site: Site, anna: Client) -> None:
    kind = KINDS["source"]
    row = kind.make(site)
    hers = opened(anna, kind, row)
    source_set_active(source=Source.objects.get(), active=False, actor=Actor.system("API: Shop"))
    assert not hers.save("By Anna")
    assert "API: Shop changed this at" in hers.html
    assert not Source.objects.get().is_active


def test_a_change_without_a_trace_is_somebodys(site: Site, anna: Client) -> None:
    kind = KINDS["source"]
    row = kind.make(site)
    hers = opened(anna, kind, row)
    row.save()
    assert not hers.save("By Anna")
    assert "Somebody changed this after you opened it." in hers.html


def test_a_page_of_an_earlier_release_saves_as_it_did(
    site: Site, anna: Client, bert: Client
) -> None:
    kind = KINDS["points"]
    row = kind.make(site)
    hers = opened(anna, kind, row)
    assert opened(bert, kind, row).save("By Bert")
    del hers.form.values["opened_with"]
    assert hers.save("By Anna")
