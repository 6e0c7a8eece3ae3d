"""Other apps' admin pages, taken over: for superusers, read-only, without a way to run anything."""

from __future__ import annotations

from typing import Any

# Imported first, so that they have registered themselves before they are replaced here.
import django_q.admin  # noqa: F401
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_q.models import Failure, OrmQ, Schedule, Success

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.relative_time import relative_time
from sites.audit import Actor, audit_record
from sites.scoped_admin import SuperuserAdmin

# Roles are memberships of a site, so groups would do nothing; the others are never written.
for _model in (Group, Success, AccessLog, AccessFailureLog, AccessAttempt, Failure, OrmQ, Schedule):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class ReadOnlySuperuserAdmin(SuperuserAdmin):
    change_list_template = "admin/filtered_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OrmQ)
class QueuedTaskAdmin(ReadOnlySuperuserAdmin):
    list_title = "Queued tasks"
    empty_list_advice = "A task waits here until the scheduler takes it, seldom for long."
    list_display = ("name", "func", "key", "locked")
    fields = ("name", "func", "args", "key", "lock")

    @admin.display(description="lock", ordering="lock")
    def locked(self, task: OrmQ) -> SafeString:
        return relative_time(task.lock)


@admin.register(Schedule)
class TaskScheduleAdmin(ReadOnlySuperuserAdmin):
    """Schedules are made by code at start; a changed row would be put back."""

    list_title = "Task schedules"
    empty_list_advice = "The schedules are made when Patchbay starts."
    list_display = ("name", "func", "schedule_type", "minutes", "due")
    fields = ("name", "func", "schedule_type", "minutes", "cron", "next_run", "task")

    @admin.display(description="next run", ordering="next_run")
    def due(self, schedule: Schedule) -> SafeString:
        return relative_time(schedule.next_run)


@admin.register(Failure)
class FailedTaskAdmin(ReadOnlySuperuserAdmin):
    list_title = "Failed tasks"
    empty_list_advice = "A scheduled task that broke off is listed here with its error."
    list_display = ("name", "func", "begun", "attempt_count")
    fields = ("name", "func", "args", "started", "stopped", "attempt_count", "result")
    show_full_result_count = False

    @admin.display(description="started", ordering="started")
    def begun(self, task: Failure) -> SafeString:
        return relative_time(task.started)


@admin.register(AccessAttempt)
class FailedLoginAdmin(KeysetAdmin, ReadOnlySuperuserAdmin):
    """Who failed to log in from where, and the way to end a lockout before its time.

    Whoever guesses names makes a row of each: a list that nobody waits to be counted.
    """

    list_title = "Failed logins"
    empty_list_advice = "Whoever gives a wrong password is listed here until they log in."
    list_display = ("username", "ip_address", "failures_since_start", "last_try")
    list_display_links = None
    search_fields = ("username", "ip_address")
    search_help_text = "User name or address"
    list_defer = ("get_data", "post_data", "http_accept", "path_info")
    actions = ("unlock",)

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows, term = changes.queryset, changes.query
        if not term:
            return [KeyStream(rows=rows)]
        # A part of a name has no index: the newest rows are looked through.
        found = rows.filter(Q(username__icontains=term) | Q(ip_address__icontains=term))
        walk = AccessAttempt.objects.all()
        return [KeyStream(rows=found, walk=walk, walked=("username", "ip_address"))]

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="last try")
    def last_try(self, attempt: AccessAttempt) -> SafeString:
        return relative_time(attempt.attempt_time)

    @admin.action(description="Let them try again", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        with transaction.atomic():
            for attempt in queryset:
                reset(username=attempt.username, ip=attempt.ip_address)
                audit_record(
                    actor=Actor.from_request(request),
                    action="login.unlocked",
                    site=None,
                    target=None,
                    changes={
                        "username": (attempt.username, ""),
                        "address": (attempt.ip_address, ""),
                    },
                )
        self.message_user(request, "They may try again now.")
