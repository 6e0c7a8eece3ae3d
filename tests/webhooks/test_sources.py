from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from integrations.request import InboundRequest
from sites.audit import Actor
from sites.deleting import Deletion
from sites.jobs import run_job_slice
from sites.models import AuditEntry, ConfigurationVersion, Job, JobState, Site
from tests.factories import SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent, Source, Status
from webhooks.inbound.sources.deletion import source_delete
from webhooks.inbound.sources.services import (
    source_create,
    source_reveal,
    source_set_active,
    source_update,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
FIRST = "whsec_" + "A" * 43 + "="
SECOND = "whsec_" + "B" * 43 + "="


@pytest.fixture
def engage(site: Site) -> Source:
    source = Source(site=site, preset_key="voyado_engage", name="Engage", settings={"tenant": "a"})
    source_create(source=source, actor=SYSTEM, secrets={"signing_secrets": FIRST})
    return Source.objects.get()


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    return entry


def test_new_source_is_validated_by_its_preset(site: Site) -> None:
    source = Source(site=site, preset_key="voyado_engage", name="Engage", settings={"colour": "x"})
    with pytest.raises(ValidationError) as caught:
        source_create(source=source, actor=SYSTEM, secrets={"signing_secrets": "short"})
    assert set(caught.value.message_dict) == {"colour", "signing_secrets"}
    assert not Source.objects.exists()


def test_ongage_source_works_at_once_with_a_token_made_for_it(site: Site) -> None:
    source = Source(site=site, preset_key="ongage", name="Ongage")
    generated = source_create(source=source, actor=SYSTEM)
    stored = Source.objects.get()
    (token,) = stored.secrets["tokens"]
    assert generated == {"tokens": token}
    assert len(token) >= 32
    verifier = stored.preset.verifier(stored.config)
    request = InboundRequest(body=b"[]", query={"token": token}, received_at=stored.created_at)
    verifier.verify(request, stored.created_at)


def test_preset_that_does_not_exist_is_refused(site: Site) -> None:
    with pytest.raises(ValidationError, match="preset_key"):
        source_create(source=Source(site=site, preset_key="none", name="x"), actor=SYSTEM)


def test_blank_secret_is_kept_and_a_given_one_only_shows_as_changed(engage: Source) -> None:
    engage.settings = {"tenant": "b"}
    source_update(source=engage, actor=SYSTEM, secrets={"signing_secrets": "  "})
    assert last_entry().changes == {"settings.tenant": ["a", "b"]}
    assert Source.objects.get().secrets == {"signing_secrets": [FIRST]}

    source_update(source=engage, actor=SYSTEM, secrets={"signing_secrets": SECOND})
    assert last_entry().changes == {"secrets.signing_secrets": ["", "changed"]}
    assert Source.objects.get().secrets == {"signing_secrets": [SECOND]}


def test_untouched_form_changes_nothing(engage: Source) -> None:
    before = (AuditEntry.objects.count(), Source.objects.get().updated_at)
    source_update(source=Source.objects.get(), actor=SYSTEM)
    assert (AuditEntry.objects.count(), Source.objects.get().updated_at) == before


def test_required_secret_cannot_be_cleared(engage: Source) -> None:
    with pytest.raises(ValidationError, match="signing_secrets"):
        source_update(source=engage, actor=SYSTEM, clear_secrets=["signing_secrets"])


def test_source_keeps_its_site_and_preset(engage: Source) -> None:
    engage.preset_key = "ongage"
    with pytest.raises(ValidationError, match="keeps its site and preset"):
        source_update(source=engage, actor=SYSTEM)


def test_rotation_keeps_both_secrets_until_the_old_one_is_left_out(engage: Source) -> None:
    source_update(source=engage, actor=SYSTEM, secrets={"signing_secrets": [SECOND, FIRST]})
    assert Source.objects.get().secrets["signing_secrets"] == [SECOND, FIRST]
    source_update(source=engage, actor=SYSTEM, secrets={"signing_secrets": [SECOND]})
    assert Source.objects.get().secrets["signing_secrets"] == [SECOND]


def test_secret_of_a_mode_that_was_left_does_not_linger(site: Site) -> None:
    source = Source(site=site, preset_key="ongage", name="Ongage")
    source_create(source=source, actor=SYSTEM)
    source.settings = {"verification": "basic", "basic_username": "ongage"}
    generated = source_update(source=source, actor=SYSTEM)
    assert set(Source.objects.get().secrets) == set(generated) == {"basic_password"}
    changes = last_entry().changes
    assert changes["secrets.tokens"] == changes["secrets.basic_password"] == ["", "changed"]


def test_reveal_is_audited_without_the_secret(engage: Source) -> None:
    assert source_reveal(source=engage, actor=SYSTEM) == {"signing_secrets": [FIRST]}
    entry = last_entry()
    assert entry.action == "source.revealed"
    assert FIRST not in str(list(AuditEntry.objects.values()))


def test_switching_off_always_works_and_reaches_other_processes() -> None:
    source = SourceFactory.create(preset_key="removed_preset")
    version = ConfigurationVersion.objects.get().value
    source_set_active(source=source, active=False, actor=SYSTEM)
    assert not Source.objects.get().is_active
    assert ConfigurationVersion.objects.get().value > version
    assert last_entry().action == "source.deactivated"


def test_small_source_is_deleted_at_once(engage: Source) -> None:
    event = received_event(engage, Status.PROCESSED)
    EventOutcome.objects.create(
        received_event=event, position=0, event_type="x", outcome=Outcome.APPLIED
    )
    assert source_delete(source=engage, actor=SYSTEM) is None
    assert not Source.objects.exists()
    assert not ReceivedEvent.objects.exists()
    assert last_entry().changes["public_id"] == [engage.public_id, None]


def test_large_source_is_switched_off_and_deleted_by_a_job(
    engage: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deletion, "slice_size", 2)
    for _ in range(5):
        received_event(engage, Status.PROCESSED)
    job = source_delete(source=engage, actor=SYSTEM)
    assert job is not None
    assert source_delete(source=engage, actor=SYSTEM) == job
    assert not Source.objects.get().is_active
    run_job_slice(job.pk)
    job = Job.objects.get()
    assert (job.state, job.done) == (JobState.DONE, 5)
    assert not Source.objects.exists()
