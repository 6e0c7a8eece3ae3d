from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from contacts.loyalty.assigning import promotions_assign
from contacts.models import (
    Contact,
    PointAccount,
    PointDefinition,
    PointTransaction,
    Promotion,
    RewardVoucher,
)
from integrations.loyalty_facts import PointsFact
from sites.models import Site
from tests.contacts.changes import apply
from tests.contacts.loyalty.giving import (
    assert_adds_up,
    award,
    by,
    contact_of,
    definition_of,
    nobody,
    promotion_of,
)
from tests.factories import API_KEY_SECRET, ApiKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db


class Caller:
    """A client with a key of one site."""

    def __init__(self, site: Site, **values: Any) -> None:
        self.key = ApiKeyFactory.create(site=site, **values)
        self._client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        given: Mapping[str, Any] = {} if body is None else {"content_type": "application/json"}
        data = body if body is not None else query or None
        response = getattr(self._client, method)(
            f"/api/v1/{path}",
            data,
            headers={"Authorization": f"ApiKey {self.key.key_id}:{API_KEY_SECRET}"},
            **given,
        )
        return response.status_code, response.json() if response.content else None

    def get(self, path: str, **query: str) -> Any:
        status, body = self.call("get", path, **query)
        assert status == 200, body
        return body

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self.call("post", path, {} if body is None else body)


@pytest.fixture
def caller(site: Site) -> Caller:
    return Caller(site)


@pytest.fixture
def jane(site: Site) -> Contact:
    return contact_of(site)


@pytest.fixture
def points(site: Site) -> PointDefinition:
    return definition_of(site, 7, name="Bonus")


def test_an_award_and_a_redemption(caller: Caller, jane: Contact, points: PointDefinition) -> None:
    address = f"contacts/{jane.pk}/points"
    asked = {"definitionId": 7, "amount": 100.1234, "sourceId": "o-1", "source": "Till 4"}
    status, first = caller.post(f"{address}/award", asked)
    assert (status, first["balance"]) == (201, 100.1234)
    told = first["transaction"]
    assert (told["kind"], told["amount"], told["source"]) == ("award", 100.1234, "Till 4")
    assert PointTransaction.objects.get().amount == Decimal("100.1234")
    assert caller.post(f"{address}/award", asked) == (200, first)
    status, spent = caller.post(f"{address}/redeem", {"definitionId": 7, "amount": 0.1234})
    assert (status, spent["balance"], spent["transaction"]["amount"]) == (201, 100.0, -0.1234)
    (account,) = caller.get(address)["results"]
    assert (account["definitionId"], account["balance"]) == (7, 100.0)
    assert_adds_up(PointAccount.objects.get())


