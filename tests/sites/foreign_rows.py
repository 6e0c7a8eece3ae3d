"""One row of every model that the console shows, on a given site and with a mark to find it by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils import timezone

from automation.models import Segment, StepState, Workflow, WorkflowRun
from common.identifiers import random_token
from contacts.models import (
    ConsentDefinition,
    Contact,
    ContactField,
    ContactFile,
    ContactImport,
    PointDefinition,
    Promotion,
    RewardVoucher,
    SubjectErasure,
)
from integrations.causes import RejectionCause
from integrations.models import ApiCall, CustomIntegration, Outcome
from onsite.models import State, Submission
from sites.audit import Actor, audit_record
from sites.models import (
    ApiKey,
    AuditEntry,
    Job,
    JobState,
    Membership,
    PublishableKey,
    Role,
    Site,
)
from tests.automation.admin import workflow_rows
from tests.automation.segments.made import computed, contact, field, segment
from tests.factories import (
    ApiKeyFactory,
    ConsentDefinitionFactory,
    ContactFieldFactory,
    MembershipFactory,
    PublishableKeyFactory,
    SourceFactory,
    UserFactory,
)
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission
from tests.webhooks.delivery_log import attempt, delivery, event
from tests.webhooks.outbound.incidents import fails
from tests.webhooks.outbound.send_events import send_event
from tests.webhooks.outbound.subscribing import saved
from tests.webhooks.publishing import subscribe
from tests.webhooks.received import received_event, rejected_request
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import (
    ReceivedEvent,
    ReceptionEvent,
    RejectedRequest,
    Source,
    Status,
)
from webhooks.outbound.models import Delivery, Event, Incident, SendEvent, Subscription


def _source(site: Site, mark: str) -> Source:
    return SourceFactory.create(
        site=site, name=f"{mark} {random_token('', 6)}", settings={"email_pointer": f"/{mark}"}
    )


def _contact(site: Site, mark: str) -> Contact:
    now = timezone.now()
    return Contact.objects.create(
        site=site, email=f"{mark}@example.com", first_name=mark, created_at=now, updated_at=now
    )


def _erasure(site: Site, mark: str) -> SubjectErasure:
    return SubjectErasure.objects.create(
        site=site, contact=_contact(site, f"{mark}{random_token('', 6)}"), reason=mark,
        asked_label=mark, asked_at=timezone.now(),
    )  # fmt: skip


def _contact_field(site: Site, mark: str) -> ContactField:
    options = [{"id": mark, "label": mark}]
    return ContactFieldFactory.create(site=site, name=mark, type="radio", options=options)


def _consent(site: Site, mark: str) -> ConsentDefinition:
    texts = {"en-GB": {"condition": mark, "display": mark, "link": ""}}
    return ConsentDefinitionFactory.create(site=site, name=mark, text__texts=texts)


def _points(site: Site, mark: str) -> PointDefinition:
    number = PointDefinition.objects.filter(site=site).count() + 1
    return PointDefinition.objects.create(site=site, number=number, name=mark)


def _promotion(site: Site, mark: str) -> Promotion:
    channel = {"type": "POS", "valueType": "MANUAL", "value": mark, "localValues": [],
               "instruction": mark}  # fmt: skip
    return Promotion.objects.create(site=site, name=mark, redemption_channels=[channel])


def _voucher(site: Site, mark: str) -> RewardVoucher:
    now = timezone.now()
    return RewardVoucher.objects.create(
        site=site, contact=_contact(site, f"{mark}{random_token('', 6).lower()}"), amount=50,
        currency="SEK", unique_code=f"{mark}-{random_token('', 6)}", valid_from=now,
        created_at=now, description=mark,
    )  # fmt: skip


def _contact_import(site: Site, mark: str) -> ContactImport:
    owner = UserFactory.create()
    file = ContactFile.objects.create(site=site, owner=owner, kind="upload", name=f"{mark}.csv")
    file.parts.create(number=0, content=f"email\n{mark}@example.com\n")
    check = Job.objects.create(site=site, kind="check", title=mark, state=JobState.DONE,
                               done=1, counts={"created": 1})  # fmt: skip
    return ContactImport.objects.create(
        site=site, created_by=owner, file=file, file_name=file.name, size=1, delimiter=",",
        rows_begin_at=6, rows_begin_on_line=1, header=["email"], columns=["email"],
        named_by="email", check_job=check, failed_rows=ContactFile.objects.create(
            site=site, owner=owner, kind="failed_rows", name=mark),
    )  # fmt: skip


def _event(site: Site, mark: str) -> ReceivedEvent:
    return received_event(
        _source(site, mark), Status.FAILED, event_type=mark, event_id=mark, reason=mark
    )


def _rejected(site: Site, mark: str) -> RejectedRequest:
    body = f'{{"{mark}": 1}}'.encode()
    return rejected_request(_source(site, mark), RejectionCause.BAD_BODY, body, detail=mark)


def _api_call(site: Site, mark: str) -> ApiCall:
    return api_call(
        site, Outcome.BLOCKED, reason=mark, url=f"https://{mark}.example.com/contacts",
        response_body=f'{{"{mark}": 1}}',
    )  # fmt: skip


def _submission(site: Site, mark: str) -> Submission:
    return submission(site, State.BLOCKED, reason=mark, visitor={"email": f"{mark}@example.com"})


def _job(site: Site, mark: str) -> Job:
    return Job.objects.create(site=site, kind="replay", title=mark, state=JobState.RUNNING)


def _audit(site: Site, mark: str) -> AuditEntry:
    return audit_record(actor=Actor.system(mark), action="x.y", site=site, target=site)


def _membership(site: Site, mark: str) -> Membership:
    user = UserFactory.create(username=f"{mark}-user")
    return MembershipFactory.create(site=site, user=user, role=Role.ADMIN)


def _api_key(site: Site, mark: str) -> ApiKey:
    name = f"{mark} {random_token('', 6)}"
    return ApiKeyFactory.create(site=site, name=name, allowed_networks=["192.0.2.7"])


def _publishable_key(site: Site, mark: str) -> PublishableKey:
    name = f"{mark} {random_token('', 6)}"
    origin = f"https://{mark}.example.com"
    return PublishableKeyFactory.create(site=site, name=name, allowed_origins=[origin])


def _integration(site: Site, mark: str) -> CustomIntegration:
    return custom_integration(site, name=f"{mark} {random_token('', 6)}", description=mark)


def _reception_event(site: Site, mark: str) -> ReceptionEvent:
    alias = f"{mark}-{random_token('', 6).lower()}"
    return reception_event(_integration(site, mark), name=mark, alias=alias)


def _outbound_event(site: Site, mark: str) -> Event:
    return event(site, mark, payload={mark: 1}, message_id=f"{mark}-{random_token('', 6)}")


def _delivery(site: Site, mark: str) -> Delivery:
    subscription = subscribe(site, name=f"{mark} {random_token('', 6)}")
    sent = delivery(subscription, of=_outbound_event(site, mark), reason=mark)
    attempt(sent, url=f"https://{mark}.example.com/", response_body=mark, sentence=mark)
    return sent


def _subscription(site: Site, mark: str) -> Subscription:
    return saved(
        site, name=f"{mark} {random_token('', 6)}", url=f"https://{mark}.example.com:8443/",
        event_types=[f"{mark}.*"], headers={f"X-{mark}": mark},
    )  # fmt: skip


def _incident(site: Site, mark: str) -> Incident:
    incident = fails(_subscription(site, mark))
    incident.last_sentence = incident.acknowledged_by = mark
    incident.acknowledged_at = timezone.now()
    incident.save()
    return incident


def _send_event(site: Site, mark: str) -> SendEvent:
    field = {"id": mark, "name": mark, "type": "text"}
    name = f"{mark} {random_token('', 6)}"
    return send_event(site, field, name=name, integration=_integration(site, mark))


def _workflow(site: Site, mark: str) -> Workflow:
    name = f"{mark} {random_token('', 6)}"
    return workflow_rows.workflow(site, name, event_conditions=[
        {"pointer": f"/event/after/{mark}", "operator": "eq", "value": mark}
    ])  # fmt: skip


def _workflow_run(site: Site, mark: str) -> WorkflowRun:
    person = _contact(site, f"{mark}{random_token('', 6).lower()}")
    run = workflow_rows.run(
        _workflow(site, mark), person, reason=mark, variables={"event": {mark: mark}}
    )
    workflow_rows.step(run, 0, StepState.DONE, detail=mark)
    return run


def _segment(site: Site, mark: str) -> Segment:
    """Has a member, who entered once it had been computed without."""
    name = f"{mark} {random_token('', 6)}"
    made = segment(site, field("city", "eq", mark), name=name, description=mark)
    computed(made)
    contact(site, external_id=name, city=mark)
    computed(made)
    return made


def _site(site: Site, mark: str) -> Site:
    return site


MAKERS: dict[type[Model], Callable[[Site, str], Any]] = {
    ApiCall: _api_call,
    ApiKey: _api_key,
    AuditEntry: _audit,
    Contact: _contact,
    ConsentDefinition: _consent,
    ContactField: _contact_field,
    ContactImport: _contact_import,
    CustomIntegration: _integration,
    Delivery: _delivery,
    Event: _outbound_event,
    Incident: _incident,
    Job: _job,
    Membership: _membership,
    PointDefinition: _points,
    Promotion: _promotion,
    PublishableKey: _publishable_key,
    ReceivedEvent: _event,
    ReceptionEvent: _reception_event,
    RejectedRequest: _rejected,
    RewardVoucher: _voucher,
    Segment: _segment,
    SendEvent: _send_event,
    Site: _site,
    Source: _source,
    SubjectErasure: _erasure,
    Submission: _submission,
    Subscription: _subscription,
    Workflow: _workflow,
    WorkflowRun: _workflow_run,
}
