"""Points, vouchers or a promotion for all members of a segment: a plan, then a job in slices.

Who is a member when the job is started gets it, whoever enters later does not. Every contact's
part has an id of its own, made of the job's and theirs: a slice that comes twice gives nothing
twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from automation.models import Segment, SegmentMember
from automation.segments.gifts import Gift, GiftKind, gift_json, gift_of
from contacts.applied_change import ChangeSource
from contacts.console_source import console_source
from contacts.loyalty.assigning import promotions_assign
from contacts.loyalty.points import PointsOrder, points_award
from contacts.loyalty.points_order import KEPT_ELSEWHERE, NO_CONTACT
from contacts.loyalty.validity import status_of
from contacts.loyalty.vouchers import VoucherOrder, vouchers_create
from contacts.models import PointAccount, PromotionAssignment
from sites.audit import Actor
from sites.jobs import JobFailed, job_actor, job_runner, job_start
from sites.models import Job

KIND: Final = "segment_give"
_SLICE: Final = 500
_MOST_EARLIER: Final = 5
_GIVEN: Final = "given"
_HAD: Final = "had it already"
_REFUSED: Final = "refused for another reason"
_REASONS: Final = {
    NO_CONTACT: "were gone by then",
    KEPT_ELSEWHERE: "have points that a connected system keeps",
}


class _Outcome(Protocol):
    is_repeat: bool
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingPlan:
    """What a job would do. `skipped` get nothing, and `why_skipped` says why.

    `refusal` is a sentence when nobody can be given it.
    """

    members: int
    skipped: int
    why_skipped: str
    refusal: str

    @property
    def total(self) -> int:
        return 0 if self.refusal else self.members - self.skipped


def giving_plan(*, segment: Segment, gift: Gift) -> GivingPlan:
    """Return who would get it, from the members of the last computation."""
    members = SegmentMember.objects.filter(segment=segment)
    skipped, why = _skipped(members, gift)
    return GivingPlan(
        members=members.count(),
        skipped=skipped,
        why_skipped=why,
        refusal=gift_refusal(gift),
    )


def earlier_jobs(segment: Segment) -> Sequence[Job]:
    """Return the jobs that gave something to the segment before, newest first."""
    jobs = Job.objects.filter(kind=KIND, site=segment.site_id, parameters__segment=str(segment.pk))
    return list(jobs.order_by("-pk")[:_MOST_EARLIER])


def gift_refusal(gift: Gift) -> str:
    """Return why this can be given to nobody now, or an empty text."""
    if gift.kind is GiftKind.POINTS and not gift.definition_of.is_active:
        return f"“{gift.definition_of.name}” is switched off: no more of these points are awarded."
    if gift.kind is GiftKind.PROMOTION:
        promotion = gift.promotion_of
        if promotion.source_key:
            return "A connected system keeps this promotion: assign it there."
        status = status_of(promotion, timezone.now())
        if status in ("Draft", "Ended"):
            words = "is a draft. Publish it first." if status == "Draft" else "has ended."
            return f"“{promotion.name}” {words}"
    return ""


def giving_start(*, segment: Segment, gift: Gift, token: str, actor: Actor) -> Job:
    """Start the job; the same token again returns the job that it started."""
    refusal = gift_refusal(gift)
    if refusal:
        raise ValidationError(refusal)
    with transaction.atomic():
        # Of two presses of the same button, the second one waits here for the first one's job.
        Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.pk)
        started = Job.objects.filter(kind=KIND, site=segment.site_id, parameters__token=token)
        if (job := started.first()) is not None:
            return job
        members = SegmentMember.objects.filter(segment=segment).count()
        if not members:
            raise ValidationError("Nobody is in the segment.")
        return job_start(
            kind=KIND,
            title=f"{gift.words} to the segment “{segment.name}”",
            site=segment.site,
            parameters={"segment": str(segment.pk), "token": token, "gift": gift_json(gift)},
            total=members,
            actor=actor,
        )


@job_runner(KIND)
def run_giving(job: Job) -> bool:
    """Give to the next members, in the order of their ids."""
    gift = _gift_still_there(job)
    segment = UUID(job.parameters["segment"])
    members = SegmentMember.objects.filter(segment=segment, since__lte=job.created_at)
    if job.cursor:
        members = members.filter(contact__gt=UUID(job.cursor))
    found = members.order_by("contact").values_list("contact_id", flat=True)[: _SLICE + 1]
    contact_ids = list(found)
    now_ids = contact_ids[:_SLICE]
    if now_ids:
        source_ids = {each: f"{KIND}-{job.pk}-{each}" for each in now_ids}
        outcomes = _GIVE[gift.kind](gift, source_ids, console_source(job_actor(job)), job)
        counts = Counter(job.counts)
        counts.update(_word(outcome) for outcome in outcomes)
        job.counts = dict(counts)
        job.cursor = str(now_ids[-1])
        job.done += len(now_ids)
    if len(contact_ids) <= _SLICE:
        # Who left the segment since the plan is no member any more.
        job.total = job.done
        return True
    return False


def _gift_still_there(job: Job) -> Gift:
    assert job.site is not None
    if not Segment.objects.filter(pk=UUID(job.parameters["segment"]), site=job.site).exists():
        raise JobFailed("The segment was deleted. Who got it before keeps it.")
    gift = gift_of(job.parameters["gift"], job.site)
    if gift is None:
        raise JobFailed("What was to be given was deleted. Who got it before keeps it.")
    if refusal := gift_refusal(gift):
        raise JobFailed(refusal)
    return gift


def _points(
    gift: Gift, source_ids: Mapping[UUID, str], source: ChangeSource, job: Job
) -> Sequence[_Outcome]:
    orders = [
        PointsOrder(
            contact_id=contact_id,
            definition=gift.definition_of,
            amount=gift.amount_of,
            description=gift.description,
            source_id=source_id,
        )
        for contact_id, source_id in source_ids.items()
    ]
    return points_award(orders=orders, source=source)


def _vouchers(
    gift: Gift, source_ids: Mapping[UUID, str], source: ChangeSource, job: Job
) -> Sequence[_Outcome]:
    # All of one job begin and end together, whenever their slice came.
    begins = job.created_at
    ends = begins + timedelta(days=gift.valid_days) if gift.valid_days else None
    orders = [
        VoucherOrder(
            contact_id=contact_id,
            amount=gift.amount_of,
            currency=gift.currency,
            valid_from=begins,
            valid_to=ends,
            description=gift.description,
            source_id=source_id,
        )
        for contact_id, source_id in source_ids.items()
    ]
    return vouchers_create(site=gift.site, orders=orders, source=source)


def _promotions(
    gift: Gift, source_ids: Mapping[UUID, str], source: ChangeSource, job: Job
) -> Sequence[_Outcome]:
    return promotions_assign(
        promotion=gift.promotion_of,
        contact_ids=list(source_ids),
        source=source,
        source_ids=source_ids,
    )


_GIVE: Final[Mapping[GiftKind, Callable[..., Sequence[_Outcome]]]] = {
    GiftKind.POINTS: _points,
    GiftKind.VOUCHER: _vouchers,
    GiftKind.PROMOTION: _promotions,
}


def _word(outcome: _Outcome) -> str:
    if outcome.refusal:
        return _REASONS.get(outcome.refusal, _REFUSED)
    return _HAD if outcome.is_repeat else _GIVEN


def _skipped(members: QuerySet[SegmentMember], gift: Gift) -> tuple[int, str]:
    """Return how many members get nothing, and why in words."""
    mine: dict[str, Any] = {"contact": OuterRef("contact")}
    if gift.kind is GiftKind.POINTS:
        kept = PointAccount.objects.filter(~Q(told_by=""), definition=gift.definition_of, **mine)
        return members.filter(Exists(kept)).count(), _REASONS[KEPT_ELSEWHERE]
    if gift.kind is GiftKind.PROMOTION:
        valid = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        has_it = PromotionAssignment.objects.filter(
            valid, promotion=gift.promotion_of, is_open=True, **mine
        )
        return members.filter(Exists(has_it)).count(), "have it already, and keep it"
    return 0, ""
