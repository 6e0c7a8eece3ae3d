from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.bulk import insert_rows, rows_as_table, rows_parameter, update_rows
from common.identifiers import new_row_id
from contacts.models import Activity, Contact, Preference
from sites.models import Site
from tests.factories import SourceFactory
from webhooks.models import ReceivedEvent

AT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def contact_row(site: Site, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        field.attname: field.get_default() for field in Contact._meta.concrete_fields
    }
    for name in ("email", "phone", "external_id", "personal_identity_hash", "birth_date"):
        row[name] = None
    row |= {"id": new_row_id(), "site_id": site.pk, "created_at": AT, "updated_at": AT}
    return row | values


def test_every_kind_of_value_comes_back_as_it_was(site: Site) -> None:
    row = contact_row(
        site,
        email="jane@example.com",
        first_name='Zoë "x" \\ 50 % \n☃',
        birth_date="2001-02-03",
        attributes={"a": [1, None, True, {"ö": "1.50"}]},
        fact_times={"email": 1772600767000089},
        deleted_at=None,
    )
    insert_rows(connection, Contact, [row])
    contact = Contact.objects.get(pk=row["id"])
    assert {name: getattr(contact, name) for name in row} == row | {
        "birth_date": datetime(2001, 2, 3, tzinfo=UTC).date()
    }
    assert Contact.objects.filter(attributes__a__0=1, created_at=AT).exists()


def test_whole_seconds_sort_among_fractions(site: Site) -> None:
    times = [AT.replace(microsecond=0), AT, AT + timedelta(seconds=1)]
    insert_rows(connection, Contact, [contact_row(site, created_at=at.isoformat()) for at in times])
    stored = Contact.objects.order_by("created_at").values_list("created_at", flat=True)
    assert list(stored) == times
    assert Contact.objects.filter(created_at__lte=AT).count() == 2


def test_conflict_tail_decides_about_rows_that_exist(site: Site) -> None:
    row = contact_row(site)
    insert_rows(connection, Contact, [row])
    activity = {
        "id": str(new_row_id()),
        "site_id": site.pk,
        "contact_id": row["id"],
        "type": "reply",
        "occurred_at": AT,
        "recorded_at": AT,
        "properties": {"text": "first"},
        "source_key": "s",
        "source_label": "",
        "key": "1",
        "received_event_id": None,
    }
    insert_rows(connection, Activity, [activity])
    later = activity | {"id": str(new_row_id()), "properties": {"text": "second"}}
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(connection, Activity, [later])
    insert_rows(connection, Activity, [later], conflict="ON CONFLICT DO NOTHING")
    assert Activity.objects.get().properties == {"text": "first"}


def test_returning_tells_which_rows_were_written(site: Site) -> None:
    rows = [contact_row(site, email=f"{name}@example.com") for name in "abc"]
    insert_rows(connection, Contact, rows[:2])
    written = insert_rows(
        connection, Contact, rows, conflict="ON CONFLICT DO NOTHING", returning="email"
    )
    assert written == [("c@example.com",)]


def test_update_touches_the_named_columns_of_the_named_rows(site: Site) -> None:
    rows = [contact_row(site, first_name=name, city="Lund") for name in "abc"]
    insert_rows(connection, Contact, rows)
    update_rows(
        connection,
        Contact,
        [
            {"id": rows[0]["id"], "first_name": "A", "attributes": {"x": 1}},
            {"id": str(rows[2]["id"]), "first_name": "C", "attributes": {}},
            {"id": uuid.uuid4(), "first_name": "nobody", "attributes": {}},
        ],
        columns=("first_name", "attributes"),
    )
    assert sorted(Contact.objects.values_list("first_name", "city")) == [
        ("A", "Lund"),
        ("C", "Lund"),
        ("b", "Lund"),
    ]
    assert Contact.objects.get(pk=rows[0]["id"]).attributes == {"x": 1}


def test_keys_of_the_database_are_left_to_it(site: Site) -> None:
    row = contact_row(site)
    insert_rows(connection, Contact, [row])
    insert_rows(
        connection,
        Preference,
        [
            {
                "contact_id": row["id"],
                "channel": channel,
                "accepts": accepts,
                "cause": "",
                "changed_at": AT,
                "source_key": "",
                "source_label": "",
                "actor_label": "",
            }
            for channel, accepts in (("email", True), ("sms", False))
        ],
    )
    preferences = Preference.objects.filter(contact_id=row["id"])
    assert dict(preferences.values_list("channel", "accepts")) == {"email": True, "sms": False}
    assert all(preferences.values_list("pk", flat=True))


def test_blobs_arrive_byte_for_byte(site: Site) -> None:
    source = SourceFactory.create(site=site)
    body = bytes(range(256))
    insert_rows(
        connection,
        ReceivedEvent,
        [
            {
                "id": new_row_id(),
                "site_id": site.pk,
                "source_id": source.pk,
                "dedupe_key": key,
                "event_id": "",
                "event_type": "t",
                "received_at": AT,
                "remote_address": "",
                "headers": {"a": "b"},
                "query": {},
                "body": blob,
                "body_bytes": 256,
                "status": "received",
                "cause": "",
                "reason": "",
                "attempts": 0,
                "due_at": AT,
                "lease_owner": "",
                "lease_expires_at": None,
                "processed_at": None,
                "rows_applied": 0,
                "rows_unchanged": 0,
                "rows_ignored": 0,
                "rows_quarantined": 0,
                "history": [],
            }
            for key, blob in (("1", body), ("2", None))
        ],
    )
    stored = dict(ReceivedEvent.objects.values_list("dedupe_key", "body"))
    assert bytes(stored["1"] or b"") == body
    assert stored["2"] is None


def test_a_table_of_rows_joins(site: Site) -> None:
    rows = [contact_row(site, email=f"{name}@example.com") for name in "abc"]
    insert_rows(connection, Contact, rows)
    wanted = [{"site_id": site.pk, "email": f"{name}@example.com"} for name in "bcx"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.email FROM contacts_contact c JOIN "
            f"{rows_as_table(connection, Contact, ('site_id', 'email'))} k "
            "ON k.site_id = c.site_id AND k.email = c.email ORDER BY c.email",
            [rows_parameter(wanted)],
        )
        assert [email for (email,) in cursor.fetchall()] == ["b@example.com", "c@example.com"]


def test_an_unknown_column_is_named(site: Site) -> None:
    with pytest.raises(ValueError, match="Contact has no column for “site”"):
        insert_rows(connection, Contact, [{"site": 1}])


def test_nothing_to_do_asks_the_database_nothing(
    site: Site, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        insert_rows(connection, Contact, [])
        update_rows(connection, Contact, [], columns=("email",))
