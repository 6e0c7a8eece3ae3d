from __future__ import annotations

from pathlib import Path

import pytest

from integrations import presets
from integrations.causes import FIXES, RejectionCause
from integrations.inbound_event import UnreadablePayload
from integrations.registry import all_presets, offered_presets, preset_choices, preset_for
from integrations.request import PresetConfig, RefusedBody
from integrations.verification import VerificationFailed
from tests.integrations.arrivals import NOW, SIGNING_SECRET, make_request


def test_these_presets_are_installed() -> None:
    keys = {preset.key for preset in all_presets()}
    assert keys == {"generic_json", "ongage", "reception_event", "voyado_engage", "webengage"}


def test_presets_that_something_else_makes_sources_of_are_not_offered() -> None:
    left_out = {preset.key for preset in all_presets()} - {each.key for each in offered_presets()}
    assert left_out == {"reception_event"}


def test_every_folder_is_found() -> None:
    folders = {path.parent.name for path in Path(presets.__path__[0]).glob("*/preset.py")}
    assert folders == {preset.key for preset in all_presets()}


def test_choices_are_key_and_label_in_order_of_label() -> None:
    assert preset_choices() == [
        ("generic_json", "Generic JSON"),
        ("ongage", "Ongage"),
        ("reception_event", "Reception event"),
        ("voyado_engage", "Voyado Engage"),
        ("webengage", "WebEngage"),
    ]


def test_known_key_gives_the_same_preset_each_time() -> None:
    assert preset_for("ongage") is preset_for("ongage")
    assert preset_for("ongage").is_installed


def test_unknown_key_gives_a_stand_in_that_opens_and_refuses() -> None:
    stand_in = preset_for("gone")
    config = PresetConfig(settings={"a": 1}, secrets={"signing_secrets": [SIGNING_SECRET]})
    assert (stand_in.key, stand_in.is_installed) == ("gone", False)
    assert stand_in.samples() == ()
    assert "gone" in stand_in.setup_markdown()
    assert stand_in.clean(config) == (config, {})
    with pytest.raises(VerificationFailed) as refusal:
        stand_in.verifier(config).verify(make_request(), NOW)
    assert refusal.value.cause is RejectionCause.SOURCE_DISABLED
    with pytest.raises(RefusedBody):
        stand_in.identify(make_request(), config)
    with pytest.raises(UnreadablePayload):
        stand_in.parse(make_request(), config)


def test_every_cause_of_a_refusal_has_a_fix() -> None:
    assert set(FIXES) == set(RejectionCause)
