"""How fast custom events come in by key, strictly read: `./patchbay bench custom_events`.

Beside it, in the same run, a signed source with a body of the same size; and events without
`createContact`, which look for their contact first. Needs wrk.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.installation import temporary_installation
from benchmarks.load import Load, drive_with_wrk, has_wrk
from benchmarks.reception import measured

if TYPE_CHECKING:
    from benchmarks.traffic import SignedTraffic
    from benchmarks.web import Web

_HERE: Final = Path(__file__).parent
_SIGNED_PER_SECOND: Final = 25_000
_PLAIN_FIELDS: Final = 20


def main() -> int:
    options = _options()
    if not has_wrk():
        raise SystemExit("This needs wrk. Install it: apt-get install wrk")
    with temporary_installation(options.database) as folder:
        print(f"Custom events on {options.database}, {options.connections} connections")
        return 0 if _bench(folder, options) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    return parser.parse_args()


def _bench(folder: Path, options: argparse.Namespace) -> bool:
    from benchmarks.stored import check_stored
    from benchmarks.traffic import make_signed_traffic

    signed = make_signed_traffic(folder, options.seconds * _SIGNED_PER_SECOND)
    path, authorization, body = _keyed_traffic(folder)
    print(f"  bodies: signed {len(signed.body)} bytes, keyed {body.stat().st_size} bytes")

    def keyed(web: Web, query: str) -> Load:
        return drive_with_wrk(
            web.port,
            _HERE / "keyed.lua",
            [str(body), f"{path}{query}", authorization],
            seconds=options.seconds,
            connections=options.connections,
        )

    loads = [
        measured("signed source", "event", lambda web: _signed(web, signed, options)),
        measured("by key", "event", lambda web: keyed(web, "?createContact=true")),
        measured("by key, contact looked up", "event", lambda web: keyed(web, "")),
    ]
    return check_stored(_together(loads))


def _signed(web: Web, traffic: SignedTraffic, options: argparse.Namespace) -> Load:
    return drive_with_wrk(
        web.port,
        _HERE / "signed.lua",
        [str(traffic.file), traffic.path, traffic.timestamp],
        seconds=options.seconds,
        connections=options.connections,
    )


def _together(loads: list[Load]) -> Load:
    return Load(
        acknowledged=sum(load.acknowledged for load in loads),
        refused=sum(load.refused for load in loads),
        failed=sum(load.failed for load in loads),
        seconds=sum(load.seconds for load in loads),
        p50_ms=0.0,
        p99_ms=0.0,
    )


def _keyed_traffic(folder: Path) -> tuple[str, str, Path]:
    """Make an event, a key and the contact; return path, header and the file with the body."""
    from django.utils import timezone

    from contacts.models import Contact
    from integrations.models import CustomIntegration
    from sites.api_keys.services import api_key_create
    from sites.audit import Actor
    from sites.models import Scope, Site
    from webhooks.inbound.reception_events.services import reception_event_save
    from webhooks.models import Context, ReceptionEvent

    actor = Actor.system("bench")
    site = Site.objects.get(slug="bench")
    event = ReceptionEvent(
        site=site,
        integration=CustomIntegration.objects.create(site=site, name="Bench"),
        context=Context.API,
        name="Bench",
        alias="bench",
    )
    reception_event_save(event=event, fields=_fields(), actor=actor, throttle_per_second=0)
    made = api_key_create(site=site, name="b", scopes=[Scope.CUSTOM_EVENTS_WRITE], actor=actor)
    now = timezone.now()
    body = _body()
    Contact.objects.create(site=site, email=body["email"], created_at=now, updated_at=now)
    file = folder / "keyed.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    return "/custom-events/alias/bench", f"ApiKey {made.key.key_id}:{made.secret}", file


def _fields() -> list[Any]:
    from webhooks.models import ReceptionField

    def field(name: str, type_: str = "text", **values: Any) -> ReceptionField:
        return ReceptionField(field_id=name, name=name, type=type_, **values)

    options = [{"id": each, "label": each} for each in ("shoes", "bags", "hats")]
    return [
        field("email", "email", is_primary_key=True),
        field("phone", "phone", default_country_code="34"),
        field("points", "integer"),
        field("amount", "decimal"),
        field("vip", "boolean"),
        field("visit", "date"),
        field("tier", "radio", options=options),
        field("interests", "checkbox", options=options),
        *(field(f"attribute{number}") for number in range(_PLAIN_FIELDS)),
    ]


def _body() -> dict[str, Any]:
    return {
        "email": "john.doe@example.org",
        "phone": "666777888",
        "points": 10,
        "amount": 49.9,
        "vip": True,
        "visit": "2024-03-15T10:30:00Z",
        "tier": "hats",
        "interests": ["shoes", "hats"],
        **{f"attribute{number}": "value" * 4 for number in range(_PLAIN_FIELDS)},
    }


if __name__ == "__main__":
    raise SystemExit(main())
