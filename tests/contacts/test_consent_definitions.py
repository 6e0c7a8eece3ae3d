"""What a site asks for: definitions, versions of their texts, and what may not be in them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from common.uses import InUse
from contacts.consents.answers import consent_set, preference_set
from contacts.consents.counting import answer_counts, undefined_ids
from contacts.consents.definitions import (
    consent_definition_delete,
    consent_definition_save,
    newest_text,
)
from contacts.consents.standing import State, consents_of, history_of, preference_history
from contacts.consents.texts import checked_texts, markup_fault, plain_words
from contacts.models import ConsentDefinition, ConsentText, Contact
from integrations.contact_change import Channel, ConsentFact
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.contacts.changes import apply, at, source
from tests.factories import SiteFactory

ACTOR = Actor.system("tests")


def texts(display: str = "I agree", **parts: str) -> dict[str, dict[str, str]]:
    return {"en-GB": {"condition": "", "link": "", "display": display} | parts}


def save(site: Site, consent_id: str = "terms", **values: Any) -> ConsentDefinition:
    given = values.pop("texts", None)
    definition = ConsentDefinition(site=site, consent_id=consent_id, **{"name": "Terms"} | values)
    return consent_definition_save(definition=definition, texts=given, actor=ACTOR)


def faults(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(error.value.message_dict)


def test_texts_that_differ_become_the_next_version(site: Site) -> None:
    definition = save(site, texts=texts("I agree"))
    consent_definition_save(definition=definition, texts=texts("I agree"), actor=ACTOR)
    consent_definition_save(definition=definition, texts=texts("I agree fully"), actor=ACTOR)
    definition.name = "New name"
    consent_definition_save(definition=definition, texts=None, actor=ACTOR)
    versions = list(definition.versions.order_by("version").values_list("version", "texts"))
    assert versions == [(1, texts("I agree")), (2, texts("I agree fully"))]
    text = newest_text(definition)
    assert text is not None
    assert (text.version, text.author_label) == (2, "tests")
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["consent_definition.created"] + ["consent_definition.updated"] * 2


def test_taking_all_texts_away_is_a_version_too(site: Site) -> None:
    definition = save(site, texts=texts())
    consent_definition_save(definition=definition, texts={}, actor=ACTOR)
    assert list(ConsentText.objects.values_list("version", "texts")) == [(2, {}), (1, texts())]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"consent_id": ""}, "consent_id"),
        ({"consent_id": " terms"}, "consent_id"),
        ({"consent_id": "x" * 121}, "consent_id"),
        ({"name": "  "}, "name"),
        ({"texts": {"sv": {"display": "Ja"}}}, "texts"),
        ({"texts": {"sv-SE": {"condition": "Villkor"}}}, "texts"),
        ({"texts": {"sv-SE": {"display": "Ja"}, "SV-se": {"display": "Ja"}}}, "texts"),
        ({"texts": {"sv-SE": {"display": "Ja", "more": "x"}}}, "texts"),
        ({"texts": {"sv-SE": {"display": "x" * 1001}}}, "texts"),
        ({"texts": texts(condition="<script>alert(1)</script>")}, "texts"),
        ({"texts": []}, "texts"),
    ],
)
def test_what_cannot_be_kept_is_refused_as_a_whole(
    site: Site, values: dict[str, Any], where: str
) -> None:
    with pytest.raises(ValidationError) as error:
        save(site, **values)
    assert faults(error) == {where}
    assert not ConsentDefinition.objects.exists()


def test_an_id_is_once_per_site_and_stays(site: Site) -> None:
    definition = save(site)
    save(SiteFactory.create())
    with pytest.raises(ValidationError) as error:
        save(site)
    assert faults(error) == {"consent_id"}
    definition.consent_id = "other"
    with pytest.raises(ValidationError) as error:
        consent_definition_save(definition=definition, actor=ACTOR)
    assert faults(error) == {"consent_id"}


def test_cultures_are_written_as_usual_and_terms_as_they_came() -> None:
    condition = '<p class="x">'
    assert markup_fault(condition)
    given = {
        "sv_se": {"display": " Ja\n", "condition": "<p>Rad 1</p>\r\n<p>Rad  2</p>"},
        "en-gb": {},
    }
    assert checked_texts(given) == {
        "sv-SE": {"condition": "<p>Rad 1</p>\n<p>Rad  2</p>", "display": "Ja", "link": ""}
    }


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java&#115;cript:alert(1)">x</a>',
        '<a href="//evil.example">x</a>',
        '<a href="/\\evil.example">x</a>',
        "<scr<b>ipt>alert(1)</scr</b>ipt>",
        "<!-- x -->",
        "<svg/onload=alert(1)>",
        "<a href='https://x.example'>x</a>",
        "<style>p{}</style>",
        "<iframe></iframe>",
        "<p",
    ],
)
def test_markup_that_could_do_anything_is_refused(markup: str) -> None:
    assert markup_fault(markup)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ('Read <a href="https://x.example/a?b=1&amp;c" target="_blank">this</a>.', "Read this."),
        ("a < b, 3 <5 &amp; <b>so</b> on<br/>next", "a < b, 3 <5 & so on\nnext"),
        ("&lt;script&gt;", "<script>"),
    ],
)
def test_markup_that_is_taken_is_shown_as_its_words(markup: str, words: str) -> None:
    assert markup_fault(markup) == ""
    assert plain_words(markup) == words


def test_many_blanks_are_read_like_any_other_text() -> None:
    words = f"a{' ' * 500_000}b"
    assert plain_words(words) == words


def test_one_that_was_answered_cannot_be_deleted(site: Site) -> None:
    definition = save(site, texts=texts())
    # Another site's contacts have nothing to do with it.
    answered = (ConsentFact(consent_id="terms", value=True),)
    apply(SiteFactory.create(), {"email": "a@example.com"}, consents=answered)
    consent_definition_delete(definition=definition, actor=ACTOR)
    definition = save(site, texts=texts())
    apply(site, {"email": "a@example.com"}, consents=answered)
    with pytest.raises(InUse, match="proof of what they agreed to"):
        consent_definition_delete(definition=definition, actor=ACTOR)
    assert ConsentDefinition.objects.get() == definition


def test_answers_are_counted_and_ids_without_definition_found(site: Site) -> None:
    definition = save(site)
    for number, value in enumerate((True, True, False)):
        facts = (
            ConsentFact(consent_id="terms", value=value),
            ConsentFact(consent_id=f"other{number % 2}", value=value),
        )
        apply(site, {"email": f"p{number}@example.com"}, consents=facts)
    elsewhere = (ConsentFact(consent_id="theirs", value=True),)
    apply(SiteFactory.create(), {"email": "a@example.com"}, consents=elsewhere)
    counts = answer_counts(definition)
    assert (counts.yes.count, counts.no.count) == (2, 1)
    assert undefined_ids(sites=[site]) == [(site, "other0"), (site, "other1")]


def test_a_contact_has_what_is_asked_and_what_was_answered(site: Site) -> None:
    save(site, "asked", name="Asked")
    save(site, "answered", name="Was asked", is_active=False)
    save(site, "never", name="Never answered", is_active=False)
    told = [ConsentFact(consent_id=name, value=True) for name in ("answered", "undefined")]
    apply(site, {"email": "a@example.com"}, consents=tuple(told))
    states = consents_of(Contact.objects.get())
    assert [(each.consent_id, each.state, bool(each.definition)) for each in states] == [
        ("asked", State.NOT_SET, True),
        ("undefined", State.YES, False),
        ("answered", State.YES, True),
    ]


def test_an_answer_set_here_has_its_reason_and_may_be_said_again(site: Site) -> None:
    save(site, texts=texts())
    apply(site, {"email": "a@example.com"}, 1)
    contact = Contact.objects.get()
    clerk = source("console", actor_label="Clerk", received_event_id=None)
    for _ in range(2):
        consent_set(
            contact=contact, consent_id="terms", value=False, comment="By phone", source=clerk
        )
    (change,) = history_of(contact)
    assert (change.value, change.comment, change.actor_label) == (False, "By phone", "Clerk")
    with pytest.raises(ValidationError) as error:
        consent_set(contact=contact, consent_id="other", value=True, source=clerk)
    assert faults(error) == {"consent_id"}
    with pytest.raises(ValidationError) as error:
        consent_set(contact=contact, consent_id="terms", value=True, text_version=2, source=clerk)
    assert faults(error) == {"text_version"}
    with pytest.raises(ValidationError) as error:
        consent_set(contact=contact, consent_id="terms", value=True, at=at(10**6), source=clerk)
    assert faults(error) == {"at"}


def test_who_has_no_address_can_be_answered_for(site: Site) -> None:
    save(site)
    apply(site, {"anonymous": "device-1"}, 1)
    contact = Contact.objects.get()
    consent_set(contact=contact, consent_id="terms", value=True, source=source("console"))
    preference_set(
        contact=contact, channel=Channel.SMS, accepts=False, reason="By phone",
        source=source("console"),
    )  # fmt: skip
    assert contact.consents.get().value is True
    assert contact.preferences.get().cause == "By phone"
    (told,) = preference_history(contact)
    assert (told.channel, told.before, told.after) == (Channel.SMS, None, False)
