"""Consents as columns of files."""

from __future__ import annotations

import pytest

from contacts.models import Consent, ConsentChange
from integrations.contact_change import ConsentFact
from sites.models import Site
from tests.contacts.changes import apply, at
from tests.contacts.transfers import checked, exported, imported, preview, rows_of
from tests.factories import ConsentDefinitionFactory

pytestmark = pytest.mark.django_db

JANE = {"email": "jane@example.com"}


@pytest.fixture(autouse=True)
def terms(site: Site) -> None:
    ConsentDefinitionFactory.create(site=site, consent_id="terms", name="Member terms")


def standing() -> list[tuple[str | None, bool]]:
    return list(Consent.objects.order_by("contact__email").values_list("contact__email", "value"))


@pytest.mark.parametrize("header", ["consent:terms", "Consent Member terms"])
def test_an_import_sets_answers_and_empty_cells_say_nothing(site: Site, header: str) -> None:
    apply(site, JANE, 1, consents=(ConsentFact(consent_id="terms", value=True, at=at(1)),))
    text = f"email,{header}\njane@example.com,no\nnew@example.com,yes\nnone@example.com,\n"
    imported(site, text, clears_empty=True)
    assert standing() == [("jane@example.com", False), ("new@example.com", True)]
    newest = ConsentChange.objects.latest("recorded_at")
    assert (newest.source_key, newest.text_version) == ("import", 1)


def test_a_cell_that_is_no_answer_is_told(site: Site) -> None:
    (row,) = preview(site, "email,consent:terms\njane@example.com,perhaps\n")
    assert row.became == "failed"
    assert "Write yes or no." in row.problems[0]


def test_an_id_that_nobody_defined_is_left_out(site: Site) -> None:
    order = checked(site, "email,consent:other\njane@example.com,yes\n")
    assert order.columns == ["email", ""]


def test_what_is_exported_comes_back_without_a_new_answer(site: Site) -> None:
    apply(site, JANE, 1, consents=(ConsentFact(consent_id="terms", value=True, at=at(1)),))
    apply(site, {"email": "other@example.com"}, 1)
    text = exported(site)
    cells = {row["email"]: row["consent:terms"] for row in rows_of(text)}
    assert cells == {"jane@example.com": "yes", "other@example.com": ""}
    assert imported(site, text).counts == {"unchanged": 2}
    assert ConsentChange.objects.count() == 1
