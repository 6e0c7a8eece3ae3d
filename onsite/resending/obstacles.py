"""Why a submission cannot be sent again; judged in SQL, for one row as for a million."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Length

from common.sql_constant import SqlConstant
from integrations.models import GenericApi, Outcome
from onsite.flow.leases import GOT_THROUGH
from onsite.models import Register, State, Submission


class Obstacle(StrEnum):
    RUNNING = "running"
    WENT_THROUGH = "went_through"
    ERASED = "erased"
    SUPERSEDED = "superseded"
    SWITCHED_OFF = "switched_off"


# For one submission.
SENTENCES: Final = {
    Obstacle.RUNNING: "It is still running. Wait until it has ended.",
    Obstacle.WENT_THROUGH: "It went through: there is nothing to send again.",
    Obstacle.ERASED: "The visitor's data was erased: there is nothing left to send.",
    Obstacle.SUPERSEDED: (
        "A newer submission of the same visitor went through. Sending this one would overwrite "
        "newer data with older."
    ),
    Obstacle.SWITCHED_OFF: (
        "The Generic API of the site is switched off. Switch it on in the site's settings first."
    ),
}
# For many, after their number.
SKIPPED: Final = {
    Obstacle.RUNNING: "are still running",
    Obstacle.WENT_THROUGH: "went through",
    Obstacle.ERASED: "have no data left: the visitor was erased",
    Obstacle.SUPERSEDED: "were overtaken by a newer submission of the same visitor",
    Obstacle.SWITCHED_OFF: "wait for a Generic API that is switched off",
}
# What did not reach the register, in two parts that each have an index within a site. A submission
# that is being sent again may be in the second.
BLOCKED: Final = Q(state=SqlConstant(State.BLOCKED.value))
WRITE_IGNORED: Final = Q(write_outcome=SqlConstant(Outcome.IGNORED.value))
IN_TROUBLE: Final = BLOCKED | WRITE_IGNORED


def resendable(submission: Submission) -> str:
    """Return why the submission cannot be sent again, in a sentence; empty when it can."""
    found = with_obstacle(Submission.objects.filter(pk=submission.pk))
    obstacle = found.values_list("obstacle", flat=True).first()
    if obstacle is None:
        return "The submission does not exist any more."
    return SENTENCES[Obstacle(obstacle)] if obstacle else ""


def with_obstacle(submissions: QuerySet[Submission]) -> QuerySet[Any]:
    """Annotate `obstacle`: a value of Obstacle, or empty text for what can be sent again."""
    newer = Submission.objects.filter(
        GOT_THROUGH,
        site_id=OuterRef("site_id"),
        visitor_key=OuterRef("visitor_key"),
        pk__gt=OuterRef("pk"),
    )
    active_api = GenericApi.objects.filter(site_id=OuterRef("site_id"), is_active=True)
    return submissions.annotate(stored_length=Length("visitor")).annotate(
        obstacle=Case(
            _when(Obstacle.RUNNING, Q(state=State.RUNNING)),
            _when(Obstacle.WENT_THROUGH, ~IN_TROUBLE),
            _when(Obstacle.ERASED, Q(stored_length=0)),
            _when(Obstacle.SUPERSEDED, Q(Exists(newer))),
            _when(Obstacle.SWITCHED_OFF, Q(register=Register.GENERIC_API) & ~Q(Exists(active_api))),
            default=Value(""),
            output_field=CharField(),
        )
    )


def _when(obstacle: Obstacle, condition: Q) -> When:
    return When(condition, then=Value(obstacle.value))
