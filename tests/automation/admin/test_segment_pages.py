"""The pages of segments: what an operator sees, types and presses, and who may do what."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automation.admin.segments.recent_moves import RecentMoves, moves_by_day, recent_moves
from automation.models import Segment, SegmentMove, Use, Workflow
from automation.segments.matching import TooSlow
from common.identifiers import row_id_floor
from contacts.models import Contact, ContactFile
from sites.models import AuditEntry, Job, Role, Site
from tests.admin.test_theme_of_pages import INLINE
from tests.automation.admin.segment_forms import form_buttons, form_values
from tests.automation.segments.made import (
    activity,
    computed,
    contact,
    did,
    document,
    field,
    group,
    segment,
)
from tests.conftest import MakeMember
from tests.factories import ContactFieldFactory, SiteFactory

pytestmark = pytest.mark.django_db

LIST = "admin:automation_segment_changelist"
ADD = "admin:automation_segment_add"
IN_MALMO = field("city", "eq", "Malmö")


def page_of(of: Segment, tab: str = "", page: str = "change") -> str:
    url = reverse(f"admin:automation_segment_{page}", args=[of.pk])
    return f"{url}?tab={tab}" if tab else url


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


class Editor:
    """The editor of a rule without scripts: types into what is shown, presses buttons."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self.html = text_of(client.get(url))
        self.values = form_values(self.html)

    def press(self, action: str, **typed: Any) -> str:
        """Press a button that is on the page, with other values; return the page that comes."""
        assert action in form_buttons(self.html), form_buttons(self.html)
        response = self._client.post(self._url, {**self.values, **typed, "action": action})
        if response.status_code == 302:
            return str(response["Location"])
        self.html = text_of(response)
        self.values = form_values(self.html)
        return self.html

    @property
    def newest(self) -> str:
        return max(self.numbers, key=int)

    @property
    def numbers(self) -> list[str]:
        return [number for number in self.values["node"] if number.isdecimal()]


# -- the editor ------------------------------------------------------------------------------------


def test_a_nested_rule_is_made_by_pressing_buttons(operator: Client, site: Site) -> None:
    ContactFieldFactory.create(
        site=site, field_id="tier", name="Tier", type="radio",
        options=[{"id": "gold", "label": "Gold member"}],
    )  # fmt: skip
    editor = Editor(operator, reverse(ADD))
    assert "Every contact." in editor.html
    editor.press("condition-include", name="Good ones", n1="ignored")
    first = editor.newest
    editor.press(f"change-{first}", **{f"n{first}-subject": "field:city"})
    editor.press("group-include", **{f"n{first}-value": "Malmö"})
    inner, nested = sorted(editor.numbers, key=int)[-2:][::-1]
    editor.press(f"change-{inner}", **{f"n{inner}-subject": "field:attribute:tier"})
    assert "Gold member" in editor.html
    editor.press(f"condition-{nested}", **{f"n{inner}-chosen": "gold"})
    order = editor.newest
    editor.press(f"change-{order}", **{f"n{order}-subject": "activity:orderPlaced"})
    editor.press(f"property-{order}", **{f"n{order}-count": "2", f"n{order}-days": "90"})
    html = editor.press(
        "exclude",
        **{f"n{order}-p0-path": "total", f"n{order}-p0-operator": "gt", f"n{order}-p0-value": "99"},
    )
    left_out = editor.newest
    words = ("City is “Malmö” and (Tier is one of “Gold member” or did “orderPlaced” at least 2 "
             "times in the last 90 days with total is more than 99).")  # fmt: skip
    assert words in html
    assert "1 condition is not complete yet" in html
    editor.press(f"change-{left_out}", **{f"n{left_out}-subject": "email_status"})
    assert not Segment.objects.exists()
    location = editor.press("save", **{f"n{left_out}-chosen": ["bounced", "banned"]})
    made = Segment.objects.get()
    assert location == page_of(made)
    assert (made.name, made.every_minutes) == ("Good ones", 180)
    assert made.rule == document(
        IN_MALMO,
        group(
            field("attribute:tier", "in", ["gold"]),
            did("orderPlaced", count=2, days=90,
                properties=[{"path": "total", "operator": "gt", "value": 99}]),
            match="any",
        ),
        exclude=group({"kind": "email_status", "is": ["bounced", "banned"]}, match="any"),
    )  # fmt: skip
    assert AuditEntry.objects.get(action="segment.created").site == site


