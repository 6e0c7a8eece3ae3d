"""The states as a property: whatever visitors, retailers, deaths and staff do, in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Activity, Contact
from integrations.generic_api.visitor import VisitorData
from integrations.models import Outcome
from onsite.flow import claiming
from onsite.flow.refusals import SubmissionRefused
from onsite.flow.registers import RetailersApi
from onsite.flow.request import SubmissionRequest
from onsite.flow.run import submission_run
from onsite.flow.tags import decide_tag
from onsite.interrupted import end_interrupted_submissions
from onsite.models import Role, State, Submission
from onsite.resending.obstacles import resendable
from onsite.resending.resend import send_again
from tests.onsite.campaign import Campaign
from tests.onsite.retailer import Retailer

pytestmark = [pytest.mark.network, pytest.mark.django_db]

relaxed = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

PEOPLE = [
    VisitorData(email=f"p{number}@example.com", phone=f"+4670123456{number}") for number in (1, 2)
]
# Whoever gives only a phone first is not known by an e-mail address later: one identity is shared.
visitors = st.sampled_from(
    [form for person in PEOPLE for form in (person, VisitorData(email=person.email))]
)
sends = st.tuples(
    st.just("send"),
    st.fixed_dictionaries(
        {
            "visitor": visitors,
            "role": st.sampled_from(Role),
            "conversion": st.sampled_from([None, {}]),
            "key": st.sampled_from([None, "a", "b"]),
            "lookup": st.sampled_from([None, None, 401, 503]),
            "write": st.sampled_from([None, None, 400, 409]),
            "dies_at": st.sampled_from(["", "", "", "lookup", "write"]),
        }
    ),
)
steps = st.lists(
    sends
    | st.tuples(st.sampled_from(["expire", "clock", "resend oldest", "resend newest"]), st.none()),
    max_size=10,
)


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


def killed(*_: Any) -> None:
    raise Killed


class Machine:
    def __init__(self, campaign: Campaign, retailer: Retailer) -> None:
        self.campaign, self.retailer = campaign, retailer
        retailer.contacts.clear()

    def do(self, name: str, details: Any) -> None:
        if name == "send":
            self.send(**details)
        elif name == "expire":
            Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        elif name == "clock":
            end_interrupted_submissions()
        else:
            self.resend(Submission.objects.order_by("pk" if name == "resend oldest" else "-pk"))

    def send(
        self,
        *,
        visitor: VisitorData,
        role: Role,
        conversion: dict[str, Any] | None,
        key: str | None,
        lookup: int | None,
        write: int | None,
        dies_at: str,
    ) -> None:
        self.retailer.lookup_status, self.retailer.write_status = lookup, write
        request = SubmissionRequest(role=role, visitor=visitor, conversion=conversion)
        with pytest.MonkeyPatch.context() as patched:
            if dies_at:
                patched.setattr(RetailersApi, dies_at, killed)
            try:
                ended = submission_run(
                    site=self.campaign.site,
                    key=self.campaign.key,
                    request=request,
                    idempotency_key=key,
                )
            except (SubmissionRefused, Killed):
                return
        assert ended.state != State.RUNNING
        assert ended.answer["id"] == str(ended.pk)

    def resend(self, submissions: Any) -> None:
        submission = submissions.first()
        if submission is None:
            return
        self.retailer.lookup_status = self.retailer.write_status = None
        obstacle = resendable(submission)
        try:
            ended = send_again(submission)
        except ValidationError:
            # Beside an obstacle, another of the visitor may run.
            assert obstacle or Submission.objects.filter(state=State.RUNNING).exists()
        else:
            assert obstacle == ""
            assert ended.state == State.CONTINUED


def check() -> None:
    # Nobody is ever two contacts.
    assert Contact.objects.count() <= len(PEOPLE)
    recorded = list(Activity.objects.filter(type="onsite_submission").values_list("key", flat=True))
    assert len(recorded) == len(set(recorded))
    for submission in Submission.objects.all():
        check_one(submission, has_effect=str(submission.pk) in recorded)


def check_one(submission: Submission, *, has_effect: bool) -> None:
    if submission.is_known is not None:
        tag = decide_tag(
            role=Role(submission.role),
            is_known=submission.is_known,
            has_converted=submission.conversion is not None,
        )
        assert submission.tag == (tag or "")
    if submission.state == State.CONTINUED:
        assert (submission.answer_status, submission.answer["result"]) == (200, "continue")
        assert submission.code == submission.reason == ""
        assert submission.write_outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.IGNORED)
        assert has_effect
    elif submission.state == State.BLOCKED:
        assert (submission.answer_status, submission.answer["result"]) == (502, "blocked")
        assert submission.code == submission.answer["code"]
        assert submission.code
        assert submission.reason
    if has_effect:
        assert submission.contact_id is not None


@relaxed
@given(steps)
def test_every_submission_ends_and_has_its_effect_once(
    campaign: Campaign, retailer: Retailer, done: list[tuple[str, Any]]
) -> None:
    with pytest.MonkeyPatch.context() as patched, transaction.atomic():
        # Nobody else is there who could end what this visitor would wait for.
        patched.setattr(claiming, "LONGEST_LEASE", timedelta())
        machine = Machine(campaign, retailer)
        for name, details in done:
            machine.do(name, details)
            check()
        machine.do("expire", None)
        machine.do("clock", None)
        assert not Submission.objects.filter(state=State.RUNNING).exists()
        check()
        transaction.set_rollback(True)
