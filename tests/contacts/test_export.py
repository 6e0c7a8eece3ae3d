from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, ContactField, ContactFile, ContactFilePart
from contacts.retention import remove_contact_files
from contacts.transfer import exporting
from contacts.transfer.cells import cell_text, cell_value, escaped, unescaped
from contacts.transfer.exporting import MOST_WAITING, export_plan, export_start
from integrations.contact_change import Channel, EmailStatus
from integrations.field_types import FieldDefinition, FieldOption, FieldType
from sites.models import AuditEntry, Job, JobState, Site
from tests.contacts.changes import apply
from tests.contacts.transfers import STAFF, checked, exported, imported, rows_of, worked
from tests.factories import ContactFieldFactory, SiteFactory

pytestmark = pytest.mark.django_db

FULL: dict[str, Any] = {
    "first_name": "Åsa, “the first”",
    "last_name": '=HYPERLINK("http://x")',
    "care_of": "-c/o",
    "street": "@Main; 1",
    "postal_code": "'=1",
    "city": "+Ö",
    "country_code": "SE",
    "birth_date": "1990-02-03",
    "gender": "f",
    "language": "sv-SE",
}


def fields_of_every_type(site: Site) -> None:
    options = [{"id": "a|b", "label": "A"}, {"id": "[c", "label": "C"}, {"id": "d", "label": "D"}]
    for kind in FieldType:
        ContactFieldFactory.create(
            site=site,
            field_id=f"f-{kind}",
            name=f"My {kind}",
            type=kind,
            options=options if kind.has_options else [],
            default_country_code="46" if kind is FieldType.PHONE else "",
        )
    # Its id is a column of every contact.
    ContactFieldFactory.create(site=site, field_id="city", name="Home town", type="text")


def attributes() -> dict[str, Any]:
    return {
        "f-text": '\tleading tab,\r\n=second line “q” "q"',
        "f-email": "Other@Example.com",
        "f-phone": "+46701234567",
        "f-integer": -5,
        "f-decimal": "-10.25",
        "f-boolean": False,
        "f-date": "2024-03-15T10:30:00Z",
        "f-radio": "a|b",
        "f-checkbox": ["a|b", "[c", "d"],
        "city": "Malmö",
        "_points": 12,
        "_mobilePhoneStatus": "paused",
        "not-a-field": "stays here",
    }


def some_people(site: Site) -> None:
    fields_of_every_type(site)
    apply(
        site,
        {"email": "jane@example.com", "external_id": "=1+1", "phone": "+46701740605"},
        fields=FULL,
        attributes=attributes(),
        preferences={Channel.EMAIL: True, Channel.SMS: False},
        email_status=EmailStatus.BOUNCED,
        cause="hard_bounce",
    )
    apply(site, {"external_id": "only-id"}, attributes={"f-checkbox": [], "f-integer": "no number"})
    apply(site, {"phone": "+46701740606"}, preferences={Channel.POSTAL: True})


def everything(site: Site) -> list[Any]:
    people = Contact.objects.filter(site=site).order_by("pk").values(
        "pk", "email", "external_id", "phone", "attributes", "email_status", "email_status_cause",
        *FULL,
    )  # fmt: skip
    return [*people, *Contact.objects.filter(site=site).order_by("pk", "preferences__channel")
            .values_list("pk", "preferences__channel", "preferences__accepts")]  # fmt: skip


def test_what_is_exported_comes_back_unchanged(site: Site) -> None:
    some_people(site)
    before = everything(site)
    text = exported(site)
    job = imported(site, text)
    assert (job.state, job.counts) == (JobState.DONE, {"unchanged": 3})
    assert everything(site) == before
    assert imported(site, text, clears_empty=True).counts == {"unchanged": 3}


def test_what_is_exported_makes_the_same_people_on_an_empty_site(site: Site) -> None:
    some_people(site)
    other = SiteFactory.create()
    fields_of_every_type(other)
    text = exported(site)
    assert imported(other, text).counts == {"created": 3}
    copied = rows_of(exported(other))
    for row, copy in zip(rows_of(text), copied, strict=True):
        for name in ("contact_id", "created_at", "updated_at"):
            assert row.pop(name) != copy.pop(name) or name != "contact_id"
        assert row == copy


