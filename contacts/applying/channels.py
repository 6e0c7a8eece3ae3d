"""Which fact wins: preferences, and what senders' e-mail lists say.

An opt-out is a promise to the person: it never loses to an older opt-in, and of two facts with the
same time it is the opt-out that counts.
"""

from __future__ import annotations

from typing import Any, Final

from contacts.applying.facts import Facts
from contacts.applying.instants import answer_time, iso
from contacts.applying.rules import apply_email_status
from contacts.applying.states import ContactState, Row
from contacts.models import EmailListStatus, Preference
from contacts.normalisation.values import line_normalised
from integrations.contact_change import Channel, EmailListFact, EmailStatus

SOFT: Final = EmailListStatus.Kind.SOFT.value
_KINDS: Final = frozenset(EmailListStatus.Kind.values)
_MAX_CAUSE: Final[int] = Preference._meta.get_field("cause").max_length or 0
_MAX_LIST_ID: Final[int] = EmailListStatus._meta.get_field("list_id").max_length or 0
_MAX_ESP_NAME: Final[int] = EmailListStatus._meta.get_field("esp_name").max_length or 0
_DEFAULT_CAUSES: Final = {"hard": "hard_bounce"}


def cause_of(facts: Facts, default: str = "") -> str:
    return line_normalised(facts.change.cause)[:_MAX_CAUSE] or default


def apply_preferences(state: ContactState, facts: Facts, floor: int) -> None:
    """Set preferences that were said after `floor`."""
    for channel, accepts in facts.change.preferences.items():
        if answer_time(facts.at, facts.received, yes=accepts) > floor:
            _set_preference(state, channel.value, accepts, cause_of(facts), facts)


def apply_email_list(
    state: ContactState, fact: EmailListFact, facts: Facts, *, is_counted: bool
) -> None:
    """Apply one list's word on the address.

    `is_counted` says that this very row counted a soft bounce before: replaying adds none. An
    inactive state is never lifted by a soft bounce, whichever came first.
    """
    list_id = line_normalised(fact.list_id)
    if fact.kind not in _KINDS or not list_id or len(list_id) > _MAX_LIST_ID:
        facts.notes.append("BAD_LIST_FACT: The list or its status is not one that can be kept.")
        return
    if fact.kind == SOFT:
        if not is_counted:
            _count_soft_bounce(state, fact, list_id, facts)
        return
    if state.accepts_fact(f"email_list.{facts.source.key}.{list_id}", facts.at):
        _set_list_kind(state, fact, list_id, facts)
    cause = cause_of(facts, _DEFAULT_CAUSES.get(fact.kind, fact.kind))
    if fact.kind == EmailListStatus.Kind.HARD:
        apply_email_status(state, facts, EmailStatus.BOUNCED, cause)
    else:
        _set_preference(state, Channel.EMAIL.value, False, cause, facts)


def optout_wins(state: ContactState, name: str, at: int, *, yes: bool, known_yes: bool) -> bool:
    """Note the time of a yes or no and return whether it decides."""
    if yes and not known_yes and state.fact_times.get(name) == at:
        return False
    return state.accepts_fact(name, at)


def _set_preference(
    state: ContactState, channel: str, accepts: bool, cause: str, facts: Facts
) -> None:
    name = f"preference.{channel}"
    row = state.preferences.get(channel)
    before = row["accepts"] if row else None
    at = answer_time(facts.at, facts.received, yes=accepts)
    if not optout_wins(state, name, at, yes=accepts, known_yes=before is not False):
        return
    if before != accepts:
        source = facts.source
        state.preferences[channel] = {
            "channel": channel,
            "accepts": accepts,
            "cause": cause,
            "changed_at": iso(at),
            "source_key": source.key,
            "source_label": source.label,
            "actor_label": source.actor_label,
        }
        state.changed_rows.add(("preference", channel))
        state.record(name, before, accepts)


def _count_soft_bounce(
    state: ContactState, fact: EmailListFact, list_id: str, facts: Facts
) -> None:
    row = state.email_lists.get((facts.source.key, list_id))
    before = list_label(row)
    row = row.copy() if row else _list_row(fact, list_id, facts)
    row["soft_bounces"] += 1
    if row["kind"] == SOFT:
        row["changed_at"] = max(row["changed_at"], iso(facts.at))
    _put_list_row(state, row, before)


def _set_list_kind(state: ContactState, fact: EmailListFact, list_id: str, facts: Facts) -> None:
    known = state.email_lists.get((facts.source.key, list_id))
    row = _list_row(fact, list_id, facts)
    row["soft_bounces"] = known["soft_bounces"] if known else 0
    if known is None or (known["kind"], known["esp_name"]) != (row["kind"], row["esp_name"]):
        _put_list_row(state, row, list_label(known))


def _list_row(fact: EmailListFact, list_id: str, facts: Facts) -> Row:
    return {
        "source_key": facts.source.key,
        "list_id": list_id,
        "kind": fact.kind,
        "esp_name": line_normalised(fact.esp_name)[:_MAX_ESP_NAME],
        "soft_bounces": 0,
        "changed_at": iso(facts.at),
    }


def _put_list_row(state: ContactState, row: Row, before: Any) -> None:
    key = (row["source_key"], row["list_id"])
    state.email_lists[key] = row
    state.changed_rows.add(("email_list", key))
    state.record(f"email_list.{row['list_id']}", before, list_label(row))


def list_label(row: Row | None) -> str | None:
    """Return how a history shows a list's word: `hard`, or `soft (3)`."""
    if row is None:
        return None
    return f"{SOFT} ({row['soft_bounces']})" if row["kind"] == SOFT else str(row["kind"])
