"""Answers to consents: which one counts, and the proof that is kept of each.

A yes or no is kept as the contact's standing; every answer that counted is kept beside it for ever,
with the version of the text that was shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.identifiers import new_row_hex
from contacts.applying.channels import optout_wins
from contacts.applying.facts import Facts
from contacts.applying.instants import answer_time, fact_time, iso, micros
from contacts.applying.states import ContactState, Row
from contacts.models import Consent, ConsentText
from contacts.normalisation.values import line_normalised
from integrations.contact_change import ConsentFact

_MAX_CONSENT_ID: Final[int] = Consent._meta.get_field("consent_id").max_length or 0
_MAX_COMMENT: Final[int] = Consent._meta.get_field("comment").max_length or 0
_MAX_LABEL: Final[int] = Consent._meta.get_field("source_label").max_length or 0
_MAX_VERSION: Final = 2**31 - 1


@dataclass(slots=True)
class Answer:
    """One answer on its way to the database; the contact may still be merged into another."""

    state: ContactState
    consent_id: str
    columns: Row


class TextVersions:
    """Which version of a consent's text stood at a time; asks the database once per batch."""

    __slots__ = ("_published",)

    def __init__(self, facts_of_batch: Iterable[Facts]) -> None:
        self._published: dict[tuple[int, str], list[tuple[int, int]]] = {}
        site_ids, consent_ids = set(), set()
        for facts in facts_of_batch:
            for consent in facts.change.consents:
                site_ids.add(facts.site_id)
                consent_ids.add(line_normalised(consent.consent_id))
        texts = ConsentText.objects.filter(
            definition__site_id__in=site_ids, definition__consent_id__in=consent_ids
        )
        for site_id, consent_id, version, published_at in texts.order_by("version").values_list(
            "definition__site_id", "definition__consent_id", "version", "published_at"
        ):
            versions = self._published.setdefault((site_id, consent_id), [])
            versions.append((version, micros(published_at)))

    def newest(self, site_id: int, consent_id: str, at: int) -> int | None:
        """Return the newest version that was published by then."""
        published = self._published.get((site_id, consent_id), [])
        return next((version for version, since in reversed(published) if since <= at), None)


def apply_consents(
    state: ContactState, facts: Facts, floor: int, texts: TextVersions, recorded_at: str
) -> list[Answer]:
    """Set consents whose own time, or that of the change, is after `floor`; return what counted."""
    answers = []
    for consent in facts.change.consents:
        consent_id = line_normalised(consent.consent_id)
        if not consent_id or len(consent_id) > _MAX_CONSENT_ID:
            facts.notes.append("BAD_CONSENT_ID: The id of a consent is empty or too long.")
            continue
        said = facts.at if consent.at is None else fact_time(consent.at, facts.received)
        at = answer_time(said, facts.received, yes=consent.value)
        if at <= floor:
            continue
        version = _version_told(consent) or texts.newest(facts.site_id, consent_id, at)
        row = _row(consent, consent_id, at, version, facts)
        previous = state.consents.get(consent_id)
        if _counts(state, consent, row, at):
            state.consents[consent_id] = row
            state.changed_rows.add(("consent", consent_id))
            before = previous["value"] if previous else None
            if before != row["value"]:
                state.record(f"consent.{consent_id}", before, row["value"])
            answers.append(_answer(state, row, before, facts, recorded_at))
    return answers


def rival_answers(one: ContactState, other: ContactState) -> dict[str, tuple[Row, Row]]:
    """Return what two contacts, about to become one, answered differently."""
    return {
        consent_id: (row, other.consents[consent_id])
        for consent_id, row in one.consents.items()
        if consent_id in other.consents and other.consents[consent_id]["value"] != row["value"]
    }


def settled_answers(
    kept: ContactState, rivals: dict[str, tuple[Row, Row]], facts: Facts, recorded_at: str
) -> list[Answer]:
    """Return answers whose renewal is what makes them stand after a merge, and so is kept now.

    A sender that repeated a no with every event said it after the other contact's yes. Without a
    row of its own for that, the joined history would end with the yes.
    """
    answers = []
    for consent_id, rows in rivals.items():
        row = kept.consents[consent_id]
        other = next(each for each in rows if each["value"] != row["value"])
        if other["changed_at"] < row["changed_at"]:
            continue
        said_again = row | {"changed_at": iso(kept.fact_times[f"consent.{consent_id}"])}
        kept.consents[consent_id] = said_again
        kept.changed_rows.add(("consent", consent_id))
        answers.append(_answer(kept, said_again, other["value"], facts, recorded_at))
    return answers


def _counts(state: ContactState, consent: ConsentFact, row: Row, at: int) -> bool:
    """Return whether an answer is the newest, and more than the one before said again.

    The same answer counts again when its sender says when it was given. Senders that repeat all
    they know of a person with every event do not, or say the time that is known.
    """
    name = f"consent.{row['consent_id']}"
    known = state.consents.get(row["consent_id"])
    known_at = state.fact_times.get(name)
    known_yes = known is None or known["value"]
    if not optout_wins(state, name, at, yes=row["value"], known_yes=known_yes):
        return False
    if known is None or known["value"] != row["value"]:
        return True
    return consent.at is not None and at != known_at


def _row(
    consent: ConsentFact, consent_id: str, at: int, version: int | None, facts: Facts
) -> dict[str, Any]:
    source = facts.source
    return {
        "consent_id": consent_id,
        "value": consent.value,
        "changed_at": iso(at),
        "text_version": version,
        "comment": line_normalised(consent.comment)[:_MAX_COMMENT],
        "source_key": source.key,
        "source_label": line_normalised(consent.source)[:_MAX_LABEL] or source.label,
        "actor_label": source.actor_label,
    }


def _answer(
    state: ContactState, row: Row, before: bool | None, facts: Facts, recorded_at: str
) -> Answer:
    columns = {name: value for name, value in row.items() if name != "consent_id"}
    columns |= {
        "id": new_row_hex(),
        "previous_value": before,
        "recorded_at": recorded_at,
        "received_event_id": facts.source.received_event_id,
    }
    return Answer(state, row["consent_id"], columns)


def _version_told(consent: ConsentFact) -> int | None:
    version = consent.text_version
    return version if version is not None and 1 <= version <= _MAX_VERSION else None


def answer_rows(answers: Sequence[Answer], consents: dict[tuple[str, str], int]) -> list[Row]:
    """Return the rows to insert; `consents` holds the key of the consent they belong to."""
    rows = []
    for answer in answers:
        contact_id = answer.state.final().id
        consent = consents[contact_id, answer.consent_id]
        rows.append({**answer.columns, "contact_id": contact_id, "consent_id": consent})
    return rows
