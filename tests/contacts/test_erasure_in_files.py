"""A person who is erased goes out of the files of imports and exports, and nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.consents.proof_export import consent_proof_start
from contacts.models import (
    Contact,
    ContactFile,
    ContactFilePart,
    ContactImport,
    SubjectErasure,
)
from contacts.services import contact_apply
from contacts.subject_rights.erasing import erase_pending, erasure_step, subject_erase
from contacts.subject_rights.personal_data import Sought
from contacts.subject_rights.search_texts import search_texts, whole_names
from contacts.transfer import import_jobs, row_removal
from contacts.transfer.exporting import export_start
from contacts.transfer.files import PART_LENGTH, ROWS_ERASED, whole_text
from contacts.transfer.importing import import_preview, import_start
from contacts.transfer.person_rows import People
from integrations.contact_change import ConsentFact, ContactChange, Deletion, Identity
from sites.audit import Actor
from sites.jobs import run_job_slice
from sites.models import Job, JobState, Role, Site
from tests.conftest import MakeMember
from tests.contacts.changes import apply, source
from tests.contacts.transfers import STAFF, checked, rows_of, upload, worked
from tests.contacts.whole_database import tables_with
from tests.factories import ConsentDefinitionFactory, SiteFactory

pytestmark = pytest.mark.django_db

EMAIL, PHONE, EXTERNAL_ID = "zelda.quux@example.com", "+46701239876", "Z-17"
ZELDA: dict[str, Any] = {"email": EMAIL, "phone": PHONE, "external_id": EXTERNAL_ID}
CANARIES = (EMAIL, "701239876", "Zeldaquux", "Canary Street")
OTHERS = "ann@example.com,Ann,Elm Street\njoann@example.com,Joann,Elm Street\n"
UPLOADED = f"email,first_name,street\n{OTHERS}{EMAIL},Zeldaquux,Canary Street\n"


@pytest.fixture
def zelda(site: Site) -> Contact:
    apply(site, ZELDA, fields={"first_name": "Zeldaquux", "street": "Canary Street"})
    return Contact.objects.get()


def erase(contact: Contact, *, is_finished: bool = True) -> SubjectErasure:
    erasure = subject_erase(contact=contact, reason="Asked by letter", actor=STAFF)
    Job.objects.filter(kind="subject_erasure").delete()
    if is_finished:
        assert erase_pending() == 1
    erasure.refresh_from_db()
    return erasure


def text_of(file: ContactFile | None) -> str:
    assert file is not None
    return "".join(whole_text(file))


def emails() -> set[str | None]:
    return set(Contact.objects.filter(deleted_at=None).values_list("email", flat=True))


def nowhere() -> bool:
    return tables_with(*CANARIES) == {canary: [] for canary in CANARIES}


def test_an_import_that_waits_does_not_bring_an_erased_person_back(
    site: Site, zelda: Contact
) -> None:
    order = checked(site, UPLOADED)
    before = text_of(order.file)
    erasure = erase(zelda)
    assert erasure.found["files"] == 1
    assert nowhere()
    after = text_of(order.file)
    assert len(after) == len(before)
    assert after.splitlines()[:3] == before.splitlines()[:3]
    job = worked(import_start(order=order, actor=STAFF))
    assert (job.state, job.counts) == (JobState.DONE, {"created": 2})
    assert emails() == {"ann@example.com", "joann@example.com"}
    assert nowhere()


def test_the_pages_of_files_say_how_many_rows_went(
    client: Client, member: MakeMember, site: Site, zelda: Contact
) -> None:
    operator = member(Role.OPERATOR)
    export = export_start(site=site, actor=Actor(user=operator, label="operator"))
    worked(export.job)
    order = checked(site, UPLOADED + f"{EMAIL},Zeldaquux,Again\n")
    erase(zelda)
    assert [row.row.line for row in import_preview(order)] == [2, 3]
    client.force_login(operator)
    page = client.get(reverse("admin:contacts_contactimport_change", args=[order.pk]))
    assert "2 rows: the person was erased meanwhile" in page.content.decode()
    page = client.get(reverse("admin:contacts_contact_export"))
    assert "1 row removed: the person was erased" in page.content.decode()


def test_an_import_that_runs_leaves_out_whose_erasure_is_not_through_yet(
    site: Site, zelda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "APPLIED_AT_ONCE", 1)
    order = checked(site, UPLOADED)
    job = import_start(order=order, actor=STAFF)
    erasure = erase(zelda, is_finished=False)
    assert erasure.state == SubjectErasure.State.PENDING
    worked(job)
    assert emails() == {"ann@example.com", "joann@example.com"}
    assert ContactImport.objects.get(pk=order.pk).failed_rows is None
    assert erase_pending() == 1
    assert nowhere()


def test_a_slice_is_done_again_without_whom_it_met_being_erased(
    site: Site, zelda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = checked(site, UPLOADED)
    job = import_start(order=order, actor=STAFF)
    # As the first look sees it, and then the second: committed by another process in between.
    answers = [{}, {zelda.pk: _sought(zelda)}]
    asked: list[int] = []

    def being_erased(site_id: int) -> dict[Any, Sought]:
        asked.append(site_id)
        return answers[min(len(asked), 2) - 1]

    monkeypatch.setattr(import_jobs, "_being_erased", being_erased)
    assert worked(job).counts == {"created": 2}
    assert len(asked) == 4
    assert emails() == {EMAIL, "ann@example.com", "joann@example.com"}


def _sought(contact: Contact) -> Sought:
    identity = Identity(email=EMAIL, phone=PHONE, external_id=EXTERNAL_ID)
    return Sought(
        site_id=contact.site_id,
        contact_id=contact.pk,
        texts=search_texts(identity),
        names=whole_names(identity),
    )


def test_a_running_import_goes_on_at_its_place_when_rows_before_it_become_blank(
    site: Site, zelda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "APPLIED_AT_ONCE", 2)
    monkeypatch.setattr("sites.jobs.TURN_SECONDS", 0)
    rows = f'{EMAIL},"Zeldaquux\nQuux",Canary Street\r\n{OTHERS}last@example.com,Last,Elm Street\n'
    order = checked(site, "email,first_name,street\n" + rows)
    job = import_start(order=order, actor=STAFF)
    run_job_slice(job.pk)
    assert Job.objects.get(pk=job.pk).done == 2
    erase(Contact.objects.get(email=EMAIL))
    assert worked(job).state == JobState.DONE
    assert emails() == {"ann@example.com", "joann@example.com", "last@example.com"}
    assert nowhere()


def test_refused_rows_exports_and_proofs_lose_their_rows(site: Site, zelda: Contact) -> None:
    definition = ConsentDefinitionFactory.create(site=site, consent_id="terms")
    yes = (ConsentFact(consent_id="terms", value=True),)
    apply(site, ZELDA, 1, consents=yes)
    apply(site, {"email": "ann@example.com"}, consents=yes)
    export = export_start(site=site, actor=STAFF)
    proof = consent_proof_start(definition=definition, actor=STAFF)
    for file in (export, proof):
        assert worked(file.job).state == JobState.DONE
    order = checked(
        site, f"email;birth_date;street\n{EMAIL};never;Canary Street\nann@example.com;never;Elm\n"
    )
    worked(import_start(order=order, actor=STAFF))
    refused = ContactImport.objects.get(pk=order.pk).failed_rows
    assert refused is not None
    for file in (export, proof, refused):
        assert EMAIL in text_of(file)
    erasure = erase(zelda)
    assert erasure.found["files"] == 4
    assert nowhere()
    assert [row["email"] for row in rows_of(text_of(export))] == ["ann@example.com"]
    assert [row["email"] for row in rows_of(text_of(proof))] == ["ann@example.com"]
    assert [row["email"] for row in rows_of(text_of(refused), ";")] == ["ann@example.com"]
    assert export.job is not None
    export.job.refresh_from_db()
    assert export.job.counts == {"exported": 2, ROWS_ERASED: 1}


def test_an_export_that_is_being_written_forgets_what_it_wrote(
    site: Site, zelda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.transfer.exporting.SLICE", 1)
    monkeypatch.setattr("sites.jobs.TURN_SECONDS", 0)
    apply(site, {"email": "ann@example.com"})
    export = export_start(site=site, actor=STAFF)
    assert export.job is not None
    run_job_slice(export.job.pk)
    assert EMAIL in text_of(export)
    erase(zelda)
    job = worked(export.job)
    assert job.counts == {"exported": 2, ROWS_ERASED: 1}
    assert [row["email"] for row in rows_of(text_of(export))] == ["ann@example.com"]


def test_earlier_names_and_the_contact_id_find_rows_too(site: Site) -> None:
    apply(site, {"contact": "1", "email": "zelda.before@example.com"}, 1)
    export = export_start(site=site, actor=STAFF)
    worked(export.job)
    order = checked(site, "email,first_name\nzelda.before@example.com,Zeldaquux\n")
    apply(site, {"contact": "1", "email": EMAIL}, 2)
    erasure = erase(Contact.objects.get())
    assert erasure.found["files"] == 2
    assert "Zeldaquux" not in text_of(order.file)
    assert tables_with("zelda.before@example.com") == {"zelda.before@example.com": []}


def test_an_address_that_is_somebody_elses_by_now_is_not_looked_for(site: Site) -> None:
    apply(site, {"contact": "1", "email": "family@example.com"}, 1)
    apply(site, {"contact": "1", "email": EMAIL}, 2)
    apply(site, {"contact": "2", "email": "family@example.com"}, 3)
    order = checked(site, f"email\nfamily@example.com\n{EMAIL}\n")
    erase(Contact.objects.get(email=EMAIL))
    assert text_of(order.file).split() == ["email", "family@example.com"]


def test_an_erasure_by_a_source_reaches_files_too(site: Site) -> None:
    apply(site, {"contact": "1", "email": EMAIL})
    order = checked(site, UPLOADED)
    change = ContactChange(identity=Identity(email=EMAIL), deletion=Deletion(reason="left"))
    contact_apply(site=site, change=change, source=source(received_at=timezone.now()))
    assert erase_pending() == 1
    assert EMAIL not in text_of(order.file)


@pytest.mark.parametrize(
    ("cells", "is_hers"),
    [
        ([EMAIL.upper(), "", ""], True),
        (["joann@example.com", "", ""], False),
        ([f"x{EMAIL}", "", ""], False),
        ([f"{EMAIL}.au", "", ""], False),
        (["", "070-123 98 76", ""], True),
        (["", "0046 (0)70 123 98 76", ""], True),
        (["", "+47 701239876", ""], False),
        (["", "", "z-17"], True),
        (["", "", "Z-171"], False),
        ([f"Her address is <{EMAIL}>.", "", ""], True),
        (["", "", "https://shop.example/?email=zelda.quux%40example.com"], True),
        (["", "17", "Z"], False),
    ],
)
def test_a_row_is_about_whom_it_names(site: Site, cells: list[str], is_hers: bool) -> None:
    zelda = Contact(site=site)
    rows = People([_sought(zelda)]).in_file(["email", "phone", "external_id"], site.pk)
    assert rows.includes(cells) is is_hers


def test_nobody_is_found_without_a_name() -> None:
    nobody = People([])
    assert not any(nobody.stand_in(text) for text in ("", EMAIL, PHONE, "070-123 98 76"))


def test_a_large_file_is_looked_through_some_at_a_time(
    site: Site, zelda: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_removal, "_CHARACTERS_AT_ONCE", PART_LENGTH)
    row = "person{}@example.com,Somebody,Elm Street\n"
    others = [row.format(number) for number in range(10_000)]
    # On both sides of where a part ends, and across it.
    places = [0, 3_000, 3_050, 9_999]
    hers = f'{EMAIL},"Zelda\nquux","{"Canary Street " * 40}"\n'
    text = "email,first_name,street\n" + "".join(
        other + (hers if number in places else "") for number, other in enumerate(others)
    )
    assert len(text) > 3 * PART_LENGTH
    order = upload(site, text)
    erasure = erase(zelda, is_finished=False)
    steps = 0
    while not erasure_step(erasure):
        steps += "|" in (erasure.cursors.get("files") or "")
    assert steps >= 3
    assert erasure.found["files"] == len(places)
    assert nowhere()
    kept = [line for line in text_of(order.file).split("\n") if line.replace(",", "").strip()]
    assert kept == ["email,first_name,street", *"".join(others).splitlines()]


def test_a_file_that_is_no_csv_loses_what_follows(site: Site, zelda: Contact) -> None:
    broken = 'ann@example.com,"Ann" x,Elm Street\n'
    hit = checked(site, f"email,first_name,street\n{OTHERS}{broken}{EMAIL},Zeldaquux,Canary Street")
    missed = checked(site, f"email,first_name,street\n{OTHERS}{broken}")
    erase(zelda)
    assert nowhere()
    assert text_of(hit.file).split("\n")[:3] == text_of(missed.file).split("\n")[:3]
    assert not text_of(hit.file).split("\n")[3].replace(",", "").strip()
    assert 'Ann" x' in text_of(missed.file)


def test_a_name_in_the_header_or_of_the_file_goes(site: Site, zelda: Contact) -> None:
    order = checked(
        site, f"email,{EMAIL}\nann@example.com,x\n", name=f"{EMAIL}.csv", adds_contacts=False
    )
    erase(zelda)
    order.refresh_from_db()
    assert (order.header, order.file_name) == (["email", ""], "file of an erased person.csv")
    assert order.check_job is not None
    assert EMAIL not in order.check_job.title
    assert [row.row.cells for row in import_preview(order)] == [["ann@example.com", "x"]]


def test_other_sites_keep_their_files(site: Site, zelda: Contact) -> None:
    order = upload(SiteFactory.create(), UPLOADED)
    erase(zelda)
    assert text_of(order.file) == UPLOADED
    assert ContactFilePart.objects.count() == 1
