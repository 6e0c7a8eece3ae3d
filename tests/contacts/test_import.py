"""What files do to contacts: whom a row is about, what it writes, and what is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from contacts import services
from contacts.models import Contact, ContactFile, ContactImport, ContactRevision, Preference
from contacts.transfer import import_jobs, resource
from contacts.transfer.importing import MOST_WAITING, import_start
from contacts.transfer.row_outcomes import Became
from integrations.contact_change import Channel
from sites import jobs
from sites.audit import Actor
from sites.jobs import job_cancel, run_job_slice
from sites.models import AuditEntry, Job, JobState, Site, User
from tests.contacts.changes import apply, source
from tests.contacts.transfers import (
    STAFF,
    checked,
    failed_rows,
    imported,
    preview,
    upload,
    worked,
)
from tests.factories import ContactFieldFactory, SiteFactory

pytestmark = pytest.mark.django_db

JANE = {"email": "jane@example.com"}


def people() -> list[tuple[Any, ...]]:
    return list(Contact.objects.order_by("email").values_list("email", "first_name", "external_id"))


def test_rows_make_change_and_leave_people_alone(site: Site) -> None:
    apply(site, JANE, fields={"first_name": "Jane"})
    apply(site, {"email": "same@example.com"}, fields={"first_name": "Same"})
    text = (
        "E-MAIL;First Name;accepts_email;_points\n"
        "Jane@example.com;Janet;yes;\n"
        "new@example.com;New;No;12\n"
        "same@example.com;Same;;\n"
        ";Nobody;;\n"
        "bad;X;maybe;many\n"
    )
    rows = preview(site, text)
    told = [(row.row.line, row.became.value, row.who) for row in rows]
    assert told == [
        (2, "changed", "Jane@example.com"),
        (3, "created", "new@example.com"),
        (4, "unchanged", "same@example.com"),
        (5, "failed", ""),
        (6, "failed", "bad"),
    ]
    assert rows[0].changes == {
        "first_name": ["Jane", "Janet"],
        "preference.email": [None, True],
    }
    assert "names nobody" in rows[3].problems[0]
    assert rows[4].problems == (
        "E-mail: Not a valid e-mail address.",
        "Accepts e-mail: Write yes or no.",
        "Points: Expected a whole number.",
    )
    assert Contact.objects.count() == 2

    job = imported(site, text)
    counts = {"created": 1, "changed": 1, "unchanged": 1, "failed": 2}
    assert (job.state, job.done, job.total, job.counts) == (JobState.DONE, 5, 5, counts)
    assert [row[:2] for row in people()] == [
        ("jane@example.com", "Janet"), ("new@example.com", "New"), ("same@example.com", "Same"),
    ]  # fmt: skip
    new = Contact.objects.get(email="new@example.com")
    assert new.attributes == {"_points": 12}
    assert new.preferences.get().accepts is False


def test_what_failed_can_be_corrected_and_uploaded_again(site: Site) -> None:
    text = 'email;first_name;note\nok@example.com;A;\nbad;"=B;""q""";kept\n;C;;too;many\n'
    order = checked(site, text)
    assert order.check_job is not None
    worked(import_start(order=order, actor=STAFF))
    rows = failed_rows(order)
    assert [(row["email"], row["import_line"]) for row in rows] == [("bad", "3"), ("", "4")]
    assert rows[0]["first_name"] == '\'=B;"q"'
    assert rows[0]["note"] == "kept"
    assert "valid e-mail" in rows[0]["import_problem"]
    corrected = (
        'import_line;import_problem;email;first_name;note\n3;Was wrong.;b@example.com;"\'=B";\n'
    )
    again = checked(site, corrected)
    assert worked(import_start(order=again, actor=STAFF)).counts == {"created": 1}
    assert Contact.objects.get(email="b@example.com").first_name == "=B"


