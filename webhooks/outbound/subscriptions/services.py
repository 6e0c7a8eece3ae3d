"""Everything that changes a subscription: validated, audited, in one transaction.

Secrets and the values of headers are write-only: given ones replace, all others stay as they are
stored, whatever the given object holds. The text of a signing secret is returned once, by whoever
made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.redaction import redact_url
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site, bump_configuration_version
from sites.opened_state import OpenedState, check_unchanged
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.signing import new_signing_secret
from webhooks.outbound.subscriptions.limits import (
    DEFAULT_OVERLAP_SECONDS,
    LONGEST_OVERLAP_SECONDS,
)
from webhooks.outbound.subscriptions.state import paused_words
from webhooks.outbound.subscriptions.stored_secrets import (
    HIDDEN,
    UNREADABLE,
    Headers,
    StoredSecrets,
    merged_headers,
    put_secrets,
    read_stored,
    refuse_unknown,
    replace_signing,
)
from webhooks.outbound.subscriptions.validation import WITH_SECRET, clean_subscription

# In the order of the pages. Settings, secrets and headers are apart.
PLAIN_FIELDS: Final = (
    "name",
    "url",
    "format_key",
    "event_types",
    "conditions",
    "source_key",
    "signing",
    "encryption",
    "verify_tls",
    "timeout_seconds",
    "rate_per_second",
    "concurrency",
    "retry_schedule",
    "retry_rules",
    "batch_size",
    "batch_seconds",
    "strict_order",
)
_SETTINGS: Final = ("format_settings", "signing_settings")
# What these say is in the bytes that go out, or in where they go.
_BYTES: Final = ("url", "format_key", "signing", "encryption")
_BYTES_BELOW: Final = ("format_settings.", "signing_settings.", "secrets.", "headers.")
_CHANGED_SINCE: Final = (
    "Nothing was done: the subscription was changed since you opened the page, perhaps by this "
    "very button. See under Signing until when the old secret signs along, then decide anew."
)
_STATE: Final = ("state", "state_reason", "state_changed_at")
_SAVED: Final = (*PLAIN_FIELDS, *_SETTINGS, *HIDDEN, "previous_until", "revision", "updated_at")


@sensitive_variables()
@transaction.atomic
def subscription_save(
    *,
    subscription: Subscription,
    actor: Actor,
    secrets: Mapping[str, str] | None = None,
    headers: Headers | None = None,
    opened: OpenedState | None = None,
) -> str:
    """Store a subscription, new or changed; return the signing secret that was made for it, or "".

    `secrets` are new ones by name (`signing`, `user`, `password`, `encryption`); a blank one keeps
    what is stored. A new `signing` one lets the old one sign along for a day. `headers` are all
    headers by name; None as a value keeps the stored one; without `headers` all stay. Neither is
    read from the subscription itself, and its state is not changed. Raises ValidationError by
    field.
    """
    is_new = subscription.pk is None
    row = Subscription(site=subscription.site) if is_new else _locked(subscription)
    check_unchanged(None if is_new else row, since=opened)
    stored = StoredSecrets() if is_new else read_stored(row)
    before = {} if is_new else _values(row, stored.secrets, stored.headers)
    given = {name: text.strip() for name, text in (secrets or {}).items() if text.strip()}
    refuse_unknown(given)
    subscription.previous_until = row.previous_until
    made = put_secrets(subscription, stored, given)
    subscription.headers = merged_headers(stored, headers)
    clean_subscription(subscription)
    changes = _changes(before, _values(subscription, subscription.secrets, subscription.headers))
    if is_new:
        if subscription.state == SubscriptionState.PAUSED:
            _set_paused(subscription, actor)
        subscription.save(force_insert=True)
        changes["public_id"] = (None, subscription.public_id)
        _audit(actor, "created", subscription, changes)
    elif changes:
        subscription.revision = row.revision + any(_is_of_bytes(name) for name in changes)
        subscription.save(update_fields=_SAVED)
        _audit(actor, "updated", subscription, changes)
    return made


@sensitive_variables()
@transaction.atomic
def secret_rotate(
    *,
    subscription: Subscription,
    actor: Actor,
    overlap_seconds: int = DEFAULT_OVERLAP_SECONDS,
    secret: str = "",
    seen_revision: int | None = None,
) -> str:
    """Put a new signing secret in place and return it; the old one signs along meanwhile.

    Where a receiver can only check one, as at WebEngage, the old one ends at once. `secret` is one
    of the operator's own. `seen_revision` is what the page showed: a form that is sent twice, as by
    a reload, must not end the secret that the receiver still has. Raises ValidationError.
    """
    if not 0 <= overlap_seconds <= LONGEST_OVERLAP_SECONDS:
        raise ValidationError({"overlap": "The old secret signs along for at most 7 days."})
    row = _locked(subscription)
    if seen_revision not in (None, row.revision):
        raise ValidationError(_CHANGED_SINCE)
    if row.signing not in WITH_SECRET:
        raise ValidationError("This subscription does not sign with a secret.")
    stored = read_stored(row)
    if "headers" in stored.unreadable:
        raise ValidationError({"headers": UNREADABLE})
    new = secret.strip() or new_signing_secret()
    row.secrets = {name: text for name, text in stored.secrets.items() if name != "signing"}
    row.headers = stored.headers
    replace_signing(row, stored.secrets.get("signing", ""), new, overlap_seconds)
    clean_subscription(row)
    row.revision += 1
    row.save(update_fields=_SAVED)
    until = row.previous_until.isoformat() if row.previous_until else None
    changes: dict[str, tuple[Any, Any]] = {
        "secrets.signing": ("", "changed"),
        "previous_until": (None, until),
    }
    _audit(actor, "secret_rotated", row, changes)
    subscription.refresh_from_db(fields=["previous_until", "revision", "updated_at"])
    return new


@sensitive_variables()
@transaction.atomic
def secret_overlap_end(*, subscription: Subscription, actor: Actor) -> None:
    """Let the new signing secret alone sign from now on."""
    row = _locked(subscription)
    if row.previous_until is None:
        return
    kept = {name: text for name, text in row.secrets.items() if name != "previous_signing"}
    row.secrets, row.previous_until = kept, None
    row.revision += 1
    row.save(update_fields=("secrets", "previous_until", "revision", "updated_at"))
    _audit(actor, "overlap_ended", row, {"secrets.previous_signing": ("", "changed")})
    subscription.previous_until = None


@transaction.atomic
def subscription_pause(*, subscription: Subscription, actor: Actor, reason: str = "") -> bool:
    """Stop the deliveries; what happens from now on is held. Return whether it was active.

    `state_reason` then says by whom and since when, followed by the reason given.
    """
    row = _locked(subscription)
    if row.state != SubscriptionState.ACTIVE:
        return False
    _set_paused(subscription, actor, reason)
    Subscription.objects.filter(pk=row.pk).update(
        **{name: getattr(subscription, name) for name in _STATE}
    )
    bump_configuration_version()
    changes = {"state": (row.state, SubscriptionState.PAUSED.value)}
    _audit(actor, "paused", row, changes)
    return True


def _set_paused(subscription: Subscription, actor: Actor, reason: str = "") -> None:
    now = timezone.now()
    subscription.state, subscription.state_changed_at = SubscriptionState.PAUSED, now
    subscription.state_reason = paused_words(
        actor=actor, at=now, time_zone=subscription.site.time_zone, reason=reason
    )


def _locked(subscription: Subscription) -> Subscription:
    rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
    found: Subscription = rows.select_related("site").defer(*HIDDEN).get(pk=subscription.pk)
    if found.site_id != subscription.site_id:
        raise ValidationError("A subscription keeps its site. Make a new one on the other site.")
    return found


@sensitive_variables()
def _values(
    row: Subscription, secrets: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return everything by its name in the audit; those of hidden values are told apart by it."""
    values = {name: getattr(row, name) for name in PLAIN_FIELDS}
    for group in _SETTINGS:
        values |= {f"{group}.{key}": value for key, value in getattr(row, group).items()}
    values |= {f"secrets.{name}": text for name, text in secrets.items()}
    return values | {f"headers.{name}": text for name, text in headers.items()}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    hidden = {name for name in {**before, **after} if name.startswith(("secrets.", "headers."))}
    changes = field_changes(before, after, hidden)
    if "url" in changes:
        # Whoever made the address may have put a key into its query.
        old, new = changes["url"]
        changes["url"] = (redact_url(old) if old else old, redact_url(new))
    return changes


def _is_of_bytes(name: str) -> bool:
    return name in _BYTES or name.startswith(_BYTES_BELOW)


def _audit(
    actor: Actor, verb: str, row: Subscription, changes: Mapping[str, tuple[Any, Any]]
) -> None:
    site: Site = row.site
    audit_record(actor=actor, action=f"subscription.{verb}", site=site, target=row, changes=changes)
