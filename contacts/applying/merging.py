"""Two contacts turned out to be one person: fact by fact, the newer one is kept."""

from __future__ import annotations

from typing import Any, Final

from contacts.applying.channels import SOFT, list_label, optout_wins
from contacts.applying.identities import Holders
from contacts.applying.states import CHANGING_COLUMNS, ContactState
from contacts.normalisation.personal_identity import personal_identity_masked

_BEGINNING: Final = -(2**63)
_NUMBER: Final = "personal_identity_number"
# Kind of fact → where a state keeps the rows, and the column with the yes or no.
_ANSWERS: Final = {"preference": ("preferences", "accepts"), "consent": ("consents", "value")}


def older_and_younger(one: ContactState, other: ContactState) -> tuple[ContactState, ContactState]:
    """Return the contact whose id stays, then the one that goes: ids sort by age."""
    return (one, other) if one.id < other.id else (other, one)


def absorb(kept: ContactState, absorbed: ContactState, holders: Holders) -> list[str]:
    """Move what is known of `absorbed` into `kept`; return the names of the facts it gave."""
    holders.drop_identities(absorbed)
    holders.drop_identities(kept)
    taken: list[str] = []
    # Asked before the times are joined. The row itself keeps the time of its last change, which
    # the same word said again does not move.
    newer_lists = {
        key for key in absorbed.email_lists if _list_time(kept, key) < _list_time(absorbed, key)
    }
    has_other_email = (
        bool(kept.values["email"] and absorbed.values["email"])
        and kept.values["email"] != absorbed.values["email"]
    )
    for name, at in absorbed.fact_times.items():
        # The state of an address goes with the address.
        if name == "email_status" and has_other_email:
            continue
        if _takes(kept, absorbed, name, at) and _take(kept, absorbed, name):
            taken.append(name)
    if has_other_email and "email" in taken:
        _take_email_status(kept, absorbed)
    for key, row in absorbed.email_lists.items():
        _join_list(kept, key, row, is_newer=key in newer_lists)
    kept.source_ids |= absorbed.source_ids
    kept.changed_columns.update(CHANGING_COLUMNS)
    absorbed.merged_into = kept
    holders.put_identities(kept)
    return taken


def _takes(kept: ContactState, absorbed: ContactState, name: str, at: int) -> bool:
    kind, _, key = name.partition(".")
    if kind not in _ANSWERS:
        if kept.fact_times.get(name) == at:
            return False
        return kept.accepts_fact(name, at)
    rows, value = _ANSWERS[kind]
    row, known = getattr(absorbed, rows).get(key), getattr(kept, rows).get(key)
    return optout_wins(
        kept,
        name,
        at,
        yes=bool(row and row[value]),
        known_yes=known is None or bool(known[value]),
    )


def _take(kept: ContactState, absorbed: ContactState, name: str) -> bool:
    """Copy one fact; return whether `kept` looks different for it."""
    kind, _, key = name.partition(".")
    if kind == "attribute":
        return _take_attribute(kept, absorbed, key)
    if kind in _ANSWERS:
        return _take_answer(kept, absorbed, kind, key)
    if name == _NUMBER:
        return _take_number(kept, absorbed)
    if name == "email_status":
        return _take_email_status(kept, absorbed)
    return name in kept.values and _take_value(kept, absorbed, name)


def _take_value(kept: ContactState, absorbed: ContactState, name: str) -> bool:
    before, after = kept.values[name], absorbed.values[name]
    if before == after:
        return False
    kept.record(name, before or None, after or None)
    kept.values[name] = after
    return True


def _take_number(kept: ContactState, absorbed: ContactState) -> bool:
    before, after = (state.values["personal_identity_hash"] for state in (kept, absorbed))
    if before == after:
        return False
    kept.values["personal_identity_hash"] = after
    kept.values[_NUMBER] = absorbed.values[_NUMBER]
    # The number itself is known only encrypted here.
    hidden = personal_identity_masked("")
    kept.record(_NUMBER, hidden if before else None, hidden if after else None)
    return True


def _take_email_status(kept: ContactState, absorbed: ContactState) -> bool:
    at = absorbed.fact_times.get("email_status")
    kept.fact_times.pop("email_status", None)
    if at is not None:
        kept.fact_times["email_status"] = at
    differs = [_take_value(kept, absorbed, name) for name in ("email_status", "email_status_cause")]
    return any(differs)


def _take_attribute(kept: ContactState, absorbed: ContactState, key: str) -> bool:
    before, after = kept.attributes.get(key), absorbed.attributes.get(key)
    if before == after:
        return False
    if after is None:
        del kept.attributes[key]
    else:
        kept.attributes[key] = after
    kept.record(f"attribute.{key}", before, after)
    return True


def _take_answer(kept: ContactState, absorbed: ContactState, kind: str, key: str) -> bool:
    rows, value = _ANSWERS[kind]
    before, after = getattr(kept, rows).get(key), getattr(absorbed, rows).get(key)
    if after is None:
        return False
    if before and before[value] == after[value]:
        if kind == "consent" and after["changed_at"] > before["changed_at"]:
            # The same answer, given again later: perhaps to a newer text.
            kept.consents[key] = after
            kept.changed_rows.add((kind, key))
        return False
    getattr(kept, rows)[key] = after
    kept.changed_rows.add((kind, key))
    kept.record(f"{kind}.{key}", before[value] if before else None, after[value])
    return True


def _list_time(state: ContactState, key: tuple[str, str]) -> int:
    """Return when the last word on a list was said; soft bounces are none."""
    return state.fact_times.get(f"email_list.{key[0]}.{key[1]}", _BEGINNING)


def _join_list(
    kept: ContactState, key: tuple[str, str], row: dict[str, Any], *, is_newer: bool
) -> None:
    known = kept.email_lists.get(key)
    joined = row
    if known is not None:
        newer = row if row["kind"] != SOFT and (is_newer or known["kind"] == SOFT) else known
        joined = newer | {"soft_bounces": known["soft_bounces"] + row["soft_bounces"]}
    kept.email_lists[key] = joined
    kept.changed_rows.add(("email_list", key))
    kept.record(f"email_list.{key[1]}", list_label(known), list_label(joined))
