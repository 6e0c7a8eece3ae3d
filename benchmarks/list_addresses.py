"""Which pages `bench lists` opens: every list that the admin registers, by every filter it offers.

What no filter offers is added by hand: combinations, searches, and lists on the pages of one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from benchmarks.long_tables import THINGS, LongTables
from common.admin.keyset import NEWER_VAR, OLDER_VAR, KeysetAdmin
from common.identifiers import row_id_floor
from contacts.models import Contact

Page = tuple[str, str]

# Of a filter that offers more, so many are opened, evenly apart.
_MOST_CHOICES: Final = 10


def listed_models() -> list[tuple[type[models.Model], ModelAdmin[Any]]]:
    """Return what has a list in the console, by label."""
    registered = admin.site._registry.items()
    return sorted(registered, key=lambda pair: pair[0]._meta.label)


def short_lists(least: int) -> Iterator[str]:
    """Yield the lists that page by key, because they grow, and hold fewer rows than that."""
    for model, model_admin in listed_models():
        count = model._default_manager.count()
        if isinstance(model_admin, KeysetAdmin) and count < least:
            yield f"{model._meta.label} has only {count:,} rows: it needs a table in benchmarks"
        elif not count:
            yield f"{model._meta.label} has no rows"


def pages(client: Client, tables: LongTables) -> Iterator[Page]:
    """Yield the name and the address of each page to open."""
    for model, model_admin in listed_models():
        options = model._meta
        url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        queries = [
            "",
            *_filters(client, url),
            *_edges(model, model_admin, tables),
            *_COMBINED.get(options.label, ()),
        ]
        known = _known(tables)
        for query in dict.fromkeys(query.format_map(known) for query in queries):
            yield f"{options.label} ?{query}", f"{url}?{query}"
        if model_admin.search_fields:
            for term in (*_terms(tables), *_TERMS.get(options.label, ())):
                named = term.format_map(known)
                yield f"{options.label}, search {named}", f"{url}?{urlencode({'q': named})}"
    yield from _pages_of_one(tables)


def _filters(client: Client, url: str) -> Iterator[str]:
    """Yield what the filters above a list offer, one choice at a time."""
    response: Any = client.get(url)
    changes = response.context_data["cl"]
    for spec in changes.filter_specs:
        # The first one takes the filter away.
        offered = [choice["query_string"].lstrip("?") for choice in spec.choices(changes)][1:]
        step = max(1, -(-len(offered) // _MOST_CHOICES))
        yield from (query.replace("{", "{{") for query in offered[::step])


def _edges(
    model: type[models.Model], model_admin: ModelAdmin[Any], tables: LongTables
) -> Iterator[str]:
    """Yield pages in the middle of a list."""
    if not isinstance(model_admin, KeysetAdmin):
        return
    middle: Any = row_id_floor(tables.spread.at(0.5))
    if not isinstance(model._meta.pk, models.UUIDField):
        newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        middle = newest // 2
    yield f"{OLDER_VAR}={middle}"
    yield f"{NEWER_VAR}={middle}"


def _terms(tables: LongTables) -> list[str]:
    person = tables.people // 2
    return [
        f"person{person}@example.com",
        f"+467{10_000_000 + person}",
        str(tables.contact_id(person)),
        # Somebody with very many rows.
        str(tables.contact_id(0)),
        # The beginning of many.
        "person1",
        "nobody@example.com",
    ]


def _known(tables: LongTables) -> Mapping[str, Any]:
    """Return what stands in braces below."""
    dates = {"from": tables.spread.at(0.3), "to": tables.spread.at(0.31)}
    return {
        "old": urlencode({name: f"{at:%Y-%m-%dT%H:%M}" for name, at in dates.items()}),
        "site": tables.first_site,
        "small_site": tables.small_site,
        "source": tables.first_source,
        "small_source": tables.first_source + THINGS - 1,
        "subscription": tables.first_subscription,
        "small_subscription": tables.first_subscription + THINGS - 1,
        "workflow": tables.thing_id(0),
        "busy": tables.contact_id(0),
        "event": tables.event_id(tables.rows // 2),
        "number": tables.rows // 2,
        "delivery": tables.spread.key(tables.deliveries // 2, tables.deliveries),
        "happened": tables.spread.key(tables.happened // 2, tables.happened),
        "run": tables.spread.key(tables.runs // 2, tables.runs),
        "submission": tables.spread.key(tables.submissions // 2, tables.submissions),
        "voucher": tables.people // 2,
    }


# Beside one choice of one filter at a time.
_COMBINED: Final[Mapping[str, tuple[str, ...]]] = {
    "webhooks.ReceivedEvent": (
        "type=rare.type",
        "type=old.type",
        "type=no.such.type",
        "cause=NO_SUCH_CAUSE",
        "{old}",
        "site={site}&status=failed",
        "status=failed&{old}",
        "status=failed&type=rare.type",
        "status=processed&type=old.type",
        "source={source}&status=ignored&type=old.type",
        "status=received&type=old.type",
        "source={source}&type=rare.type",
        "site={small_site}&source={small_source}&status=processed&{old}",
    ),
    "webhooks.RejectedRequest": ("{old}", "source={source}&cause=BAD_XML"),
    "webhooks.Delivery": (
        "{old}",
        "state=failed&{old}",
        "state=failed&code=5xx",
        "state=succeeded&tries=5",
        "subscription={subscription}&state=failed",
        "subscription={subscription}&code=none&{old}",
        "subscription={small_subscription}&type=contact.deleted",
        "site={site}&type=contact.deleted&state=held",
    ),
    "webhooks.Event": ("{old}", "type=contact.deleted", "site={site}&type=no.such.type"),
    "webhooks.Incident": ("site={small_site}", "subscription={subscription}"),
    "onsite.Submission": (
        "{old}",
        "again=yes&state=blocked",
        "site={site}&state=blocked&tag=NewSignup",
    ),
    "integrations.ApiCall": ("{old}", "site={site}&outcome=blocked&purpose=trial"),
    "automation.WorkflowRun": (
        "{old}",
        "workflow={workflow}&state=stopped",
        "site={site}&state=cancelled",
        "site={small_site}&state=failed_step",
        "state=failed_step&{old}",
        "contact={busy}",
        "contact={busy}&state=stopped",
    ),
    "contacts.RewardVoucher": ("{old}", "site={site}&state=expired", "state=redeemed&{old}"),
    "sites.AuditEntry": (
        "action=source.deleted",
        "actor_label=nobody",
        "site={small_site}",
        "site={site}&action=source.deleted",
        "object=webhooks.source:{source}",
        "object=webhooks.source:{source}&action=source.deleted",
        "object=webhooks.source:{small_source}",
    ),
}
_TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    "webhooks.ReceivedEvent": ("{event}", "evt-{number}"),
    "webhooks.Delivery": ("{delivery}", "{happened}", "msg_{voucher}"),
    "webhooks.Event": ("{happened}", "msg_{voucher}"),
    "onsite.Submission": ("{submission}",),
    "automation.WorkflowRun": ("{run}",),
    "contacts.RewardVoucher": ("CODE{voucher}",),
}


def _pages_of_one(tables: LongTables) -> Iterator[Page]:
    """Yield the pages of rows that hold lists of their own."""
    known = _known(tables)
    half = row_id_floor(tables.spread.at(0.5))
    for label, key in (
        ("webhooks.ReceivedEvent", known["event"]),
        ("webhooks.Event", known["happened"]),
        ("webhooks.Delivery", known["delivery"]),
        ("webhooks.Subscription", known["subscription"]),
        ("webhooks.Source", known["source"]),
        ("onsite.Submission", known["submission"]),
        ("automation.WorkflowRun", known["run"]),
        ("automation.Workflow", known["workflow"]),
        ("contacts.Promotion", known["workflow"]),
        ("sites.Site", known["site"]),
    ):
        yield f"{label}, page", _page(label, key)
    segment = _page("automation.Segment", tables.thing_id(0))
    for tab in ("overview", "members", "moves", "rule"):
        yield f"segment, {tab}", f"{segment}?tab={tab}"
        yield f"segment, {tab}, further", f"{segment}?tab={tab}&{OLDER_VAR}={half}"
    for who, number in (("", tables.people // 2), (" with many rows", 0)):
        contact = tables.contact_id(number)
        yield f"contact{who}", _page(Contact._meta.label, contact)
        loyalty = reverse("admin:contacts_contact_loyalty", args=[contact])
        for tab in ("points", "vouchers", "promotions"):
            yield f"contact{who}, {tab}", f"{loyalty}?tab={tab}"
            yield f"contact{who}, {tab}, further", f"{loyalty}?tab={tab}&{OLDER_VAR}={half}"
        yield f"contact{who}, consents", reverse("admin:contacts_contact_consents", args=[contact])


def _page(label: str, key: int | UUID) -> str:
    return reverse(f"admin:{label.replace('.', '_').lower()}_change", args=[key])
