"""WebEngage: feedback, surveys, campaign and custom events, in JSON or XML."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from common.json import BadJson
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.json_values import text_of
from integrations.preset import Preset, Sample
from integrations.presets.webengage.bodies import Body, BodyKind, read_body
from integrations.presets.webengage.event_names import EVENT_TYPES, clean_event_names
from integrations.presets.webengage.events import event_from
from integrations.presets.webengage.forms import feedback_event, reply_event, survey_event
from integrations.presets.webengage.xml_body import BadXml
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity
from integrations.settings_fields import FieldKind, SettingField
from integrations.verification import AllOf, IpList, Verifier, WebEngageQuerySecret
from integrations.verification.secret_rules import clean_legacy_secret

_LONGEST_ID: Final = 150
_REQUEST_ID: Final = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,150}")
_LICENSE_CODE: Final = re.compile(r"~?[A-Za-z0-9_-]{1,60}")
_SAMPLE_LICENSE_CODES: Final = (b"~99199077", b"311c48b3")


def _clean_license_code(value: str) -> str:
    if not _LICENSE_CODE.fullmatch(value):
        raise ValueError("A licence code looks like 311c48b3 or ~99199077; copy it from WebEngage.")
    return value


class WebEngage(Preset):
    key = "webengage"
    label = "WebEngage"
    summary = "Feedback, surveys, campaign events and custom events from WebEngage."
    event_types = EVENT_TYPES
    # WebEngage counts 201, 202 and 204 as failures too.
    success_status = 200
    settings_fields = (
        SettingField(
            key="license_code",
            label="Licence code",
            required=True,
            help_text="As WebEngage shows it, with the ~ if it begins with one.",
            clean=_clean_license_code,
        ),
        SettingField(
            key="secret_key",
            label="Webhook Secret Key",
            kind=FieldKind.SECRET,
            required=True,
            help_text="The key that is set in WebEngage, not the value seen in its URLs.",
            clean=clean_legacy_secret,
        ),
        SettingField(
            key="expected_event_names",
            label="Expected events",
            help_text="Names, separated by commas, when this source is for certain events. Others "
            "are kept and ignored. Empty: every event counts.",
            clean=clean_event_names,
        ),
        SettingField(
            key="email_field",
            label="Question that holds the e-mail",
            help_text="Its id or label, when visitors give their address in a question of your "
            "own. The built-in e-mail field is found by itself.",
        ),
        SettingField(
            key="phone_field",
            label="Question that holds the phone number",
            help_text="Its id or label. Empty: no phone number is read from forms.",
        ),
        SettingField(
            key="allowed_networks",
            label="Allowed addresses",
            kind=FieldKind.NETWORKS,
            help_text="Optional second check; WebEngage publishes no list. Empty: any address.",
        ),
    )

    def verifier(self, config: PresetConfig) -> Verifier:
        secret = WebEngageQuerySecret(
            license_code=str(config.settings.get("license_code") or ""),
            key=config.secrets.get("secret_key"),
        )
        networks = config.settings.get("allowed_networks")
        return AllOf(IpList(networks), secret) if networks else secret

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        try:
            body = read_body(request.body)
        except BadJson as error:
            raise RefusedBody("BAD_JSON", str(error)) from None
        except BadXml as error:
            raise RefusedBody("BAD_XML", str(error)) from None
        event_type = body.event_type or request.query.get("eventType", "")
        return RequestIdentity(
            dedupe_key=_dedupe_key(request, event_type),
            event_type=event_type[:_LONGEST_ID],
            event_id=body.event_id[:_LONGEST_ID],
        )

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        try:
            body = read_body(request.body)
        except BadJson as error:
            raise UnreadablePayload("BAD_JSON", str(error)) from None
        except BadXml as error:
            raise UnreadablePayload("BAD_XML", str(error)) from None
        foreign = _foreign_event(body, config)
        return [foreign if foreign is not None else _translated(body, request, config)]

    def sample_body(self, sample: Sample, config: PresetConfig) -> bytes:
        body = sample.body()
        license_code = config.settings.get("license_code")
        if license_code:
            for code in _SAMPLE_LICENSE_CODES:
                body = body.replace(code, license_code.encode())
        return body


def _dedupe_key(request: InboundRequest, event_type: str) -> str:
    """Return WebEngage's own request id, else the digest of event type and body."""
    request_id = request.headers.get("x-request-id", "").strip()
    if _REQUEST_ID.fullmatch(request_id):
        return f"request:{request_id}"
    digest = hashlib.sha256(event_type.encode("utf-8", "replace") + b"\n" + request.body)
    return f"sha256:{digest.hexdigest()}"


def _foreign_event(body: Body, config: PresetConfig) -> InboundEvent | None:
    """Return an ignored event when the body is not for this source, else None."""
    expected = config.settings.get("expected_event_names")
    if body.kind is BodyKind.UNKNOWN:
        return _ignored(
            body,
            "UNKNOWN_BODY",
            "The body is neither an event nor a feedback, a reply or a survey response.",
        )
    license_code = config.settings.get("license_code")
    given = _license_code_of(body.data)
    if given and license_code and given != license_code:
        return _ignored(
            body,
            "WRONG_LICENSE_CODE",
            f"The body is of the account “{given[:60]}”, this source is for “{license_code}”.",
        )
    if expected and body.event_type not in expected.split(", "):
        return _ignored(
            body,
            "UNEXPECTED_EVENT_TYPE",
            f"This source is for {expected} only; “{body.event_type[:60]}” came.",
        )
    return None


def _license_code_of(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    return text_of(data.get("license_code")) or text_of(data.get("licenseCode"))


def _ignored(body: Body, cause: str, reason: str) -> InboundEvent:
    return InboundEvent(
        type=body.event_type,
        event_id=body.event_id,
        disposition=Disposition.IGNORED,
        cause=cause,
        reason=reason,
    )


def _translated(body: Body, request: InboundRequest, config: PresetConfig) -> InboundEvent:
    event = _read(body, request, config)
    event.data = body.data
    return event


def _read(body: Body, request: InboundRequest, config: PresetConfig) -> InboundEvent:
    match body.kind:
        case BodyKind.FEEDBACK:
            return feedback_event(body.data, config, request.received_at)
        case BodyKind.FEEDBACK_REPLY:
            return reply_event(body.data, request.received_at)
        case BodyKind.SURVEY_RESPONSE:
            return survey_event(body.data, config, request.received_at)
        case _:
            key = _dedupe_key(request, body.event_type)
            return event_from(body.data, request.received_at, key)