def test_what_is_stored_comes_back_unchanged(operator: Client, site: Site) -> None:
    rule = (IN_MALMO, group(field("phone", "is_set"), did("x", "exactly", 0), match="any"))
    made = segment(site, *rule, exclude=group({"kind": "email_status", "is": ["bounced"]}))
    editor = Editor(operator, page_of(made, "rule"))
    assert editor.press("save") == page_of(made)
    before = made.rule, made.rule_changed_at
    made.refresh_from_db()
    assert (made.rule, made.rule_changed_at) == before
    assert not AuditEntry.objects.filter(action="segment.updated").exists()


def test_enter_saves(operator: Client, site: Site) -> None:
    """Browsers press the first button of a form."""
    made = segment(site, IN_MALMO)
    for url in (reverse(ADD), page_of(made, "rule")):
        assert form_buttons(text_of(operator.get(url)))[0] == "save"


def test_nothing_typed_is_lost_by_a_button(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO, field("birth_date", "before", "1990-01-01"), did("x"))
    editor = Editor(operator, page_of(made, "rule"))
    typed = {
        "name": " <b>Half", "description": "typed", "every_minutes": "asked",
        "n1-operator": "in", "n1-lines": "Lund\nYstad", "n1-value": 'a "quoted" & <value>',
        "n2-operator": "within_days", "n2-days": "soon", "n2-day": "2001-02-03",
        "n3-count": "often", "n3-days": "x",
    }  # fmt: skip
    editor.press("down-1", **typed)
    for action in ("up-1", "group-include", "property-3", "preview", "exclude", "remove-exclude"):
        editor.press(action)
        for name, value in typed.items():
            assert editor.values[name] == [value], (action, name)


def test_another_subject_is_not_saved_before_its_inputs_were_seen(
    operator: Client, site: Site
) -> None:
    made = segment(site, IN_MALMO)
    editor = Editor(operator, page_of(made, "rule"))
    html = editor.press("save", **{"n1-subject": "field:last_name"})
    assert "Not saved" in html
    assert "This is about something else now." in html
    assert editor.press("save") == page_of(made)
    made.refresh_from_db()
    assert made.rule["include"]["items"][0]["field"] == "last_name"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Taken"}, "Another segment of this site has this name."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"every_minutes": "1"}, "Select a valid choice"),
        ({"n1-value": ""}, "Give a text to compare with."),
        ({"n1-operator": "explodes"}, "Choose one of: eq, ne"),
        ({"n1-subject": "field:shoe_size", "n1-was": "field:shoe_size"}, "no such field"),
        ({"n1-subject": "magic", "n1-was": "magic"}, "Choose one of: field"),
        ({"n1-subject": ""}, "Choose what this condition is about."),
        ({"ninclude-match": "some"}, "Choose whether all or any"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    operator: Client, site: Site, typed: dict[str, str], sentence: str
) -> None:
    segment(site, name="Taken")
    made = segment(site, IN_MALMO)
    editor = Editor(operator, page_of(made, "rule"))
    before = made.rule
    html = editor.press("save", **typed)
    assert sentence in html
    assert "Not saved" in html
    made.refresh_from_db()
    assert (made.name, made.rule) == ("Chosen", before)


def test_new_conditions_are_not_scolded_before_anybody_saved(operator: Client, site: Site) -> None:
    editor = Editor(operator, reverse(ADD))
    html = editor.press("condition-include")
    assert "errorlist" not in html
    assert "errornote" not in html
    assert "Every contact." not in html
    assert "1 condition is not complete yet" in html


def test_the_preview_says_who_enters_and_who_leaves(operator: Client, site: Site) -> None:
    stays, leaves, enters = (
        contact(site, email=f"{city.lower()}{number}@example.com", city=city)
        for number, city in enumerate(("Malmö", "Malmö", "Lund"))
    )
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    Contact.objects.filter(pk=stays.pk).update(city="Lund")
    editor = Editor(operator, page_of(made, "rule"))
    html = editor.press("preview", **{"n1-value": "Lund"})
    assert re.search(r'<p class="number">2</p>', html)
    assert "1 would enter" in html
    assert "1 would leave" in html
    assert f'<a href="{reverse("admin:contacts_contact_change", args=[enters.pk])}">' in html
    assert f'<a href="{reverse("admin:contacts_contact_change", args=[leaves.pk])}">' in html
    made.refresh_from_db()
    assert made.rule == document(IN_MALMO)