def test_what_cannot_be_is_a_conflict(
    caller: Caller, site: Site, jane: Contact, points: PointDefinition
) -> None:
    address = f"contacts/{jane.pk}/points"
    asked = {"definitionId": 7, "amount": 5, "sourceId": "o-1"}
    status, body = caller.post(f"{address}/redeem", asked)
    assert (status, body["code"]) == (409, "NOT_ENOUGH_POINTS")
    assert caller.post(f"{address}/award", asked)[0] == 201
    for path, other in (("award", {**asked, "amount": 6}), ("redeem", asked)):
        status, body = caller.post(f"{address}/{path}", other)
        assert (status, body["code"]) == (409, "SOURCE_ID_USED")
    points.is_active = False
    points.save()
    status, body = caller.post(f"{address}/award", {"definitionId": 7, "amount": 5})
    assert (status, body["code"]) == (409, "REFUSED")
    assert "switched off" in body["detail"]
    apply(site, {"email": jane.email}, loyalty=(PointsFact(definition=9, amount=Decimal(1)),))
    status, body = caller.post(f"{address}/award", {"definitionId": 9, "amount": 5})
    assert (status, body["code"]) == (409, "REFUSED")
    kept = caller.get(address)["results"][1]
    assert (kept["balance"], kept["isToldBySource"]) == (None, True)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1.00001}, "amount"),
        ({"amount": "5"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 100000000000}, "amount"),
        ({"definitionId": 8}, "definitionId"),
        ({"definitionId": 2**70}, "definitionId"),
        ({"definitionId": "7"}, "definitionId"),
        ({"sourceId": "x" * 201}, "sourceId"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_every_fault_is_told_by_its_path(
    caller: Caller, jane: Contact, points: PointDefinition, change: Any, path: str
) -> None:
    asked = {"definitionId": 7, "amount": 5} | change
    status, body = caller.post(f"contacts/{jane.pk}/points/award", asked)
    assert (status, [each["path"] for each in body["validationErrors"]]) == (422, [path])
    assert not PointTransaction.objects.exists()


def test_transactions_come_in_pages(
    caller: Caller, site: Site, jane: Contact, points: PointDefinition
) -> None:
    other = definition_of(site, 8)
    for number in range(5):
        award(jane, points, "1", source_id=f"o-{number}")
    award(jane, other, "1", source_id="other")
    award(contact_of(site, "joe@example.com"), points, "1", source_id="joe")
    address = f"contacts/{jane.pk}/points/transactions"
    page = caller.get(address, limit="4")
    ids = [row["sourceId"] for row in page["results"]]
    rest = caller.get(page["links"]["next"].removeprefix("/api/v1/"))
    ids += [row["sourceId"] for row in rest["results"]]
    assert ids == ["other", "o-4", "o-3", "o-2", "o-1", "o-0"]
    (only,) = caller.get(address, definitionId="8")["results"]
    assert (only["sourceId"], only["definitionId"]) == ("other", 8)


def test_vouchers(caller: Caller, jane: Contact) -> None:
    asked = {"contactId": str(jane.pk), "amount": 50, "currency": "SEK", "sourceId": "v-1"}
    status, made = caller.post("vouchers", asked)
    assert (status, made["amount"], made["contactId"]) == (201, 50.0, str(jane.pk))
    assert caller.post("vouchers", asked) == (200, made)
    status, body = caller.post("vouchers", {**asked, "amount": 51})
    assert (status, body["code"]) == (409, "SOURCE_ID_USED")
    again = {**asked, "sourceId": "", "uniqueCode": made["uniqueCode"]}
    assert caller.post("vouchers", again)[1]["code"] == "REFUSED"
    assert caller.get("vouchers", uniqueCode=made["uniqueCode"])["results"] == [made]
    assert caller.get("vouchers", contactId=str(nobody()))["results"] == []
    assert caller.get(f"vouchers/{made['id']}") == made
    status, used = caller.post(f"vouchers/{made['id']}/redeem")
    assert (status, used["redeemedBy"]) == (200, f"API: {caller.key.name}")
    status, body = caller.post(f"vouchers/{made['id']}/redeem")
    assert (status, body["code"]) == (409, "NOT_REDEEMABLE")
    unknown = {**asked, "contactId": str(nobody()), "sourceId": ""}
    assert caller.post("vouchers", unknown)[0] == 422
    assert RewardVoucher.objects.count() == 1


def test_promotions(caller: Caller, site: Site, jane: Contact) -> None:
    channel = {"type": "POS", "valueType": "PERCENT", "value": "20"}
    asked = {"name": "Spring", "isDraft": False, "redemptionChannels": [channel]}
    status, made = caller.post("promotions", asked)
    assert (status, made["status"]) == (201, "Active")
    address = f"promotions/{made['id']}"
    wrong = {"assignedUnit": "Days", "redemptionChannels": [{}], "endsAt": "soon"}
    status, body = caller.call("patch", address, wrong)
    assert (status, body["validationErrors"][0]["path"]) == (422, "endsAt")
    status, body = caller.call("patch", address, {"assignedUnit": "Days"})
    assert (status, body["validationErrors"][0]["path"]) == (422, "assignedAmount")
    status, changed = caller.call("patch", address, {"heading": "20 percent off"})
    assert (status, changed["heading"], changed["name"]) == (200, "20 percent off", "Spring")
    stranger = str(nobody())
    status, body = caller.post(f"{address}/assign", {"contactIds": [str(jane.pk), stranger]})
    assert status == 200
    given, refused = body["results"]
    assert (given["isRepeat"], refused["assignment"]) == (False, None)
    assert "no such contact" in refused["refusal"]
    assert caller.call("delete", address)[1]["code"] == "IN_USE"
    assert caller.get(f"contacts/{jane.pk}/promotions")["results"] == [given["assignment"]]
    redeem = f"promotion-assignments/{given['assignment']['id']}/redeem"
    assert caller.post(redeem, {"channel": "ECOM"})[1]["code"] == "NOT_REDEEMABLE"
    status, used = caller.post(redeem, {"channel": "POS"})
    assert (status, used["redeemedChannel"]) == (200, "POS")
    assert caller.post(redeem, {"channel": "POS"})[0] == 409
    unused = promotion_of(site)
    assert caller.call("delete", f"promotions/{unused.pk}") == (204, None)
    assert [row["name"] for row in caller.get("promotions")["results"]] == ["Spring"]


@pytest.mark.parametrize("contact_ids", [[], "x", ["x"], [1], ["1"] * 501])
def test_ids_to_assign_to_are_checked(caller: Caller, site: Site, contact_ids: Any) -> None:
    address = f"promotions/{promotion_of(site).pk}/assign"
    assert caller.post(address, {"contactIds": contact_ids})[0] == 422


def test_another_sites_things_are_not_there(caller: Caller, jane: Contact) -> None:
    other = Caller(SiteFactory.create())
    definition_of(other.key.site)
    asked = {"contactId": str(jane.pk), "amount": 50, "currency": "SEK"}
    _, voucher = caller.post("vouchers", asked)
    promotion = promotion_of(jane.site)
    promotions_assign(promotion=promotion, contact_ids=[jane.pk], source=by())
    assignment = jane.promotions.get()
    for path in (
        f"contacts/{jane.pk}/points",
        f"contacts/{jane.pk}/points/transactions",
        f"contacts/{jane.pk}/promotions",
        f"vouchers/{voucher['id']}",
        f"promotions/{promotion.pk}",
    ):
        assert other.call("get", path)[0] == 404
    points = {"definitionId": 1, "amount": 1}
    for path, body in (
        (f"contacts/{jane.pk}/points/award", points),
        (f"contacts/{jane.pk}/points/redeem", points),
        (f"vouchers/{voucher['id']}/redeem", {}),
        (f"promotions/{promotion.pk}/assign", {"contactIds": [str(jane.pk)]}),
        (f"promotion-assignments/{assignment.pk}/redeem", {"channel": "POS"}),
    ):
        assert other.post(path, body)[0] == 404
    assert other.post("vouchers", asked)[0] == 422
    assert other.call("delete", f"promotions/{promotion.pk}")[0] == 404
    assert other.get("vouchers")["results"] == other.get("promotions")["results"] == []
    assert Promotion.objects.filter(site=other.key.site).count() == 0


def test_who_may_read_may_not_write(site: Site, jane: Contact, points: PointDefinition) -> None:
    reader = Caller(site, scopes=["loyalty:read"])
    assert reader.get("point-definitions")["results"][0]["name"] == "Bonus"
    asked = {"definitionId": 7, "amount": 1}
    assert reader.post(f"contacts/{jane.pk}/points/award", asked)[0] == 403
    writer = Caller(site, scopes=["loyalty:write"])
    assert writer.post(f"contacts/{jane.pk}/points/award", asked)[0] == 201
    assert writer.call("get", f"contacts/{jane.pk}/points")[0] == 403
    assert Caller(site, scopes=["contacts:read"]).call("get", "vouchers")[0] == 403
