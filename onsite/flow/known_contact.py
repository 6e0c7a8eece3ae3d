"""What the retailer's register says of a visitor, beside what the visitor says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contacts.normalisation.personal_identity import personal_identity_normalised
from integrations.generic_api.visitor import VisitorData
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised

# In the order in which they decide who somebody is.
_LABELS: Final = {
    "email": "e-mail address",
    "phone": "phone number",
    "personal_identity": "personal identity number",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differing` are the identities that both have and that differ, strongest first.

    `is_other`: the strongest that both have is among them, so that the register's contact may be
    another person.
    """

    differing: tuple[str, ...] = ()
    is_other: bool = False

    @property
    def note(self) -> str:
        listed = " and another ".join(_LABELS[name] for name in self.differing)
        return (
            f"OTHER_IDENTITY: The retailer's register has another {listed} for this visitor; "
            "nothing of its data was taken over."
        )


def compare(visitor: VisitorData, known: VisitorData, country: str) -> Comparison:
    """Compare identities as contacts spell them."""
    given, found = _identities(visitor, country), _identities(known, country)
    shared = [name for name in _LABELS if given[name] and found[name]]
    differing = tuple(name for name in shared if given[name] != found[name])
    return Comparison(differing, is_other=bool(differing) and shared[0] == differing[0])


def beneath(visitor: VisitorData, known: VisitorData) -> VisitorData:
    """Return the visitor's data, completed by what only the register knows."""
    return VisitorData(
        email=visitor.email or known.email,
        phone=visitor.phone or known.phone,
        name=visitor.name or known.name,
        personal_identity=visitor.personal_identity or known.personal_identity,
        options={**known.options, **visitor.options},
    )


def _identities(data: VisitorData, country: str) -> dict[str, str | None]:
    return {
        "email": email_normalised(data.email) if data.email else None,
        "phone": phone_normalised(data.phone, country) if data.phone else None,
        "personal_identity": personal_identity_normalised(data.personal_identity, country),
    }