def test_an_import_says_who_did_it(site: Site, superuser: User) -> None:
    actor = Actor(user=superuser, label="x")
    order = checked(site, "email,first_name\njane@example.com,Jane\n", actor=actor)
    worked(import_start(order=order, actor=actor))
    revision = ContactRevision.objects.get()
    assert revision.source_label == "Import of people.csv"
    assert revision.actor_label == superuser.get_username()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"contact_import.uploaded", "contact_import.started"} <= actions


def test_the_column_that_names_decides_and_conflicts_are_told_by_row(site: Site) -> None:
    apply(site, {"email": "a@example.com", "external_id": "A"})
    apply(site, {"email": "b@example.com", "external_id": "B"})
    text = "email,external_id,first_name\nnew@example.com,A,Nobody\nb@example.com,B,Bea\n"
    rows = preview(site, text)
    assert [row.became for row in rows] == [Became.FAILED, Became.CHANGED]
    assert "Another contact has this external id" in rows[0].problems[0]
    order = checked(site, text)
    assert worked(import_start(order=order, actor=STAFF)).counts == {"changed": 1, "failed": 1}
    assert "Another contact has" in failed_rows(order)[0]["import_problem"]
    assert people() == [("a@example.com", "", "A"), ("b@example.com", "Bea", "B")]

    assert imported(site, text, named_by="external_id").counts == {"changed": 1, "unchanged": 1}
    assert people() == [("b@example.com", "Bea", "B"), ("new@example.com", "Nobody", "A")]


def test_a_row_without_the_naming_cell_goes_by_the_next_best(site: Site) -> None:
    apply(site, {"external_id": "A"})
    apply(site, {"phone": "+46701740605"})
    text = "email,external_id,phone,first_name\n,A,,Ann\n,,070-174 06 05,Bo\n"
    assert imported(site, text).counts == {"changed": 2}
    assert Contact.objects.count() == 2


def test_people_who_are_no_contacts_are_skipped_when_asked_for(site: Site) -> None:
    apply(site, JANE)
    text = "email,first_name\njane@example.com,Jane\nnew@example.com,New\n"
    rows = preview(site, text, adds_contacts=False)
    assert [row.became for row in rows] == [Became.CHANGED, Became.SKIPPED]
    assert imported(site, text, adds_contacts=False).counts == {"changed": 1, "skipped": 1}
    assert Contact.objects.count() == 1


def test_empty_cells_leave_values_unless_asked_to_clear_them(site: Site) -> None:
    apply(
        site, {**JANE, "external_id": "A"}, fields={"city": "Lund"}, attributes={"_points": 3},
        preferences={Channel.SMS: True},
    )  # fmt: skip
    text = "email,external_id,city,_points,accepts_sms,email_status\njane@example.com, ,, ,,\n"
    assert imported(site, text).counts == {"unchanged": 1}
    assert imported(site, text, clears_empty=True).counts == {"changed": 1}
    jane = Contact.objects.get()
    assert (jane.external_id, jane.city, jane.attributes) == (None, "", {})
    assert (jane.preferences.get().accepts, jane.email_status) == (True, "active")


def test_fields_of_the_site_are_typed_by_their_definitions(site: Site) -> None:
    options = [{"id": "gold", "label": "Gold"}, {"id": "silver", "label": "Silver"}]
    for kind in ("boolean", "decimal", "date", "email"):
        ContactFieldFactory.create(site=site, field_id=kind, name=f"A {kind}", type=kind)
    ContactFieldFactory.create(site=site, field_id="level", type="radio", options=options)
    ContactFieldFactory.create(site=site, field_id="clubs", type="checkbox", options=options)
    ContactFieldFactory.create(
        site=site, field_id="office", name="Office", type="phone", default_country_code="46"
    )
    text = (
        "email,boolean,decimal,A date,level,clubs,office,A  EMAIL\n"
        "jane@example.com,TRUE,1.50,2024-03-15,gold, silver | gold ,070-1740605,X@Example.com\n"
        "john@example.com,perhaps,\"1,5\",15/03/2024,Gold,bronze,12,nobody\n"
    )  # fmt: skip
    rows = preview(site, text)
    assert [row.became for row in rows] == [Became.CREATED, Became.FAILED]
    assert len(rows[1].problems) == 7
    assert imported(site, text).counts == {"created": 1, "failed": 1}
    assert Contact.objects.get().attributes == {
        "boolean": True, "decimal": "1.5", "date": "2024-03-15", "level": "gold",
        "clubs": ["silver", "gold"], "office": "+46701740605", "email": "x@example.com",
    }  # fmt: skip


