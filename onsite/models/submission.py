from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.encrypted_fields import EncryptedJSONField
from common.identifiers import new_row_id
from integrations.models import Outcome
from sites.models import Site


class Role(models.TextChoices):
    """What the visitor does in the campaign."""

    AMBASSADOR = "ambassador", "Ambassador"
    FRIEND = "friend", "Friend"
    SIGNUP = "signup", "Signup"


class Tag(models.TextChoices):
    """The values of `redeal`; exactly these (Voyado Engage Onsite, *Generic API integration*)."""

    NEW_AMBASSADOR = "NewAmbassador"
    NEW_FRIEND = "NewFriend"
    NEW_SIGNUP = "NewSignup"
    EXISTING_AMBASSADOR = "ExistingAmbassador"
    EXISTING_FRIEND = "ExistingFriend"
    CONVERTED_AMBASSADOR = "ConvertedAmbassador"
    CONVERTED_FRIEND = "ConvertedFriend"


class State(models.TextChoices):
    RUNNING = "running", "Running"
    CONTINUED = "continued", "Continued"
    BLOCKED = "blocked", "Blocked"


class Register(models.TextChoices):
    """Where the visitor was looked up."""

    GENERIC_API = "generic_api", "The retailer's API"
    PATCHBAY = "patchbay", "Patchbay's contacts"


class Submission(models.Model):
    """One visitor's run through the flow: look up, tag, create or update; continues or is blocked.

    `visitor_key` is a keyed digest of the visitor's strongest identity: while one submission of a
    visitor runs, a second waits for it. `visitor`, `known_contact` and `answer` hold personal data
    and are encrypted. `sent` counts runs, the first included. A running row whose lease ended
    belongs to a process that died; whoever meets it ends it.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    register = models.CharField(max_length=12, choices=Register.choices)
    sent_by = models.CharField("API key", max_length=120, help_text="Name of the key, as it was.")
    sent = models.PositiveSmallIntegerField(default=1)

    idempotency_key = models.CharField(max_length=200, null=True)
    body_digest = models.CharField(max_length=64)
    visitor_key = models.CharField(max_length=64)
    role = models.CharField(max_length=12, choices=Role.choices)
    visitor = EncryptedJSONField(default=dict)
    # Null without a conversion; an empty object is one without details.
    conversion = models.JSONField(null=True)

    # Null until the look-up has said.
    is_known = models.BooleanField(null=True)
    tag = models.CharField("redeal", max_length=20, blank=True, default="", choices=Tag.choices)
    # What the register said of the visitor, in the shape of `visitor`; empty when it knew nobody.
    known_contact = EncryptedJSONField(default=dict)
    lookup_outcome = models.CharField(
        max_length=10, blank=True, default="", choices=Outcome.choices
    )
    write_outcome = models.CharField(max_length=10, blank=True, default="", choices=Outcome.choices)
    # A stable code and a sentence; empty when all went well.
    code = models.CharField(max_length=40, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    notes = models.JSONField(default=list)
    contact_id = models.UUIDField(null=True)
    answer_status = models.PositiveSmallIntegerField(null=True)
    answer = EncryptedJSONField(default=dict)

    class Meta:
        verbose_name = "Onsite submission"
        constraints = [
            models.UniqueConstraint(
                fields=("site", "idempotency_key"),
                condition=Q(idempotency_key__isnull=False),
                name="submission_idempotency_key_once",
            ),
            models.UniqueConstraint(
                fields=("site", "visitor_key"),
                condition=Q(state="running"),
                name="submission_one_running_per_visitor",
            ),
            models.CheckConstraint(
                name="submission_state_known", condition=Q(state__in=State.values)
            ),
            models.CheckConstraint(
                name="submission_tag_known", condition=Q(tag__in=["", *Tag.values])
            ),
            models.CheckConstraint(
                name="submission_ended_has_answer",
                condition=Q(state="running")
                | Q(finished_at__isnull=False, answer_status__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=("site", "id"), name="submission_by_site"),
            models.Index(fields=("site", "state", "id"), name="submission_by_state"),
            models.Index(fields=("site", "visitor_key", "id"), name="submission_by_visitor"),
            models.Index(fields=("contact_id",), name="submission_by_contact"),
            models.Index(
                fields=("lease_expires_at",),
                condition=Q(state="running"),
                name="submission_lease",
            ),
            models.Index(
                fields=("site", "id"),
                condition=Q(write_outcome="ignored"),
                name="submission_write_ignored",
            ),
        ]

    def __str__(self) -> str:
        return f"Submission at {self.received_at:%Y-%m-%d %H:%M:%S}"
