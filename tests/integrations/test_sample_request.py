"""The ready curl line, executed as an operator would: pasted into a shell."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from integrations.preset import Preset, Sample
from integrations.registry import offered_presets, preset_for
from integrations.request import InboundRequest, PresetConfig
from integrations.sample_request import PLACEHOLDER, BuiltRequest, build_sample_request, curl_line
from integrations.verification import VerificationFailed
from tests.integrations.arrivals import NOW, SOURCE_URL, TOKEN, cleaned_config, make_request

# One of each kind of body: a shell must take all of them.
SAMPLES = [
    pytest.param(preset, sample, id=f"{preset.key}/{sample.name}")
    for preset in offered_presets()
    for sample in (preset.samples()[0], preset.samples()[-1])
]


class Recorder:
    """A loopback server that keeps the last request."""

    def __init__(self) -> None:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                recorder.last = make_request(
                    self.rfile.read(length),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    query=dict(parse_qsl(urlsplit(self.path).query)),
                )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Keep the test's output quiet."""

        self.last: InboundRequest | None = None
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in/5c7e1f0a"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    thread = threading.Thread(target=recorder.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield recorder
    recorder.server.shutdown()
    thread.join()
    recorder.server.server_close()


def run(line: str) -> None:
    assert shutil.which("curl"), "curl is needed to prove the line that operators paste"
    subprocess.run(["sh", "-c", line], check=True, capture_output=True, timeout=120)


def built(preset: Preset, sample: Sample, url: str = SOURCE_URL) -> BuiltRequest:
    config = cleaned_config(preset)
    return build_sample_request(preset=preset, config=config, sample=sample, url=url, now=NOW)


@pytest.mark.network
@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_pasted_line_arrives_byte_for_byte_and_verifies(
    preset: Preset, sample: Sample, recorder: Recorder
) -> None:
    request = built(preset, sample, recorder.url)
    run(curl_line(request, mask_secrets=False))
    assert recorder.last is not None
    assert recorder.last.body == request.body
    assert recorder.last.headers["content-type"] == sample.content_type
    preset.verifier(cleaned_config(preset)).verify(recorder.last, NOW)


@pytest.mark.network
def test_awkward_bodies_and_passwords_survive_the_shell(recorder: Recorder) -> None:
    preset = preset_for("ongage")
    config = PresetConfig(
        settings={"verification": "basic", "basic_username": "o'ngage"},
        secrets={"basic_password": "p$a`s\\s\"w'ö!rd*"},
    )
    request = build_sample_request(
        preset=preset, config=config, sample=preset.samples()[0], url=recorder.url, now=NOW
    )
    body = "@/etc/passwd 'quoted' \"twice\" $HOME `id` \\ ! \r\n\t%s é \u2028 end\n".encode()
    run(curl_line(dataclasses.replace(request, body=body), mask_secrets=False))
    assert recorder.last is not None
    assert recorder.last.body == body
    preset.verifier(config).verify(recorder.last, NOW)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES)
def test_masked_line_holds_no_secret(preset: Preset, sample: Sample) -> None:
    request = built(preset, sample)
    masked = curl_line(request, mask_secrets=True)
    values = [request.headers[name] for name in request.secret_headers]
    values += [dict(parse_qsl(urlsplit(request.url).query))[name] for name in request.secret_query]
    assert (PLACEHOLDER in masked) == request.reveals_secret == bool(values)
    assert not any(value in masked for value in values)


def test_signature_is_no_secret_and_stays_in_the_masked_line() -> None:
    preset = preset_for("voyado_engage")
    request = built(preset, preset.samples()[0])
    assert not request.reveals_secret
    assert curl_line(request, mask_secrets=True) == curl_line(request, mask_secrets=False)


def test_masked_basic_leaves_room_for_the_password() -> None:
    preset = preset_for("ongage")
    config = PresetConfig(
        settings={"verification": "basic", "basic_username": "ongage"},
        secrets={"basic_password": "hunter2hunter2"},
    )
    request = build_sample_request(
        preset=preset, config=config, sample=preset.samples()[0], url=SOURCE_URL, now=NOW
    )
    line = curl_line(request, mask_secrets=True)
    assert f"--user ongage:{PLACEHOLDER}" in line
    assert "hunter2" not in line
    assert "hunter2" not in repr(request)


def test_query_is_added_to_the_one_that_is_there() -> None:
    preset = preset_for("webengage")
    sample = next(sample for sample in preset.samples() if sample.name == "feedback_submit.xml")
    query = parse_qsl(urlsplit(built(preset, sample, f"{SOURCE_URL}?a=b").url).query)
    assert [name for name, _ in query] == ["a", "eventType", "licenseCode", "secret"]


def test_token_is_escaped_in_the_address() -> None:
    preset = preset_for("ongage")
    token = f"{TOKEN}&x=1 #+"
    request = build_sample_request(
        preset=preset,
        config=PresetConfig(settings={"verification": "token_query"}, secrets={"tokens": [token]}),
        sample=preset.samples()[0],
        url=SOURCE_URL,
        now=NOW,
    )
    assert dict(parse_qsl(urlsplit(request.url).query)) == {"token": token}


def test_source_without_a_secret_says_so() -> None:
    preset = preset_for("voyado_engage")
    with pytest.raises(VerificationFailed):
        build_sample_request(
            preset=preset,
            config=PresetConfig(),
            sample=preset.samples()[0],
            url=SOURCE_URL,
            now=NOW,
        )
