"""What stood before histories were kept is the beginning of one."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from contacts.models import Consent, ConsentChange, Contact
from sites.models import Site

pytestmark = pytest.mark.django_db


def test_answers_that_stand_get_a_history(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    migration = import_module("contacts.migrations.0005_consent_answers")
    monkeypatch.setattr(migration, "_SLICE", 2)
    now = timezone.now()
    for number in range(5):
        contact = Contact.objects.create(
            site=site, email=f"p{number}@example.com", created_at=now, updated_at=now
        )
        Consent.objects.create(
            contact=contact, consent_id="terms", value=number % 2 == 0, changed_at=now,
            comment="At the till", source_key="src_1", source_label="Till",
        )  # fmt: skip
    migration.begin_histories(apps, None)
    # A history that began is not begun again.
    migration.begin_histories(apps, None)
    assert ConsentChange.objects.count() == 5
    for change in ConsentChange.objects.select_related("consent"):
        consent = change.consent
        assert (change.contact_id, change.value) == (consent.contact_id, consent.value)
        assert (change.changed_at, change.comment, change.source_label) == (
            now,
            "At the till",
            "Till",
        )
