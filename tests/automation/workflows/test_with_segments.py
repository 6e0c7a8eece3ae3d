"""Segments as they are computed set workflows off, and a move is told once."""

from __future__ import annotations

import time

import pytest

from automation.models import Segment
from automation.segments.computing import segment_compute
from automation.segments.telling import moves_tell
from contacts.models import Contact
from sites.models import Site
from tests.automation.segments.made import field, segment
from tests.automation.workflows.making import changed, runs, set_field, workflow

pytestmark = pytest.mark.django_db


def compute(of: Segment) -> None:
    assert segment_compute(of) is not None
    moves_tell(of, time.monotonic() + 60)


def test_who_enters_and_who_leaves(site: Site) -> None:
    gold = segment(site, field("city", "eq", "Malmö"))
    changed(site, "a@example.com", city="Malmö")
    entry = {"type": "segment_entry", "segment": str(gold.pk)}
    enters = workflow(site, set_field("care_of", "came"), name="In", trigger=entry)
    leaves = workflow(
        site, set_field("care_of", "went"), name="Out", trigger={**entry, "type": "segment_exit"}
    )
    compute(gold)
    assert runs(enters) == []  # it was like that already
    changed(site, "a@example.com", city="Lund")
    changed(site, "b@example.com", city="Malmö")
    for _ in range(2):
        compute(gold)
    said = dict(Contact.objects.values_list("email", "care_of"))
    assert said == {"a@example.com": "went", "b@example.com": "came"}
    assert (len(runs(enters)), len(runs(leaves))) == (1, 1)