def test_columns_of_contacts_are_checked_before_the_door_would_cut_them(site: Site) -> None:
    long = "x" * 201
    row = preview(
        site,
        "email,first_name,country_code,birth_date,language,email_status,phone\n"
        f"j@example.com,{long},Sweden,2090-01-01,Swedish,fine,12\n",
    )[0]
    assert {problem.split(":")[0] for problem in row.problems} == {
        "First name", "Country code", "Birth date", "Language", "E-mail status", "Phone",
    }  # fmt: skip


def test_names_of_the_contact_api_are_understood(site: Site) -> None:
    text = "_email,_name,_surname,_newsletterSubscriptionStatus,_smsSubscriptionStatus\n"
    imported(site, text + "jane@example.com,Jane,Doe,subscribed,none\n")
    jane = Contact.objects.get()
    assert (jane.first_name, jane.last_name) == ("Jane", "Doe")
    assert [(row.channel, row.accepts) for row in jane.preferences.all()] == [("email", True)]


def test_a_file_is_applied_once_however_often_it_comes(site: Site) -> None:
    text = "email,first_name\n" + "".join(f"p{n}@example.com,P{n}\n" for n in range(5))
    assert imported(site, text).counts == {"created": 5}
    revisions = ContactRevision.objects.count()
    assert imported(site, text).counts == {"unchanged": 5}
    assert ContactRevision.objects.count() == revisions


def test_a_job_that_is_killed_goes_on_where_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "APPLIED_AT_ONCE", 2)
    rows = ['a@example.com,"A\nA"', "bad,X", "", "b@example.com,Ä", "worse,Y", "c@example.com,C"]
    order = checked(site, "email,first_name\n" + "\n".join(rows) + "\n")
    job = import_start(order=order, actor=STAFF)
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)
    applied: list[int] = []
    through = services.contacts_apply_batch

    def dies_once(items: Any) -> Any:
        result = through(items)
        applied.append(len(items))
        if len(applied) == 2:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(resource, "contacts_apply_batch", dies_once)
    run_job_slice(job.pk)
    with pytest.raises(KeyboardInterrupt):
        run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.done, Contact.objects.count()) == (2, 1)
    Job.objects.filter(pk=job.pk).update(lease_expires_at=None)
    job = worked(job)
    assert (job.state, job.done, job.counts) == (JobState.DONE, 5, {"created": 3, "failed": 2})
    assert Contact.objects.count() == ContactRevision.objects.count() == 3
    assert [row["import_line"] for row in failed_rows(order)] == ["4", "7"]
    assert applied == [1, 1, 1, 1]


def test_a_stopped_import_can_be_started_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_jobs, "APPLIED_AT_ONCE", 1)
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)
    order = checked(site, "email\na@example.com\nbad\nb@example.com\n")
    job = import_start(order=order, actor=STAFF)
    run_job_slice(job.pk)
    run_job_slice(job.pk)
    assert job_cancel(job=job, actor=STAFF)
    assert worked(job).state == JobState.CANCELLED
    assert Contact.objects.count() == 1
    again = worked(import_start(order=order, actor=STAFF))
    assert again.counts == {"created": 1, "unchanged": 1, "failed": 1}
    assert ContactFile.objects.filter(kind="failed_rows").count() == 1
    with pytest.raises(ValidationError, match="started already"):
        import_start(order=order, actor=STAFF)


def test_an_import_starts_only_after_its_check(site: Site) -> None:
    order = upload(site, "email\na@example.com\n")
    with pytest.raises(ValidationError, match="not checked"):
        import_start(order=order, actor=STAFF)
    broken = checked(site, 'email\na@example.com\n"b@example.com\n')
    assert broken.check_job is not None
    assert broken.check_job.state == JobState.FAILED
    assert "line 3 is never closed" in broken.check_job.error
    with pytest.raises(ValidationError, match="not checked"):
        import_start(order=broken, actor=STAFF)


