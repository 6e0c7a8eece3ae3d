"""Where a visitor is looked up and written: the retailer's own API, or Patchbay's contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from integrations.generic_api import client
from integrations.generic_api.options import CustomOption, options_of
from integrations.generic_api.visitor import VisitorData
from integrations.models import GenericApi, Outcome, Purpose
from onsite.flow.causes import cause_of
from onsite.models import Register
from onsite.people import person_find, visitor_of
from sites.models import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How one step went. `code` and `reason` are set when it blocks the visitor."""

    outcome: Outcome
    known_contact: VisitorData | None = None
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def continues(self) -> bool:
        return not self.code


class VisitorRegister(Protocol):
    """Knows the visitors of a site. Neither method raises for anything that others do."""

    def lookup(self, visitor: VisitorData) -> StepResult: ...

    def write(self, visitor: VisitorData, tag: str) -> StepResult: ...


class RetailersApi:
    """The site's Generic API; one call for each step, and each call is logged."""

    def __init__(self, api: GenericApi, purpose: Purpose, submission_id: UUID) -> None:
        self._api, self._purpose, self._submission_id = api, purpose, submission_id

    def lookup(self, visitor: VisitorData) -> StepResult:
        return _step(
            client.lookup(
                api=self._api,
                visitor=visitor,
                purpose=self._purpose,
                submission_id=self._submission_id,
            )
        )

    def write(self, visitor: VisitorData, tag: str) -> StepResult:
        return _step(
            client.write(
                api=self._api,
                visitor=visitor,
                tag=tag,
                purpose=self._purpose,
                submission_id=self._submission_id,
            )
        )


class OwnContacts:
    """Patchbay's contacts. Writing is the change to the contact that ends every submission."""

    def __init__(
        self, site: Site, options: tuple[CustomOption, ...], is_known: bool | None
    ) -> None:
        self._site, self._options, self._is_known = site, options, is_known

    def lookup(self, visitor: VisitorData) -> StepResult:
        person = person_find(site=self._site, visitor=visitor)
        self._is_known = person.contact is not None
        if person.contact is None:
            return StepResult(outcome=Outcome.NOT_FOUND, notes=person.notes)
        return StepResult(
            outcome=Outcome.FOUND,
            known_contact=visitor_of(person.contact, self._options),
            notes=person.notes,
        )

    def write(self, visitor: VisitorData, tag: str) -> StepResult:
        return StepResult(outcome=Outcome.UPDATED if self._is_known else Outcome.CREATED)


def register_kind(api: GenericApi | None) -> Register:
    return Register.GENERIC_API if api is not None and api.is_active else Register.PATCHBAY


def site_api(site: Site) -> GenericApi | None:
    """Return the site's Generic API as stored, active or not."""
    return GenericApi.objects.filter(site_id=site.pk).select_related("site").first()


def site_options(api: GenericApi | None) -> tuple[CustomOption, ...]:
    return options_of(api) if api is not None else ()


def _step(result: client.CallResult) -> StepResult:
    call = result.call
    return StepResult(
        outcome=Outcome(call.outcome),
        known_contact=result.visitor,
        code="" if result.continues else cause_of(call),
        reason="" if result.continues else call.reason,
        notes=tuple(result.notes),
    )
