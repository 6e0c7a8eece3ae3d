from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from config.configuration.applying import Applied, configuration_apply
from config.configuration.document import MAX_BYTES
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import AuditEntry, Membership, Role, Site, User
from sites.services import member_add
from tests.factories import ReceptionEventFactory, SiteFactory, SourceFactory, UserFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import Source, Status
from webhooks.inbound.sources.services import source_create

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
FIRST = "whsec_" + "A" * 43 + "="
SECOND = "whsec_" + "B" * 43 + "="
ENVIRONMENT = {
    "PATCHBAY_BRAND_ENGAGE_SIGNING_SECRETS_1": FIRST,
    "PATCHBAY_BRAND_ENGAGE_SIGNING_SECRETS_2": SECOND,
    "PATCHBAY_BRAND_ENGAGE_DECRYPTION_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "PATCHBAY_BRAND_MINE_HMAC_SECRETS_1": "a secret of my own, long enough",
}


@pytest.fixture
def brand() -> Site:
    site = SiteFactory.create(
        name="Bränd: “one”", slug="brand", default_country="NO", language="no", tenant_name="1.10"
    )
    member_add(site=site, role=Role.ADMIN, actor=SYSTEM, username="zoe", email="zoe@example.com")
    member_add(site=site, role=Role.VIEWER, actor=SYSTEM, username="adam@example.com")
    engage = Source(
        site=site, preset_key="voyado_engage", name="Engage", settings={"tenant": "yes"}
    )
    key = ENVIRONMENT["PATCHBAY_BRAND_ENGAGE_DECRYPTION_KEY"]
    source_create(
        source=engage,
        actor=SYSTEM,
        secrets={"signing_secrets": [FIRST, SECOND], "decryption_key": key},
    )
    mine = Source(
        site=site,
        preset_key="generic_json",
        name="Mine",
        is_active=False,
        throttle_per_second=0,
        settings={"verification": "hmac", "email_pointer": "/e", "allowed_networks": ["::1"]},
    )
    source_create(
        source=mine,
        actor=SYSTEM,
        secrets={"hmac_secrets": ENVIRONMENT["PATCHBAY_BRAND_MINE_HMAC_SECRETS_1"]},
    )
    return site


def apply(*files: str, environment: Mapping[str, str] = ENVIRONMENT, **options: bool) -> Applied:
    return configuration_apply(
        files=[file.encode() for file in files], environment=environment, actor=SYSTEM, **options
    )