def test_no_cell_is_a_formula(site: Site) -> None:
    some_people(site)
    rows = rows_of(exported(site))
    cells = [cell for row in rows for cell in row.values()]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    jane = rows[0]
    assert jane["last_name"] == "'" + FULL["last_name"]
    assert jane["phone"] == "'+46701740605"
    assert jane["f-integer"] == "'-5"
    assert jane["postal_code"] == "''=1"
    assert (jane["city"], jane["field:city"]) == ("'+Ö", "Malmö")
    assert (jane["accepts_email"], jane["accepts_sms"], jane["accepts_postal"]) == ("yes", "no", "")


@given(st.text())
def test_escaping_is_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in tuple("=+-@\t\r\n")


@given(st.lists(st.sampled_from(["a", "a|b", "[", '["a"]', " "]), unique=True))
def test_options_are_read_as_they_are_written(chosen: list[str]) -> None:
    options = tuple(FieldOption(id=each, label=each) for each in ["a", "a|b", "[", '["a"]', " "])
    definition = FieldDefinition(id="o", name="O", type=FieldType.CHECKBOX, options=options)
    assert cell_value(definition, cell_text(chosen)) == chosen


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_any_text_makes_the_round_trip(site: Site, text: str) -> None:
    ContactField.objects.get_or_create(site=site, field_id="note", name="Note", type="text")
    apply(site, {"email": "any@example.com"}, None, attributes={"note": text})
    assert imported(site, exported(site)).counts == {"unchanged": 1}


def test_a_search_narrows_and_erased_people_and_unnamed_visitors_are_left_out(site: Site) -> None:
    some_people(site)
    apply(site, {"anonymous": "device"}, fields={"first_name": "Visitor"})
    apply(site, {"email": "gone@example.com", "contact": "1"})
    Contact.objects.filter(email="gone@example.com").update(deleted_at=timezone.now(), email=None)
    assert len(rows_of(exported(site))) == 3
    assert [row["email"] for row in rows_of(exported(site, "jane@example.com"))] == [
        "jane@example.com"
    ]
    plan = export_plan(site=site, search="jane@example.com")
    assert (plan.total, plan.is_more) == (1, False)
    with pytest.raises(ValidationError, match="nobody"):
        export_start(site=site, search="nobody@example.com", actor=STAFF)


def test_what_people_search_by_is_not_written_down(site: Site) -> None:
    some_people(site)
    exported(site, "jane@example.com")
    told = [str(job.parameters) + job.title for job in Job.objects.all()]
    told += [str(entry.changes) + entry.object_label for entry in AuditEntry.objects.all()]
    assert "jane" not in "".join(told)


def test_a_large_export_is_written_slice_by_slice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "SLICE", 2)
    people = [f"p{number}@example.com" for number in range(5)]
    for email in people:
        apply(site, {"email": email})
    file = export_start(site=site, actor=STAFF)
    apply(site, {"email": "later@example.com"})
    job = worked(file.job)
    assert ContactFilePart.objects.filter(file=file).count() == 3
    assert (job.done, job.total, job.counts) == (5, 5, {"exported": 5})
    text = exported(site)
    assert [row["email"] for row in rows_of(text)] == [*people, "later@example.com"]


def test_statements_do_not_grow_with_the_slice(site: Site) -> None:
    def statements() -> int:
        file = export_start(site=site, actor=STAFF)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            worked(file.job)
        return len(queries)

    apply(site, {"email": "one@example.com"})
    few = statements()
    for number in range(20):
        apply(site, {"email": f"p{number}@example.com"}, preferences={Channel.EMAIL: True})
    assert statements() == few


def test_a_site_has_so_many_exports_at_once(site: Site) -> None:
    apply(site, {"email": "one@example.com"})
    for _ in range(MOST_WAITING):
        export_start(site=site, actor=STAFF)
    with pytest.raises(ValidationError, match="Wait"):
        export_start(site=site, actor=STAFF)


def test_files_are_encrypted_and_go_after_some_days(site: Site) -> None:
    apply(site, {"email": "one@example.com"})
    exported(site)
    checked(site, "email\nsecret@example.com\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM contacts_contactfilepart")
        stored = [row[0] for row in cursor.fetchall()]
    assert len(stored) == 2
    assert all(text.startswith("enc:v1:") and "example" not in text for text in stored)
    assert list(remove_contact_files(timezone.now() - timedelta(days=1))) == []
    assert sum(remove_contact_files(timezone.now() + timedelta(seconds=1))) == 2
    assert not ContactFile.objects.exists()
    assert not ContactFilePart.objects.exists()


def test_an_export_whose_file_is_gone_says_so(site: Site) -> None:
    apply(site, {"email": "one@example.com"})
    file = export_start(site=site, actor=STAFF)
    job = file.job
    file.delete()
    assert "Start it again" in worked(job).error
