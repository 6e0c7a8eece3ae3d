"""Whatever the rule and whatever the contacts: the database finds who plain Python finds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.segments.queries import contacts_matching, matching_ids
from automation.segments.rules import read_rule, rule_json
from automation.segments.wording import rule_words
from common.identifiers import new_row_id
from contacts.models import (
    Activity,
    Consent,
    ConsentDefinition,
    Contact,
    ContactField,
    PointAccount,
    PointDefinition,
    Preference,
)
from sites.models import Site
from tests.automation.segments.made import NOW, group
from tests.automation.segments.plain_rules import Moment, Person, matches

ZONES = ("UTC", "Europe/Stockholm", "America/Los_Angeles", "Pacific/Auckland")
# Few enough that conditions hit, with case, letters beyond ASCII, and what SQL could trip over.
TEXTS = ("Malmö", "malmö", "Lund", "Lu%d", "L_nd", "O'Hara", '"', "å", "12", "007", "-", "1e5")
OPTIONS = ("gold", "silver", "it's")
NUMBERS = ("0", "1", "-1", "2.5", "100", "99.99", "1000000")
INSTANTS = tuple(
    NOW + timedelta(days=days, seconds=seconds)
    for days in (-400, -30, -7, -1, 0, 1, 7, 200)
    for seconds in (-1, 0, 1, 43_000)
)
DAYS = (
    *(date(2026, 3, 15) + timedelta(days=days) for days in (-400, -8, -7, -6, -1, 0, 1, 6, 7, 8)),
    date(1988, 2, 29),
    date(1990, 3, 16),
    date(1970, 12, 31),
)
PATHS = ("total", "paid", "tags", "note", "/order/total", "order", "å b", "none")
FIELDS = {
    "text": "text",
    "whole": "integer",
    "price.x": "decimal",
    "vip": "boolean",
    "since": "date",
    "tier": "radio",
    "likes": "checkbox",
}

texts, numbers, days = st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(DAYS)
instant_texts = st.sampled_from(INSTANTS).map(lambda at: at.isoformat().replace("+00:00", "Z"))
day_texts = days.map(date.isoformat)
# What an attribute may hold whatever the type of its field, which may be younger.
plain_values = st.one_of(
    texts,
    numbers,
    st.sampled_from((0, 1, -1, 100, 2.5, 99.99, 10**15, True, False, None, "", [], {}, ["gold"])),
    instant_texts,
    day_texts,
    st.lists(st.sampled_from(OPTIONS), max_size=2),
)
properties = st.dictionaries(
    st.sampled_from(("total", "paid", "tags", "note", "order", "å b")),
    st.one_of(plain_values, st.dictionaries(st.just("total"), plain_values, max_size=1)),
    max_size=4,
)
answers = st.sampled_from(("yes", "no", "not_set"))
whole_days = st.sampled_from((0, 1, 7, 30, 365))

people = st.builds(
    Person,
    columns=st.fixed_dictionaries(
        {
            "first_name": st.one_of(st.just(""), texts),
            "city": st.one_of(st.just(""), texts),
            "birth_date": st.one_of(st.none(), days),
            "created_at": st.sampled_from(INSTANTS),
            "updated_at": st.sampled_from(INSTANTS),
            "email_status": st.sampled_from(("active", "bounced")),
            "has_email": st.booleans(),
            "attributes": st.dictionaries(st.sampled_from(sorted(FIELDS)), plain_values),
        }
    ),
    preferences=st.dictionaries(st.sampled_from(("email", "sms", "postal")), st.booleans()),
    consents=st.dictionaries(st.sampled_from(("terms", "news")), st.booleans()),
    points=st.dictionaries(st.sampled_from((1, 2)), numbers.map(lambda text: abs(Decimal(text)))),
    activities=st.lists(
        st.tuples(st.sampled_from(("order", "visit")), st.sampled_from(INSTANTS), properties),
        max_size=4,
    ),
)


def _field(name: str, operators: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    unset = {"is_set": st.none(), "is_not_set": st.none()}
    return st.one_of(
        *(
            st.fixed_dictionaries(
                {"kind": st.just("field"), "field": st.just(name), "operator": st.just(operator)}
                | ({} if operator in unset else {"value": value})
            )
            for operator, value in {**operators, **unset}.items()
        )
    )


_text = {
    **dict.fromkeys(("eq", "ne", "contains", "starts_with"), texts),
    "in": st.lists(texts, min_size=1, max_size=3),
}
_number = dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le"), numbers)
_date = {
    **dict.fromkeys(("before", "after", "on"), day_texts),
    **dict.fromkeys(
        ("within_days", "older_than_days", "within_next_days", "anniversary_within_days"),
        whole_days,
    ),
}
_options = dict.fromkeys(
    ("in", "not_in"), st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=2)
)
field_conditions = st.one_of(
    *(_field(name, _text) for name in ("first_name", "city", "email", "attribute:text")),
    *(_field(f"attribute:{name}", _number) for name in ("whole", "price.x")),
    _field("attribute:vip", {"is": st.booleans()}),
    *(_field(name, _date) for name in ("birth_date", "created_at", "attribute:since")),
    *(_field(f"attribute:{name}", _options) for name in ("tier", "likes")),
)


@st.composite
def property_conditions(draw: Any) -> dict[str, Any]:
    operator = draw(
        st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le", "contains", "in", "is_set"))
    )
    condition: dict[str, Any] = {"path": draw(st.sampled_from(PATHS)), "operator": operator}
    comparable = st.one_of(texts, day_texts, st.sampled_from((0, 1, 100, 2.5, 99.99)))
    if operator == "is_set":
        return condition
    if operator == "in":
        value: Any = draw(st.lists(comparable, min_size=1, max_size=3))
    elif operator == "contains":
        value = draw(st.one_of(texts, st.sampled_from(OPTIONS)))
    elif operator in ("eq", "ne"):
        value = draw(st.one_of(comparable, st.booleans()))
    else:
        value = draw(comparable)
    return condition | {"value": value}


@st.composite
def activity_conditions(draw: Any) -> dict[str, Any]:
    operator = draw(st.sampled_from(("at_least", "at_most", "exactly")))
    return {
        "kind": "activity",
        "type": draw(st.sampled_from(("order", "visit", "never"))),
        "operator": operator,
        "count": draw(st.integers(1 if operator == "at_least" else 0, 3)),
        "days": draw(st.sampled_from((None, 1, 7, 365))),
        "properties": draw(st.lists(property_conditions(), max_size=2)),
    }


conditions = st.one_of(
    field_conditions,
    st.fixed_dictionaries(
        {
            "kind": st.just("preference"),
            "channel": st.sampled_from(("email", "sms", "postal")),
            "is": answers,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("consent"),
            "consent_id": st.sampled_from(("terms", "news")),
            "is": answers,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("email_status"),
            "is": st.lists(st.sampled_from(("active", "bounced")), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("points"),
            "definition": st.sampled_from((1, 2)),
            "operator": st.sampled_from(("eq", "gt", "ge", "lt", "le")),
            "value": numbers,
        }
    ),
    activity_conditions(),
)


def _group_of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda rows, match: group(*rows, match=match),
        st.lists(items, min_size=1, max_size=3),
        st.sampled_from(("all", "any")),
    )


groups = _group_of(st.one_of(conditions, _group_of(st.one_of(conditions, _group_of(conditions)))))
rules = st.fixed_dictionaries({"include": groups, "exclude": st.one_of(st.none(), groups)})


def _stored(site: Site, person: Person) -> Contact:
    columns = dict(person.columns)
    pk = new_row_id()
    # By the key, as two people have no address in common.
    domain = f"{pk.hex}@example.com" if columns.pop("has_email") else None
    columns["email"] = domain and f"Malmö{domain}"
    columns["attributes"] = dict(columns["attributes"])
    person.columns = columns
    contact = Contact.objects.create(id=pk, site=site, **columns)
    Preference.objects.bulk_create(
        Preference(contact=contact, channel=channel, accepts=accepts, changed_at=NOW)
        for channel, accepts in person.preferences.items()
    )
    Consent.objects.bulk_create(
        Consent(contact=contact, consent_id=consent_id, value=value, changed_at=NOW)
        for consent_id, value in person.consents.items()
    )
    definitions = {each.number: each for each in PointDefinition.objects.filter(site=site)}
    PointAccount.objects.bulk_create(
        PointAccount(
            definition=definitions[number], contact=contact, balance=balance, updated_at=NOW
        )
        for number, balance in person.points.items()
    )
    Activity.objects.bulk_create(
        Activity(
            site=site, contact=contact, type=kind, occurred_at=at, recorded_at=at, properties=given
        )
        for kind, at, given in person.activities
    )
    return contact


@pytest.fixture
def furnished(site: Site) -> Site:
    """A site with everything that the rules name."""
    for field_id, kind in FIELDS.items():
        options = [{"id": each, "label": each} for each in OPTIONS]
        ContactField.objects.create(
            site=site,
            field_id=field_id,
            name=field_id,
            type=kind,
            options=options if kind in ("radio", "checkbox") else [],
        )
    for consent_id in ("terms", "news"):
        ConsentDefinition.objects.create(site=site, consent_id=consent_id, name=consent_id)
    for number in (1, 2):
        PointDefinition.objects.create(site=site, number=number, name=f"Points {number}")
    return site


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(
    crowd=st.lists(people, min_size=1, max_size=5),
    documents=st.lists(rules, min_size=1, max_size=6),
    zone=st.sampled_from(ZONES),
)
def test_the_database_finds_who_plain_python_finds(
    furnished: Site, crowd: list[Person], documents: list[dict[str, Any]], zone: str
) -> None:
    Contact.objects.filter(site=furnished).delete()
    furnished.time_zone = zone
    moment = Moment(NOW, ZoneInfo(zone))
    by_key = {_stored(furnished, person).pk: person for person in crowd}
    for document in documents:
        rule = read_rule(document, furnished)
        expected = {key for key, person in by_key.items() if matches(rule, person, moment)}
        found = list(contacts_matching(furnished, rule, now=NOW).values_list("pk", flat=True))
        assert len(found) == len(set(found))
        assert set(found) == expected, document
        assert matching_ids(furnished, rule, list(by_key), now=NOW) == expected
        assert read_rule(rule_json(rule), furnished) == rule
        assert rule_words(rule, furnished).endswith(".")
