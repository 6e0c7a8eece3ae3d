"""The pages of the console as operators think of them; who sees which follows from its admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


@dataclass(frozen=True, slots=True)
class Page:
    """A list of a model (`app.Model`), or a page of the admin site's own by its URL name."""

    label: str
    model: str = ""
    url_name: str = ""


GROUPS: Final[tuple[tuple[str, tuple[Page, ...]], ...]] = (
    (
        "Configuration",
        (
            Page("Sites", "sites.Site"),
            Page("Webhook sources", "webhooks.Source"),
            Page("Webhook subscriptions", "webhooks.Subscription"),
            Page("Event types", url_name="webhooks_event_types"),
            Page("Custom integrations", "integrations.CustomIntegration"),
            Page("API keys", "sites.ApiKey"),
            Page("Publishable keys", "sites.PublishableKey"),
        ),
    ),
    (
        "Activity",
        (
            Page("Received events", "webhooks.ReceivedEvent"),
            Page("Rejected requests", "webhooks.RejectedRequest"),
            Page("Deliveries", "webhooks.Delivery"),
            Page("Incidents", "webhooks.Incident"),
            Page("Outbound events", "webhooks.Event"),
            Page("Onsite submissions", "onsite.Submission"),
            Page("API calls", "integrations.ApiCall"),
        ),
    ),
    (
        "People",
        (
            Page("Contacts", "contacts.Contact"),
            Page("Segments", "automation.Segment"),
            Page("Contact fields", "contacts.ContactField"),
            Page("Consents", "contacts.ConsentDefinition"),
            Page("Imports", "contacts.ContactImport"),
            Page("Erasures", "contacts.SubjectErasure"),
        ),
    ),
    (
        "Loyalty",
        (
            Page("Points", "contacts.PointDefinition"),
            Page("Vouchers", "contacts.RewardVoucher"),
            Page("Promotions", "contacts.Promotion"),
        ),
    ),
    (
        "Automation",
        (
            Page("Workflows", "automation.Workflow"),
            Page("Workflow runs", "automation.WorkflowRun"),
        ),
    ),
    (
        "System",
        (
            Page("Health", url_name="health"),
            Page("Jobs", "sites.Job"),
            Page("Audit log", "sites.AuditEntry"),
            Page("Users", "sites.User"),
            Page("Failed logins", "axes.AccessAttempt"),
            Page("Queued tasks", "django_q.OrmQ"),
            Page("Task schedules", "django_q.Schedule"),
            Page("Failed tasks", "django_q.Failure"),
        ),
    ),
)


def navigation(site: AdminSite, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups with the pages this user may open, in the admin's own shape of a list."""
    groups = []
    for name, pages in GROUPS:
        entries = [entry for page in pages if (entry := _entry(site, request, page))]
        if entries:
            key = name.lower()
            groups.append(
                {
                    "name": name,
                    "app_label": key,
                    "app_url": entries[0]["admin_url"],
                    "has_module_perms": True,
                    "models": entries,
                }
            )
    _mark_current(groups, request.path)
    return groups


def _mark_current(groups: list[dict[str, Any]], path: str) -> None:
    """Mark the page whose address the path begins with; of several, the most exact one."""
    pages = [page for group in groups for page in group["models"]]
    above = [page for page in pages if path.startswith(page["admin_url"])]
    if above:
        max(above, key=lambda page: len(page["admin_url"]))["is_current"] = True


def _entry(site: AdminSite, request: HttpRequest, page: Page) -> dict[str, Any] | None:
    if page.url_name:
        return _listed(page, reverse(f"admin:{page.url_name}"))
    model = apps.get_model(page.model)
    if not site.is_registered(model):
        return None
    admin = site.get_model_admin(model)
    if not (admin.has_module_permission(request) and admin.has_view_permission(request)):
        return None
    options = model._meta
    return _listed(page, reverse(f"admin:{options.app_label}_{options.model_name}_changelist"))


def _listed(page: Page, url: str) -> dict[str, Any]:
    return {
        "name": page.label,
        "object_name": page.model.rpartition(".")[2] or page.url_name,
        "admin_url": url,
        "add_url": None,
        "view_only": True,
        "perms": {"view": True},
    }
