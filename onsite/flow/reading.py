"""From the JSON of a site to a checked request. Every fault is told at once, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.problems import FieldProblem
from contacts.normalisation.personal_identity import personal_identity_normalised
from contacts.normalisation.values import line_normalised
from integrations.generic_api.options import CustomOption, clean_value
from integrations.generic_api.visitor import VisitorData
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from onsite.flow.conversion import read_conversion
from onsite.flow.refusals import InvalidSubmission
from onsite.flow.request import SubmissionRequest
from onsite.models import Register, Role

# Longest text of each member of `contact`.
_LONGEST: Final = {"email": 320, "phone": 60, "name": 400, "personalIdentity": 60}
_BAD_PHONE: Final = (
    "BAD_PHONE: The phone number does not exist in the site's country or as written; it was left "
    "out."
)


def read_request(
    document: Any, *, options: tuple[CustomOption, ...], register: Register, country: str
) -> SubmissionRequest:
    """Return the request; raises InvalidSubmission with every fault. Unknown keys are ignored.

    Null means not given. A phone that cannot exist is left out with a note; a personal identity
    number is kept as typed, because the retailer's country may have other ones than those known
    here. One identity must be left that the register can use.
    """
    reader = _Reader()
    if not isinstance(document, Mapping):
        raise InvalidSubmission((FieldProblem("", "The body must be a JSON object."),))
    role = reader.role(document.get("role"))
    contact = reader.member("contact", document.get("contact"))
    texts = {name: reader.text(f"contact.{name}", contact.get(name), most)
             for name, most in _LONGEST.items()}  # fmt: skip
    visitor = VisitorData(
        email=reader.email(texts["email"]),
        phone=reader.phone(texts["phone"], country),
        name=texts["name"],
        personal_identity=_personal_identity(texts["personalIdentity"], country),
        options=reader.options(contact.get("options"), options),
    )
    conversion, faults = read_conversion(document.get("conversion"))
    reader.faults += faults
    if not reader.faults and not _is_usable(visitor, register, country):
        reader.fault(
            "contact", "Give an e-mail address, a phone number or a personal identity number."
        )
    if reader.faults or role is None:
        raise InvalidSubmission(tuple(reader.faults))
    return SubmissionRequest(
        role=role, visitor=visitor, conversion=conversion, notes=tuple(reader.notes)
    )


class _Reader:
    """Reads members one by one and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[FieldProblem] = []
        self.notes: list[str] = []

    def fault(self, path: str, reason: str) -> None:
        self.faults.append(FieldProblem(path, reason))

    def role(self, given: Any) -> Role | None:
        if isinstance(given, str) and given in Role.values:
            return Role(given)
        self.fault("role", f"Must be one of: {', '.join(Role.values)}.")
        return None

    def member(self, path: str, given: Any) -> Mapping[str, Any]:
        if isinstance(given, Mapping):
            return given
        self.fault(path, "Must be a JSON object.")
        return {}

    def text(self, path: str, given: Any, longest: int) -> str:
        if given is None:
            return ""
        if not isinstance(given, str):
            self.fault(path, "Must be text.")
            return ""
        text = line_normalised(given)
        if len(text) > longest:
            self.fault(path, f"Is longer than {longest} characters.")
            return ""
        return text

    def email(self, text: str) -> str:
        address = email_normalised(text) if text else None
        if text and address is None:
            # The visitor is still there and can correct it.
            self.fault("contact.email", "Is not a valid e-mail address.")
        return address or ""

    def phone(self, text: str, country: str) -> str:
        phone = phone_normalised(text, country) if text else None
        if text and phone is None:
            self.notes.append(_BAD_PHONE)
        return phone or ""

    def options(self, given: Any, options: tuple[CustomOption, ...]) -> dict[str, Any]:
        if given is None:
            return {}
        chosen = self.member("contact.options", given)
        values: dict[str, Any] = {}
        for option in options:
            value = chosen.get(option.key)
            if value is None or value == "":
                continue
            try:
                values[option.key] = clean_value(option, value)
            except ValueError as error:
                self.fault(f"contact.options.{option.key}", f"“{option.label}” {error}.")
        return values


def _personal_identity(text: str, country: str) -> str:
    return personal_identity_normalised(text, country) or text


def _is_usable(visitor: VisitorData, register: Register, country: str) -> bool:
    number = visitor.personal_identity
    if register is Register.PATCHBAY and number:
        # Patchbay finds people by numbers that it can check.
        number = personal_identity_normalised(number, country) or ""
    return bool(visitor.email or visitor.phone or number)
