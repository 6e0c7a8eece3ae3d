"""Whatever comes in whatever order: an opt-out never loses to an older yes, and nobody forgets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.applied_change import Changes
from contacts.models import Consent, ConsentChange, Contact, Preference
from contacts.services import ChangeItem, contacts_apply_batch
from contacts.signals import ContactChanged, ContactChanges, contacts_changed
from integrations.contact_change import Channel, ConsentFact, ContactChange
from sites.models import Site
from tests.contacts.changes import at, change, source
from tests.webhooks.publishing import stored, subscribe
from webhooks.models import Subscription
from webhooks.outbound.event_types.contact_events import CONSENT, preference_type

pytestmark = pytest.mark.django_db

relaxed = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CONSENTS = ("terms", "news")
EVENT_TYPES = {f"consent.{name}": f"{CONSENT}:{name}" for name in CONSENTS} | {
    f"preference.{channel.value}": preference_type(channel)
    for channel in (Channel.EMAIL, Channel.SMS)
}

# One person under two names. Until an event says both, they are two contacts.
NAMES: list[dict[str, Any]] = [{"email": "jane@example.com"}, {"phone": "+46701234567"}]
BOTH: dict[str, Any] = NAMES[0] | NAMES[1]
MINUTES = st.integers(0, 5)
ANSWERS = st.tuples(st.sampled_from(["terms", "news", "email", "sms"]), st.booleans())

# (who, minute, what was answered, whether a consent says its own time, the sender)
said = st.tuples(
    st.sampled_from([*NAMES, BOTH]),
    MINUTES,
    st.lists(ANSWERS, max_size=2, unique_by=lambda answer: answer[0]),
    st.booleans(),
    st.sampled_from(["src_engage", "src_till", "console"]),
)
histories = st.lists(said, min_size=1, max_size=8)


def item(site: Site, each: Any) -> ChangeItem:
    who, minute, answers, has_own_time, sender = each
    own = at(minute) if has_own_time else None
    consents = tuple(
        ConsentFact(consent_id=name, value=value, at=own)
        for name, value in answers
        if name in CONSENTS
    )
    preferences = {Channel(name): value for name, value in answers if name in ("email", "sms")}
    what = change(who, minute, consents=consents, preferences=preferences)
    return ChangeItem(site=site, change=what, source=source(sender))


def expected(history: list[Any]) -> dict[str, bool]:
    """Return what has to stand: of each the newest answer, at one time the no."""
    known: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for _, minute, answers, _, _ in history:
        for name, value in answers:
            known[name].append((minute, value))
    return {
        name: min(value for minute, value in answers if minute == max(answers)[0])
        for name, answers in known.items()
    }


def standing() -> dict[str, bool]:
    contact = Contact.objects.get()
    return {
        **dict(contact.consents.values_list("consent_id", "value")),
        **dict(contact.preferences.values_list("channel", "accepts")),
    }


@contextmanager
def heard() -> Iterator[list[ContactChanged]]:
    """Collect what the layers above are told."""
    told: list[ContactChanged] = []

    def receiver(changes: ContactChanges, **_: Any) -> None:
        told.extend(changes)

    contacts_changed.connect(receiver)
    try:
        yield told
    finally:
        contacts_changed.disconnect(receiver)


@relaxed
@given(
    history=histories,
    data=st.data(),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
def test_any_interleaving_keeps_the_rules(
    site: Site, history: list[Any], data: st.DataObject, sizes: list[int]
) -> None:
    if not Subscription.objects.exists():
        subscribe(site, "contact.*")
    # Everything comes, some of it twice, in any order and cut into any batches.
    repeats = data.draw(st.lists(st.sampled_from(history), max_size=4))
    delivered = data.draw(st.permutations([*history, *repeats]))
    items = [item(site, each) for each in [*delivered, (BOTH, 0, [], False, "src_engage")]]
    ever_set: set[tuple[str, str]] = set()
    with transaction.atomic(), heard() as told:
        while items:
            size = sizes[len(items) % len(sizes)]
            contacts_apply_batch(items[:size])
            items = items[size:]
            ever_set = never_unset(ever_set)
        assert standing() == expected(history)
        proven()
        told_once(site, told)
        transaction.set_rollback(True)


def never_unset(before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return what was ever answered; it is known of somebody from then on."""
    now = {("consent", name) for name in Consent.objects.values_list("consent_id", flat=True)}
    now |= {("preference", name) for name in Preference.objects.values_list("channel", flat=True)}
    assert before <= now
    return now


def proven() -> None:
    """The histories lead to what stands, and belong to the one contact that is left."""
    contact = Contact.objects.get()
    assert not ConsentChange.objects.exclude(contact=contact).exists()
    for consent in contact.consents.all():
        answers = list(consent.changes.order_by("changed_at", "pk"))
        assert answers
        newest = max(answer.changed_at for answer in answers)
        assert {answer.value for answer in answers if answer.changed_at == newest} >= {
            consent.value
        }
        assert consent.changed_at == newest
    assert ConsentChange.objects.count() == sum(
        consent.changes.count() for consent in contact.consents.all()
    )


def told_once(site: Site, changes: list[ContactChanged]) -> None:
    """Changes form a chain from what was known to what stands; each is one event, no more."""
    known: dict[tuple[Any, str], Any] = {}
    events: list[tuple[str, str, Any]] = []
    for each in changes:
        for absorbed in each.absorbed_ids:
            known = {key: value for key, value in known.items() if key[0] != absorbed}
        for name, (before, after) in answers_in(each.changes).items():
            assert before != after
            assert after is not None
            assert known.get((each.contact_id, name)) == before
            known[each.contact_id, name] = after
            if each.existed_before:
                events.append((str(each.contact_id), EVENT_TYPES[name], after))
    kept = Contact.objects.get().pk
    assert {name: value for (contact, name), value in known.items() if contact == kept} == {
        f"{'consent' if name in CONSENTS else 'preference'}.{name}": value
        for name, value in standing().items()
    }
    assert Counter(events) == Counter(published(site))


def published(site: Site) -> Iterator[tuple[str, str, Any]]:
    for event_type, payload in stored(site):
        if event_type == CONSENT:
            yield payload["contactId"], f"{CONSENT}:{payload['consentId']}", payload["value"]
        elif event_type in EVENT_TYPES.values():
            key = event_type.removeprefix("contact.").removesuffix(".changed")
            yield payload["contactId"], event_type, payload[key]


def answers_in(changes: Changes) -> dict[str, list[Any]]:
    return {
        name: pair for name, pair in changes.items() if name.startswith(("consent.", "preference."))
    }


@pytest.mark.parametrize("late", [True, False])
def test_a_late_yes_never_undoes_a_no_even_by_way_of_a_merge(site: Site, late: bool) -> None:
    yes = ChangeItem(
        site=site,
        change=change(NAMES[1], 1, consents=(ConsentFact(consent_id="terms", value=True),)),
        source=source(),
    )
    no = ChangeItem(
        site=site,
        change=change(NAMES[0], 2, consents=(ConsentFact(consent_id="terms", value=False),)),
        source=source("src_till"),
    )
    both = ChangeItem(
        site=site, change=ContactChange(identity=change(BOTH).identity), source=source()
    )
    contacts_apply_batch([no, yes, both] if late else [yes, no, both])
    assert standing() == {"terms": False}
