"""Sending notices: a schedule of the qcluster, far from the engine and its transactions.

A notice is claimed by moving it to when it would be tried again, so that a process that dies leaves
nothing behind: at worst somebody gets the same e-mail twice.
"""

from __future__ import annotations

import smtplib
import time
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils import timezone

from webhooks.outbound.models import Incident, Notice, NoticeKind
from webhooks.outbound.notices.mail import body, subject
from webhooks.outbound.notices.planning import notices_plan, wants_notices

# A third of what the qcluster gives a task; the next run goes on.
RUN_SECONDS: Final = 30.0
# Minutes from one try to the next; there is none after the last.
RETRY_MINUTES: Final = (1, 5, 15, 60, 240, 720, 1440)

log = structlog.get_logger(__name__)


def tell_of_trouble() -> int:
    """Decide on notices and send what is due; return how many were sent. Runs every minute."""
    if not settings.EMAIL_IS_ON:
        return 0
    notices_plan(timezone.now())
    ends_at = time.monotonic() + RUN_SECONDS
    connection = get_connection()
    sent = 0
    try:
        while time.monotonic() < ends_at and (notice := _claimed(timezone.now())) is not None:
            sent += _send(notice, connection)
    finally:
        connection.close()
    return sent


def _claimed(now: datetime) -> Notice | None:
    """Return a notice that is due and that no other process is sending."""
    rows = Notice.objects.filter(told_at=None, given_up_at=None, due_at__lte=now)
    for notice in rows.select_related("user").order_by("due_at", "pk")[:10]:
        again = now + timedelta(minutes=RETRY_MINUTES[notice.attempts])
        mine = Notice.objects.filter(pk=notice.pk, told_at=None, attempts=notice.attempts)
        if mine.update(attempts=F("attempts") + 1, due_at=again):
            notice.attempts += 1
            return notice
    return None


def _send(notice: Notice, connection: BaseEmailBackend) -> bool:
    rows = Incident.objects.select_related("subscription__site")
    rows = rows.defer("subscription__secrets", "subscription__headers")
    incident = rows.get(pk=notice.incident_id)
    if not _is_still_wanted(notice, incident):
        notice.delete()
        return False
    now = timezone.now()
    message = EmailMessage(
        subject=subject(incident, notice.kind),
        body=body(incident, notice.kind, now),
        to=[notice.user.email],
        # Without it an out-of-office assistant would answer, to nobody.
        headers={"Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    try:
        message.send()
    except (OSError, ValueError) as error:
        _note_failure(notice, error)
        return False
    Notice.objects.filter(pk=notice.pk).update(told_at=timezone.now(), problem="")
    return True


def _is_still_wanted(notice: Notice, incident: Incident) -> bool:
    """Say whether it is still true, and its reader still asks for it."""
    if notice.kind != NoticeKind.RECOVERED and incident.ended_at is not None:
        return False
    members = wants_notices(incident.subscription.site_id)
    return any(member.user_id == notice.user_id for member in members)


def _note_failure(notice: Notice, error: Exception) -> None:
    sentence = _sentence(error)
    is_last = notice.attempts >= len(RETRY_MINUTES)
    given_up_at = timezone.now() if is_last else None
    Notice.objects.filter(pk=notice.pk).update(problem=sentence, given_up_at=given_up_at)
    log.warning("notice not sent", notice=notice.pk, problem=sentence, attempt=notice.attempts)


def _sentence(error: Exception) -> str:
    """Return what went wrong; of the server's words only the code, as they may quote anything."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "The mail server refused the user name or the password in EMAIL_URL."
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "The mail server refused the address. Correct the member's e-mail address."
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"The mail server refused the sender ({error.smtp_code}). Set EMAIL_FROM."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server refused the e-mail with {error.smtp_code}."
    if isinstance(error, ValueError):
        return "The e-mail address or EMAIL_FROM is none that can be written to."
    return (
        f"The mail server could not be reached ({type(error).__name__}). See that the host and the "
        "port in EMAIL_URL are right and that a firewall lets us through."
    )
