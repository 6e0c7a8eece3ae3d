from __future__ import annotations

from contacts.signals import contacts_changed, loyalty_happened
from sites.signals import audit_recorded
from webhooks.causes.account_events import publish_audit_entry
from webhooks.causes.contact_events import publish_contact_changes
from webhooks.causes.inbound_events import publish_rows
from webhooks.causes.loyalty_events import publish_loyalty
from webhooks.causes.systems_of_site import systems_of_site
from webhooks.causes.types_of_site import types_of_site
from webhooks.inbound.signals import rows_processed
from webhooks.outbound.event_types import add_site_event_types
from webhooks.outbound.send_events.catalogue import send_event_types
from webhooks.outbound.subscriptions.systems import add_systems


def connect_causes() -> None:
    """Let events follow from what happens. Called once, when the app is ready."""
    contacts_changed.connect(publish_contact_changes, dispatch_uid="webhooks.contact_changes")
    loyalty_happened.connect(publish_loyalty, dispatch_uid="webhooks.loyalty")
    rows_processed.connect(publish_rows, dispatch_uid="webhooks.relays")
    audit_recorded.connect(publish_audit_entry, dispatch_uid="webhooks.account_events")
    add_site_event_types(types_of_site)
    add_site_event_types(send_event_types)
    add_systems(systems_of_site)
