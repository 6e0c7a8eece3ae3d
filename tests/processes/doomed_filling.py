"""Work for a worker: `python -m tests.processes.doomed_filling URL COUNT`.

Fills the database of `DATABASE_URL` with one site, a subscription of URL to all that happens to
contacts, and COUNT received events, each about another person.
"""

from __future__ import annotations

import json
import sys

import django


def fill(url: str, count: int) -> None:
    from sites.models import Site
    from tests.webhooks.delivering import subscription
    from tests.webhooks.received import received_event
    from webhooks.models import Source, Status

    site = Site.objects.create(name="Doomed", slug="doomed")
    # A lease covers the time-out, and has to run out for what a crash leaves behind.
    subscription(url, site=site, event_types=["contact.*"], timeout_seconds=4)
    source = Source.objects.create(site=site, preset_key="voyado_engage", name="Engage")
    for number in range(count):
        body = _created(number)
        received_event(
            source,
            Status.RECEIVED,
            event_type="contact.created",
            body=body,
            body_bytes=len(body),
            headers={"content-type": "application/json"},
        )


def _created(number: int) -> bytes:
    return json.dumps(
        {
            "eventId": f"created-{number}",
            "eventType": "contact.created",
            "isEncrypted": False,
            "payload": {"contactId": f"contact-{number}", "email": f"p{number}@example.com"},
            "tenant": "doomed",
        }
    ).encode()


if __name__ == "__main__":
    django.setup()
    fill(sys.argv[1], int(sys.argv[2]))