def test_the_preview_of_a_new_segment_counts_without_a_name(operator: Client, site: Site) -> None:
    contact(site, email="a@example.com")
    html = Editor(operator, reverse(ADD)).press("preview")
    assert re.search(r'<p class="number">1</p>', html)
    assert "errornote" not in html
    assert not Segment.objects.exists()


def test_a_preview_of_what_is_not_complete_says_why_not(operator: Client, site: Site) -> None:
    editor = Editor(operator, reverse(ADD))
    editor.press("condition-include")
    html = editor.press("preview")
    assert "No preview: see what is marked above." in html
    assert "Choose what this condition is about." in html


def test_a_preview_that_takes_too_long_says_what_to_do(
    operator: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*given: Any) -> None:
        raise TooSlow(20)

    monkeypatch.setattr("automation.admin.segments.segments.segment_preview", slow)
    html = Editor(operator, reverse(ADD)).press("preview")
    assert "was stopped. Take a condition away" in html
    assert "No preview" in html


def test_samples_stand_beside_the_properties_of_an_activity(operator: Client, site: Site) -> None:
    activity(contact(site, email="a@example.com"), "orderPlaced", total=99.5, sku="A-1")
    made = segment(site, did("orderPlaced"))
    html = text_of(operator.get(page_of(made, "rule")))
    assert "<dt><code>sku</code></dt><dd>A-1</dd>" in html
    assert "<dt><code>total</code></dt><dd>99.5</dd>" in html


def test_an_activity_nobody_did_lately_stays_in_the_rule(operator: Client, site: Site) -> None:
    made = segment(site, did("forgotten"))
    editor = Editor(operator, page_of(made, "rule"))
    assert "No such activity was recorded lately" in editor.html
    assert editor.press("save") == page_of(made)