def test_the_check_counts_and_keeps_the_first_problems(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "CHECKED_AT_ONCE", 2)
    monkeypatch.setattr(import_jobs, "MOST_PROBLEMS", 2)
    order = checked(site, "email\na@example.com\nbad\nworse\nb@example.com\nworst\n")
    order.refresh_from_db()
    assert order.check_job is not None
    assert order.check_job.counts == {"created": 2, "failed": 3}
    assert [line for line, _ in order.first_problems] == [3, 4]
    assert not Contact.objects.exists()


def test_a_newer_event_wins_over_a_row_that_comes_late(site: Site) -> None:
    order = checked(site, "email,first_name\njane@example.com,File\n")
    job = import_start(order=order, actor=STAFF)
    now = source(received_at=timezone.now())
    apply(site, JANE, None, by=now, fields={"first_name": "Event"})
    assert worked(job).counts == {"unchanged": 1}
    assert Contact.objects.get().first_name == "Event"


def test_an_old_file_undoes_nothing_that_was_said_since(site: Site) -> None:
    now = source(received_at=timezone.now())
    said = {Channel.EMAIL: False, Channel.SMS: True}
    apply(site, JANE, None, by=now, preferences=said)
    rows = "email,accepts_email,accepts_sms,accepts_postal\njane@example.com,yes,no,yes\n"
    imported(site, rows, as_of=timezone.localdate() - timedelta(days=7))
    kept = dict(Preference.objects.values_list("channel", "accepts"))
    assert kept == {"email": False, "sms": True, "postal": True}
    imported(site, rows)
    assert Preference.objects.get(channel="email").accepts


def test_a_file_is_not_from_a_day_to_come(site: Site) -> None:
    with pytest.raises(ValidationError, match="still to come"):
        upload(site, "email\njane@example.com\n", as_of=timezone.localdate() + timedelta(days=2))


def test_a_race_for_a_new_person_is_settled_row_by_row(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    through = services.contacts_apply_batch
    refused: list[int] = []

    def loses_while_many(items: Any) -> Any:
        if len(items) > 1 or not refused:
            refused.append(len(items))
            raise IntegrityError("claimed meanwhile")
        return through(items)

    monkeypatch.setattr(resource, "contacts_apply_batch", loses_while_many)
    text = "email\n" + "".join(f"p{number}@example.com\n" for number in range(5))
    assert imported(site, text).counts == {"created": 5}
    assert refused[0] == 5


def test_a_site_has_so_many_imports_at_once(site: Site) -> None:
    for _ in range(MOST_WAITING):
        upload(site, "email\na@example.com\n")
    with pytest.raises(ValidationError, match="Wait"):
        upload(site, "email\na@example.com\n")
    upload(SiteFactory.create(), "email\na@example.com\n")


def test_rows_reach_their_own_site_only(site: Site) -> None:
    other = SiteFactory.create()
    apply(other, JANE, fields={"first_name": "Other"})
    assert imported(site, "email,first_name\njane@example.com,Jane\n").counts == {"created": 1}
    assert Contact.objects.get(site=other).first_name == "Other"


def test_a_field_that_is_deleted_after_the_upload_is_left_out(site: Site) -> None:
    field = ContactFieldFactory.create(site=site, field_id="level", name="Level")
    order = checked(site, "email,level\njane@example.com,gold\n")
    field.delete()
    assert worked(import_start(order=order, actor=STAFF)).counts == {"created": 1}
    assert Contact.objects.get().attributes == {}


def test_every_cell_of_a_row_counts_in_the_columns_of_the_page(site: Site) -> None:
    order = upload(site, "email,note,first_name\nj@example.com,x,Jane\n")
    assert ContactImport.objects.get(pk=order.pk).columns == ["email", "", "first_name"]
    assert str(order) == "Import of people.csv"