def problems_of(file: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        apply(file, environment=environment)
    return caught.value.problems


def document(**sections: Any) -> str:
    return yaml.safe_dump({"version": 1, "site": {"slug": "brand", "name": "Brand"}} | sections)


def empty() -> None:
    Site.objects.all().delete()
    User.objects.all().delete()


def test_export_applied_to_an_empty_database_gives_the_same_export(brand: Site) -> None:
    exported = configuration_export(site=brand)
    public_ids = set(Source.objects.values_list("public_id", flat=True))
    empty()

    applied = apply(exported)

    assert configuration_export(site=Site.objects.get()) == exported
    assert set(Source.objects.values_list("public_id", flat=True)) == public_ids
    assert Source.objects.get(name="Engage").secrets["signing_secrets"] == [FIRST, SECOND]
    assert set(applied.first_passwords) == {"zoe", "adam@example.com"}


def test_second_apply_changes_nothing(brand: Site) -> None:
    before = AuditEntry.objects.count()
    assert apply(configuration_export(site=brand)).changes == ()
    assert AuditEntry.objects.count() == before


def test_export_holds_no_secret_and_names_every_variable(brand: Site) -> None:
    exported = configuration_export(site=brand)
    for name, secret in ENVIRONMENT.items():
        assert secret not in exported
        assert f"$env: {name}" in exported
        assert f"#   {name}" in exported


def test_names_of_variables_do_not_collide(brand: Site) -> None:
    for name in ("Shop-1", "Shop 1"):
        source = Source(site=brand, preset_key="ongage", name=name)
        source_create(source=source, actor=SYSTEM)
    exported = configuration_export(site=brand)
    assert "$env: PATCHBAY_BRAND_SHOP_1_TOKENS_1\n" in exported
    assert "$env: PATCHBAY_BRAND_SHOP_1_TOKENS_1__2\n" in exported


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_missing_variable_is_named_and_nothing_is_saved(brand: Site, name: str) -> None:
    exported = configuration_export(site=brand)
    empty()
    without = {key: value for key, value in ENVIRONMENT.items() if key != name}
    (problem,) = problems_of(exported, without)
    assert problem.startswith("sources[")
    assert f"The environment variable {name} is not set." in problem
    assert not Site.objects.exists()
    assert not User.objects.exists()


def test_dry_run_shows_the_diff_and_saves_nothing(brand: Site, tmp_path: Path) -> None:
    file = tmp_path / "brand.yaml"
    exported = configuration_export(site=brand)
    file.write_text(
        exported.replace("tenant: 'yes'", "tenant: 'no'").replace("role: viewer", "role: admin"),
        encoding="utf-8",
    )
    file.write_text(
        file.read_text(encoding="utf-8").replace("name: 'Bränd", "name: 'Brönd"), encoding="utf-8"
    )
    environment = ENVIRONMENT | {
        "PATCHBAY_BRAND_MINE_HMAC_SECRETS_1": "another secret, long enough"
    }
    out = _run_apply(environment, str(file), "--dry-run")
    assert out.splitlines() == [
        "~ site Brönd: “one”",
        '    name: "Bränd: “one”" → "Brönd: “one”"',
        "~ member adam@example.com on Brönd: “one” (viewer)",
        '    role: "viewer" → "admin"',
        "~ source Engage",
        '    settings.tenant: "yes" → "no"',
        "~ source Mine",
        "    secrets.hmac_secrets: changed",
        "4 changes. Nothing was saved: dry run.",
    ]
    assert configuration_export(site=Site.objects.get()) == exported

    assert _run_apply(environment, str(file)).endswith("4 changes. Saved.\n")
    assert _run_apply(environment, str(file)) == "No changes.\n"


def _run_apply(environment: Mapping[str, str], *arguments: str) -> str:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        call_command("apply", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_not_listed_is_removed_only_when_pruning(brand: Site) -> None:
    kept = document(members=[{"username": "zoe", "role": "admin"}], sources=[])
    assert apply(kept).unlisted == ("member adam@example.com", "source Engage", "source Mine")
    assert Source.objects.count() == 2

    apply(kept, prune=True)

    assert not Source.objects.exists()
    assert Membership.objects.get().user.username == "zoe"
    assert User.objects.filter(username="adam@example.com").exists()
    assert Site.objects.get().default_country == "NO"


def test_absent_section_is_left_alone_by_pruning(brand: Site) -> None:
    apply(document(), prune=True)
    assert (Source.objects.count(), Membership.objects.count()) == (2, 2)


def test_source_that_is_switched_off_may_wait_for_its_secret() -> None:
    source = {"name": "Engage", "preset": "voyado_engage", "active": False}
    apply(document(sources=[source]))
    exported = configuration_export(site=Site.objects.get())
    assert Source.objects.get().secrets == {}
    assert apply(exported).changes == ()
    (problem,) = problems_of(document(sources=[source | {"active": True}]))
    assert problem.startswith("sources[0].secrets.signing_secrets: ")


def test_pruned_source_takes_its_received_events_along(brand: Site) -> None:
    received_event(Source.objects.get(name="Engage"), Status.PROCESSED)
    apply(document(sources=[]), prune=True)
    assert not Source.objects.exists()


def test_one_bad_file_of_two_saves_neither(brand: Site) -> None:
    other = yaml.safe_dump({"version": 1, "site": {"slug": "other", "name": "Other"}})
    bad = document(sources=[{"name": "x", "preset": "none"}])
    with pytest.raises(ConfigurationInvalid):
        apply(other, bad)
    assert Site.objects.get() == brand


def test_problems_name_the_place_and_come_together(brand: Site) -> None:
    foreign = SourceFactory.create()
    UserFactory.create(username="eva", email="eva@example.com")
    engage = Source.objects.get(name="Engage")
    file = document(
        site={"slug": "brand", "time_zone": "Mars", "active": "yes", "language": False, "x": 1},
        members=[
            {"username": "zoe", "role": "king"},
            {"username": "new", "role": "viewer", "email": "eva@example.com"},
            {"username": "zoe", "role": "admin"},
            {"role": "admin"},
            "adam",
        ],
        sources=[
            {"name": "Engage", "preset": "ongage", "public_id": "src_" + "x" * 22},
            {"name": "A", "preset": "voyado_engage", "settings": {"colour": "x"}},
            {"name": "B", "preset": "generic_json", "throttle_per_second": "many"},
            {"name": "C", "preset": "nonsense", "public_id": foreign.public_id},
            {"name": "D", "preset": "ongage", "secrets": {"tokens": "written out"}},
            {"name": "E", "preset": "ongage", "public_id": "src_guess"},
            {"name": "F", "preset": "ongage", "throttle_per_second": -1},
        ],
        nonsense=[],
    )
    presets = "generic_json, ongage, voyado_engage, webengage"
    lines = problems_of(file)
    assert [line.split(": ")[0] for line in lines] == [
        "nonsense",
        "site.x",
        "site.language",
        "site.active",
        "site.time_zone",
    ]
    # The other sections need a site; with a good one, theirs come.
    good = file.replace("time_zone: Mars", "time_zone: UTC")
    found = dict(line.split(": ", 1) for line in problems_of(good))
    expected = {
        "members[0].role": "Choose one of: viewer, support, operator, admin.",
        "members[1].email": "This address belongs to the account “eva”.",
        "members[2].username": "“zoe” is listed twice.",
        "members[3].username": "This is needed.",
        "members[4]": "This must be a mapping of keys to values.",
        "sources[0].preset": "The preset of a source stays: voyado_engage.",
        "sources[1].settings.colour": "There is no such setting. Remove it.",
        "sources[1].secrets.signing_secrets": "Signing secrets must not be empty. Fill this in. If "
        "the sender shows it only once it has an address, save the source switched off: the "
        "address comes next, and the secret after it.",
        "sources[2].throttle_per_second": "This must be a whole number.",
        "sources[3].preset": f"Choose one of: {presets}.",
        "sources[3].public_id": "Another source has this id already.",
        "sources[4].secrets.tokens": 'Secrets are not written into files. Write {"$env": "NAME"}.',
    }
    assert {key: found.get(key) for key in expected} == expected
    assert engage.public_id in found["sources[0].public_id"]
    assert found["sources[5].public_id"].startswith("This must be an id")
    assert "sources[6].throttle_per_second" in found
    assert not AuditEntry.objects.filter(action="site.updated").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("", "must begin with `version: 1`"),
        ("- 1", "must begin with `version: 1`"),
        ("version: 2", "reads version 1"),
        ("version: true", "reads version 1"),
        ("version: 1\nsite: {slug: a\n", "Not valid YAML, line"),
        ("version: 1\nsite: {slug: a, slug: b}", "the key “slug” appears twice"),
        ("version: 1\nsite: !!python/object/apply:os.system [ls]", "Not valid YAML, line 2"),
        ("a: &a [x]\nb: [*a, *a]", "line 2: aliases (*a) are not read"),
        ("version: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("version: 2026-02-31", "cannot be"),
        ("version: 1\nsite: '\x01'", "Not valid YAML"),
        ("version: 1\nmembers: []", "Every file says which site"),
    ],
)
def test_file_that_is_no_configuration_is_refused(file: str, message: str) -> None:
    assert message in "\n".join(problems_of(file))


def test_huge_file_and_other_encodings_are_refused() -> None:
    assert "larger than" in problems_of("#" * (MAX_BYTES + 1))[0]
    with pytest.raises(ConfigurationInvalid, match="not UTF-8"):
        configuration_apply(files=[b"\xff\xfe"], environment={}, actor=SYSTEM)


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\nb"])
def test_text_that_no_database_holds_is_refused(text: str) -> None:
    file = (
        f'{{version: 1, site: {{slug: brand, name: "{text.encode("unicode_escape").decode()}"}}}}'
    )
    assert problems_of(file)[0].startswith("site.name: ")


def test_commands_say_what_is_wrong(brand: Site, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There are: brand"):
        call_command("export", "nothing")
    with pytest.raises(CommandError, match="No such file"):
        call_command("apply", str(tmp_path / "none.yaml"))
    file = tmp_path / "bad.yaml"
    file.write_text("version: 1\nsite: {slug: brand, name: 5}", encoding="utf-8")
    with pytest.raises(CommandError, match=r"Nothing was changed.\nsite.name: This must be text"):
        call_command("apply", str(file))


def test_export_command_prints_what_apply_reads(brand: Site) -> None:
    out = io.StringIO()
    call_command("export", "brand", stdout=out)
    assert out.getvalue() == configuration_export(site=brand)


printable = st.text(st.characters(exclude_categories=("C", "Z"), codec="utf-8"), min_size=1)


@settings(max_examples=40, deadline=None)
@given(
    name=printable.filter(lambda text: len(text) <= 120),
    tenant=printable.filter(lambda text: len(text) <= 120),
    language=st.from_regex(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", fullmatch=True),
    active=st.booleans(),
)
def test_any_site_survives_the_round_trip(
    name: str, tenant: str, language: str, active: bool
) -> None:
    empty()
    site = SiteFactory.create(
        slug="brand", name=name, tenant_name=tenant, language=language, is_active=active
    )
    exported = configuration_export(site=site)
    empty()
    apply(exported)
    assert configuration_export(site=Site.objects.get()) == exported


def test_sources_of_reception_events_are_neither_exported_nor_pruned(brand: Site) -> None:
    event = ReceptionEventFactory.create(site=brand, name="ERP saved")
    exported = configuration_export(site=brand)
    assert "reception_event" not in exported
    assert apply(exported, prune=True).changes == ()
    assert Source.objects.filter(pk=event.source_id).exists()
    problems = problems_of(document(sources=[{"name": "Mine too", "preset": "reception_event"}]))
    assert any("Choose one of: generic_json, ongage" in problem for problem in problems)
