"""Every preset with every one of its samples keeps the contract of `integrations.preset`."""

from __future__ import annotations

import dataclasses
import json
from urllib.parse import urlencode, urlsplit

import pytest

from integrations.inbound_event import Disposition
from integrations.preset import Preset, Sample
from integrations.registry import offered_presets
from integrations.request import InboundRequest, PresetConfig
from integrations.verification import VerificationFailed
from tests.integrations.arrivals import NOW, built_sample, cleaned_config, make_request, received
from tests.integrations.recorded_events import FOLDER, golden_path, sample_events

PRESETS = [pytest.param(preset, id=preset.key) for preset in offered_presets()]
SAMPLES = [
    pytest.param(preset, sample, id=f"{preset.key}/{sample.name}")
    for preset in offered_presets()
    for sample in preset.samples()
]


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_sample_gives_the_recorded_events(preset: Preset, sample: Sample) -> None:
    recorded = json.loads(golden_path(preset, sample).read_text(encoding="utf-8"))
    assert sample_events(preset, sample) == recorded


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_built_sample_verifies_and_can_be_stored(preset: Preset, sample: Sample) -> None:
    config = cleaned_config(preset)
    request = received(built_sample(preset, sample, config))
    preset.verifier(config).verify(request, NOW)
    identity = preset.identify(request, config)
    assert 0 < len(identity.dedupe_key) <= 200
    assert identity.event_type
    assert identity == preset.identify(request, config)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_each_credential_is_needed(preset: Preset, sample: Sample) -> None:
    config = cleaned_config(preset)
    verifier = preset.verifier(config)
    request = received(built_sample(preset, sample, config))
    credentials = verifier.credentials(request.body, NOW)
    assert credentials.headers or credentials.query
    for name in (*credentials.headers, *credentials.query):
        poorer = make_request(
            request.body,
            headers={key: value for key, value in request.headers.items() if key != name},
            query={key: value for key, value in request.query.items() if key != name},
        )
        with pytest.raises(VerificationFailed):
            verifier.verify(poorer, NOW)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_unconfigured_source_refuses_the_sample(preset: Preset, sample: Sample) -> None:
    request = received(built_sample(preset, sample, cleaned_config(preset)))
    with pytest.raises(VerificationFailed):
        preset.verifier(PresetConfig()).verify(request, NOW)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_parse_is_pure_and_needs_no_secret_of_the_request(preset: Preset, sample: Sample) -> None:
    """The worker sees the stored request, whose secrets are masked."""
    config = cleaned_config(preset)
    verifier = preset.verifier(config)
    request = received(built_sample(preset, sample, config))
    masked = dataclasses.replace(
        request,
        headers={
            name: "masked" if name in verifier.secret_header_names else value
            for name, value in request.headers.items()
        },
        query={
            name: "masked" if name in verifier.secret_query_names else value
            for name, value in request.query.items()
        },
    )
    assert preset.parse(request, config) == preset.parse(masked, config)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_event_set_aside_says_why(preset: Preset, sample: Sample) -> None:
    config = cleaned_config(preset)
    for event in preset.parse(received(built_sample(preset, sample, config)), config):
        if event.disposition is Disposition.ACCEPTED:
            assert not event.cause
            assert not event.reason
        else:
            assert event.change is None
            assert event.cause.isupper()
            assert event.reason.endswith(".")


@pytest.mark.parametrize("preset", PRESETS)
def test_list_of_addresses_is_a_second_check(preset: Preset) -> None:
    settings = {**cleaned_config(preset).settings, "allowed_networks": ["198.51.100.0/24"]}
    config = dataclasses.replace(cleaned_config(preset), settings=settings)
    request = received(built_sample(preset, preset.samples()[0], config))
    inside = dataclasses.replace(request, remote_address="198.51.100.7")
    preset.verifier(config).verify(inside, NOW)
    with pytest.raises(VerificationFailed):
        preset.verifier(config).verify(request, NOW)
    unsigned = dataclasses.replace(inside, headers={}, query={})
    with pytest.raises(VerificationFailed):
        preset.verifier(config).verify(unsigned, NOW)


@pytest.mark.parametrize("preset", PRESETS)
def test_golden_files_and_samples_are_the_same_set(preset: Preset) -> None:
    recorded = {path.name for path in (FOLDER / preset.key).iterdir()}
    assert recorded == {f"{sample.name}.json" for sample in preset.samples()}


@pytest.mark.parametrize("preset", PRESETS)
def test_declaration_is_complete(preset: Preset) -> None:
    assert preset.label
    assert preset.summary.endswith(".")
    assert "{url}" in preset.setup_markdown()
    assert preset.samples()
    assert 200 <= preset.success_status < 300
    ids = [event_type.id for event_type in preset.event_types]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_fields_refer_to_fields_above_them(preset: Preset) -> None:
    seen: dict[str, set[str]] = {}
    for field in preset.settings_fields:
        assert field.key not in seen
        assert field.label
        if field.shown_when is not None:
            other, values = field.shown_when
            # A method that the preset does not offer may be named, but one of them must be.
            assert values & seen[other]
        seen[field.key] = set(field.choices)
        if field.choices:
            assert field.default in field.choices


@pytest.mark.parametrize("preset", PRESETS)
def test_cleaning_a_clean_config_changes_nothing(preset: Preset) -> None:
    config = cleaned_config(preset)
    assert preset.clean(config) == (config, {})
    json.dumps([config.settings, config.secrets])


@pytest.mark.parametrize("preset", PRESETS)
def test_empty_config_cannot_be_saved(preset: Preset) -> None:
    _, errors = preset.clean(PresetConfig())
    assert errors
    assert all(sentence.endswith(".") for sentence in errors.values())


@pytest.mark.parametrize("preset", PRESETS)
def test_no_secret_is_in_the_text_of_a_config_or_a_request(preset: Preset) -> None:
    config = cleaned_config(preset)
    request = received(built_sample(preset, preset.samples()[0], config))
    request = InboundRequest(
        body=urlencode(dict(config.secrets)).encode(),
        headers=request.headers,
        query=request.query,
        path=urlsplit("/in/1").path,
        received_at=NOW,
    )
    shown = repr(config) + repr(request) + repr(preset.verifier(config))
    for secret in config.secrets.values():
        for value in secret if isinstance(secret, list) else [secret]:
            assert value not in shown