def test_the_script_gets_the_part_of_the_page_alone(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    values = form_values(text_of(operator.get(page_of(made, "rule"))))
    given = {**values, "n1-value": "Lund", "action": "summary", "fragment": "1"}
    response = operator.post(page_of(made, "rule"), given)
    html = text_of(response)
    assert "City is “Lund”." in html
    assert "<html" not in html
    assert "no-store" in response["Cache-Control"]


# -- hostile input ---------------------------------------------------------------------------------


def test_ten_thousand_nodes_are_answered_with_a_sentence(operator: Client, site: Site) -> None:
    nodes = {f"n{number}-parent": "include" for number in range(10_000)}
    sent = {"name": "x", "action": "save", "node": [*map(str, range(10_000))], **nodes}
    response = operator.post(reverse(ADD), sent)
    assert response.status_code == 400
    assert "The page sent more than is taken at once" in response.content.decode()
    few = {"name": "x", "every_minutes": "180", "action": "save", "node": [*map(str, range(1_000))],
           **{f"n{number}-parent": "include" for number in range(1_000)}}  # fmt: skip
    html = text_of(operator.post(reverse(ADD), few))
    assert "parts of what was sent are left out: a rule has at most 50 conditions" in html
    assert not Segment.objects.exists()


def test_deep_nesting_is_answered_with_a_sentence(operator: Client, site: Site) -> None:
    sent: dict[str, Any] = {"name": "x", "every_minutes": "180", "action": "save"}
    sent["node"] = [*map(str, range(1, 700))]
    for number in range(1, 700):
        sent[f"n{number}-parent"] = str(number - 1) if number > 1 else "include"
        sent[f"n{number}-subject"] = "group"
    html = text_of(operator.post(reverse(ADD), sent))
    assert "in groups at most 5 deep" in html
    assert not Segment.objects.exists()


NONSENSE = ("\0", "x\0y", "\ud7ff" * 9, "9" * 9_999, "'\"><script>", "%s{}")
COLUMNS = ("subject", "was", "value", "day", "days", "lines", "flag", "count", "chosen", "match")


@pytest.mark.parametrize(
    "subject",
    ["field:city", "field:_x", "field:attribute:_points", "field:birth_date", "points:1", "magic",
     "points:99999999999999999999", "consent:x", "preference:fax", "activity:order", "activity:",
     "group", "email_status", ":::"],
)  # fmt: skip
def test_nonsense_is_refused_and_shown_as_text(operator: Client, site: Site, subject: str) -> None:
    for value in NONSENSE:
        sent = {f"n1-{column}": value for column in COLUMNS}
        sent |= {"node": "1", "n1-parent": "include", "n1-subject": subject, "n1-was": subject}
        sent |= {"n1-property": "0", "n1-p0-path": value, "n1-p0-value": value}
        for key in ("gt", "is_set", value):
            sent |= {"n1-operator": key, "n1-p0-operator": key, "action": "preview"}
            html = text_of(operator.post(reverse(ADD), sent))
            assert "<script>" not in html.replace('<script src="', "")
            assert not INLINE.findall(html)


def test_a_rule_that_fits_no_more_opens_all_the_same(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    gone = document(field("attribute:gone", "eq", 7), {"kind": "points", "definition": 9,
                    "operator": "gt", "value": "1"})  # fmt: skip
    Segment.objects.filter(pk=made.pk).update(rule=gone)
    for url in (reverse(LIST), page_of(made)):
        assert "does not fit the site any more" in text_of(operator.get(url))
    editor = Editor(operator, page_of(made, "rule"))
    assert "gone (gone)" in editor.html
    assert "no such field" in editor.press("save")
    test = text_of(operator.post(page_of(made), {"who": "nobody@example.com"}))
    assert "No contact of" in test


# -- the page and the list -------------------------------------------------------------------------


def test_the_list_says_what_each_segment_is_and_how_current(operator: Client, site: Site) -> None:
    assert "Add one, say who belongs to it" in text_of(operator.get(reverse(LIST)))
    made = segment(site, IN_MALMO, name="Skåne")
    html = text_of(operator.get(reverse(LIST)))
    assert "City is “Malmö”." in html
    assert "Not computed yet" in html
    for number in range(3):
        contact(site, email=f"{number}@example.com", city="Malmö")
    computed(made)
    contact(site, email="new@example.com", city="Malmö")
    Contact.objects.filter(email="0@example.com").update(city="Lund")
    Contact.objects.filter(email="1@example.com").update(city="Lund")
    computed(made)
    html = text_of(operator.get(reverse(LIST)))
    assert "Up to date" in html
    assert "1 entered, 2 left" in html
    assert '<td class="field-members_column">2</td>' in html
    Segment.objects.update(trouble="It took too long.")
    html = text_of(operator.get(reverse(LIST)))
    assert 'title="It took too long."' in html


def test_the_page_shows_members_moves_and_a_chart(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    assert "Not computed yet" in text_of(operator.get(page_of(made, "members")))
    computed(made)
    assert "Nobody is in it" in text_of(operator.get(page_of(made, "members")))
    assert "No moves yet" in text_of(operator.get(page_of(made, "moves")))
    jane = contact(site, email="jane@example.com", city="Malmö", first_name="Jane")
    computed(made)
    link = f'<a href="{reverse("admin:contacts_contact_change", args=[jane.pk])}">jane@example.com'
    for tab in ("members", "moves"):
        assert link in text_of(operator.get(page_of(made, tab)))
    html = text_of(operator.get(page_of(made)))
    assert "1 entered</title>" in html
    assert "+1</span>" in html


def test_moves_are_counted_no_further_than_there_is_room_to_say(
    operator: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = segment(site, IN_MALMO)
    computed(made)
    people = [contact(site, email=f"p{number}@example.com") for number in range(4)]
    now = timezone.now()
    for person, days in zip(people, (9, 5, 5, 0), strict=True):
        at = now - timedelta(days=days)
        key = UUID(int=row_id_floor(at).int + people.index(person))
        SegmentMove.objects.create(
            pk=key, segment=made, contact=person, has_entered=days > 0, at=at, told_at=at
        )
    other = uuid4()
    assert recent_moves([made.pk, other]) == {
        made.pk: RecentMoves(entered=2, left=1),
        other: RecentMoves(),
    }
    by_day = [(entered, left) for _, entered, left in moves_by_day(made, days=10, now=now)]
    assert by_day == [(1, 0), *[(0, 0)] * 3, (2, 0), *[(0, 0)] * 4, (0, 1)]
    monkeypatch.setattr("automation.admin.segments.recent_moves.MOST_COUNTED", 2)
    assert recent_moves([made.pk])[made.pk].is_more
    # The day of the last one that was counted may not be whole.
    by_day = [(entered, left) for _, entered, left in moves_by_day(made, days=10, now=now)]
    assert by_day == [*[(0, 0)] * 4, (0, 1)]


def test_members_are_paged_by_key(operator: Client, site: Site) -> None:
    made = segment(site)
    people = [contact(site, email=f"p{number}@example.com") for number in range(120)]
    computed(made)
    seen: list[str] = []
    url = page_of(made, "members")
    for _ in range(3):
        html = text_of(operator.get(url))
        seen += re.findall(r">(p\d+@example\.com)</a></th>", html)
        older = re.search(r'href="(\?tab=members&amp;older_than=[^"]+)" rel="next"', html)
        url = page_of(made) + older[1].replace("&amp;", "&") if older else ""
    assert not url
    assert seen == [each.email for each in reversed(people)]
    assert text_of(operator.get(page_of(made, "members&older_than=nonsense")))


def test_one_contact_is_tested_with_what_decides(operator: Client, site: Site) -> None:
    jane = contact(site, email="jane@example.com", city="Malmö", first_name="Jane")
    made = segment(
        site, IN_MALMO,
        group(field("first_name", "eq", "Ann"), field("first_name", "eq", "Jane"), match="any"),
        exclude=group(did("returned")),
    )  # fmt: skip

    def tested(who: str = "jane@example.com") -> str:
        html = text_of(operator.post(page_of(made), {"who": who}))
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html.partition('id="test"')[2]))

    now_in = tested()
    assert "In jane@example.com is in it now. The members were not computed yet." in now_in
    assert "Holds City is “Malmö” decides" in now_in
    assert "Does not hold First name is “Ann” " in now_in
    assert "“Ann” decides" not in now_in
    assert "Holds First name is “Jane” decides" in now_in
    assert "Does not hold did “returned” " in now_in
    assert "“returned” decides" not in now_in
    computed(made)
    assert "The list of members says the same." in tested()
    activity(jane, "returned")
    excluded = tested(str(jane.pk))
    assert "Out jane@example.com is not in it now. The list of members still has them" in excluded
    assert "Holds did “returned” decides" in excluded
    assert "“Malmö” decides" not in excluded
    Contact.objects.filter(pk=jane.pk).update(city="Lund")
    out = tested()
    assert "Does not hold City is “Malmö” decides" in out
    assert "“returned” decides" not in out
    assert "No contact of" in tested("nobody@example.com")
    assert "No contact of" in tested("\0")
    contact(site, email="janet@example.com")
    assert "2 contacts begin like that" in tested("jan")


def test_it_is_computed_and_exported_on_demand(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    nobody = operator.post(page_of(made, page="export"), follow=True)
    assert "There is nobody to export" in text_of(nobody)
    contact(site, email="jane@example.com", city="Malmö")
    computed(made)
    response = operator.post(page_of(made, page="recompute"))
    job = Job.objects.get(kind="segment_compute")
    assert response["Location"] == reverse("admin:sites_job_change", args=[job.pk])
    exported = operator.post(page_of(made, page="export"), follow=True)
    assert "The file is being written." in text_of(exported)
    assert ContactFile.objects.get().name in text_of(exported)
    for page in ("recompute", "export"):
        assert operator.get(page_of(made, page=page)).status_code == 405


def test_what_uses_a_segment_is_named_and_keeps_it(admin: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    workflow = Workflow.objects.create(site=site, name="Welcome")
    use = Use.objects.create(workflow=workflow, used_segment=made)
    for url in (page_of(made), page_of(made, page="delete")):
        assert "Welcome" in text_of(admin.get(url))
    assert "Delete the segment</button>" not in text_of(admin.get(page_of(made, page="delete")))
    refused = text_of(admin.post(page_of(made, page="delete")))
    assert "is in use and cannot be deleted" in refused
    use.delete()
    computed(made)
    assert "Delete the segment</button>" in text_of(admin.get(page_of(made, page="delete")))
    response = admin.post(page_of(made, page="delete"), follow=True)
    assert "The segment “Chosen” was deleted." in text_of(response)
    assert not Segment.objects.exists()


def test_the_page_of_a_contact_says_in_which_segments(operator: Client, site: Site) -> None:
    jane = contact(site, email="jane@example.com", city="Malmö")
    url = reverse("admin:contacts_contact_change", args=[jane.pk])
    assert 'id="section-segments"' not in text_of(operator.get(url))
    made = segment(site, IN_MALMO, name="Skåne <b>")
    html = text_of(operator.get(url))
    assert "In none, as of when each was computed last." in html
    computed(made)
    html = text_of(operator.get(url))
    assert f'<a href="{page_of(made)}">Skåne &lt;b&gt;</a>' in html
    assert not INLINE.findall(html)
    Contact.objects.update(city="Lund")
    computed(made)
    assert "Left <a" in text_of(operator.get(url))
    assert SegmentMove.objects.count() == 1


# -- who may do what -------------------------------------------------------------------------------


def test_a_viewer_looks_and_tests_and_changes_nothing(viewer: Client, site: Site) -> None:
    jane = contact(site, email="jane@example.com", city="Malmö")
    made = segment(site, IN_MALMO)
    computed(made)
    for tab in ("", "members", "moves"):
        html = text_of(viewer.get(page_of(made, tab)))
        assert "Recompute now" not in html
        assert "tab=rule" not in html
    assert "segment-form" not in text_of(viewer.get(page_of(made, "rule")))
    assert "is in it now" in text_of(viewer.post(page_of(made), {"who": jane.email or ""}))
    refused = [
        viewer.get(reverse(ADD)),
        viewer.post(reverse(ADD), {"name": "x", "action": "save"}),
        viewer.post(page_of(made, page="recompute")),
        viewer.post(page_of(made, page="export")),
        viewer.get(page_of(made, page="delete")),
        viewer.post(page_of(made, page="delete")),
    ]
    assert [response.status_code for response in refused] == [403] * 6
    assert viewer.post(page_of(made, "rule"), {"name": "x", "action": "save"}).status_code == 405
    made.refresh_from_db()
    assert made.name == "Chosen"
    assert not Job.objects.exists()


def test_an_operator_deletes_nothing(operator: Client, site: Site) -> None:
    made = segment(site, IN_MALMO)
    assert operator.post(page_of(made, page="delete")).status_code == 403
    assert "Delete…" not in text_of(operator.get(page_of(made)))


def test_nobody_reaches_a_segment_of_another_site(admin: Client, site: Site) -> None:
    other = SiteFactory.create()
    theirs = contact(other, email="theirs@example.com", city="Malmö")
    foreign = segment(other, IN_MALMO, name="Foreign")
    computed(foreign)
    mine = segment(site, IN_MALMO)
    for page in ("change", "delete", "recompute", "export"):
        assert admin.post(page_of(foreign, page=page), {"who": "x"}).status_code in (302, 404)
    assert "Foreign" not in text_of(admin.get(reverse(LIST)))
    for who in ("theirs@example.com", str(theirs.pk)):
        assert "No contact of" in text_of(admin.post(page_of(mine), {"who": who}))
    assert admin.get(f"{reverse(ADD)}?site={other.pk}").status_code == 404
    preview = Editor(admin, reverse(ADD)).press("preview")
    assert re.search(r'<p class="number">0</p>', preview)
    assert not Job.objects.exists()
    assert Segment.objects.filter(pk=foreign.pk).exists()


def test_whoever_has_many_sites_chooses_one(
    operator: Client, site: Site, member: MakeMember
) -> None:
    other = SiteFactory.create(name="Second")
    user = member(Role.OPERATOR)
    other.memberships.create(user=user, role=Role.OPERATOR)
    operator.force_login(user)
    assert "The contacts of which site?" in text_of(operator.get(reverse(ADD)))
    editor = Editor(operator, f"{reverse(ADD)}?site={other.pk}")
    editor.press("save", name="Everybody")
    assert Segment.objects.get().site == other


def test_pages_have_no_inline_script_or_style(admin: Client, site: Site) -> None:
    contact(site, email="jane@example.com", city="Malmö")
    made = segment(site, IN_MALMO, group(did("order"), match="any"))
    computed(made)
    urls = [reverse(LIST), reverse(ADD), page_of(made, page="delete")]
    urls += [page_of(made, tab) for tab in ("", "members", "moves", "rule")]
    for url in urls:
        assert not INLINE.findall(text_of(admin.get(url))), url


def test_an_id_that_is_none_is_not_found(operator: Client, site: Site) -> None:
    for page in ("change", "recompute", "export"):
        url = reverse(f"admin:automation_segment_{page}", args=[uuid4()])
        assert operator.post(url).status_code == 404
